// A payload in a line: what it says, the most telling first.

const FIRST = ["errorCode", "errorDescription", "status", "eventType", "triggerReason", "connectorStatus", "chargingState", "requestedMessage", "energy", "power",
  "type", "key", "value", "connectorId", "transactionId", "meterStart", "meterStop", "reason", "stoppedReason"];
// The names of these say nothing that their values do not.
const BARE = FIRST.indexOf("type");
const MOST = 6;

/** A line of text, empty for a payload that says nothing. */
export function gist(payload) {
  if (payload === null || typeof payload !== "object") return "";
  const found = [];
  collect(payload, found, 0);
  found.sort((one, other) => place(one[0]) - place(other[0]));
  return found.slice(0, MOST).map(([name, value]) => (FIRST.indexOf(name) >= 0 && FIRST.indexOf(name) < BARE ? value : `${name} ${value}`)).join(" · ");
}

function place(name) {
  const at = FIRST.indexOf(name);
  return at === -1 ? FIRST.length : at;
}

function collect(value, found, depth) {
  if (found.length > 40 || depth > 4) return;
  for (const [name, one] of Object.entries(value)) {
    if (Array.isArray(one)) {
      if (one.length && name === "sampledValue") samples(one, found);
      else if (one.length && typeof one[0] === "object" && one[0] !== null) collect(one[0], found, depth + 1);
      else if (one.length) found.push([name, one.join(", ")]);
    } else if (one !== null && typeof one === "object") collect(one, found, depth + 1);
    else if (name !== "timestamp" && one !== "" && one !== null && one !== "NoError") found.push([name, short(one)]);
  }
}

/** Of what a meter says: the energy register, and the power. */
function samples(list, found) {
  for (const [measurand, name] of [["Energy.Active.Import.Register", "energy"], ["Power.Active.Import", "power"]]) {
    const one = list.find((each) => each !== null && typeof each === "object" && (each.measurand ?? "Energy.Active.Import.Register") === measurand);
    if (one) found.push([name, `${short(one.value)} ${one.unit ?? one.unitOfMeasure?.unit ?? "Wh"}`]);
  }
}

function short(value) {
  const text = String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
