// What an operator does to a station. Each asks first.

import { ask } from "./api.js";
import { confirm, tell } from "./ask.js";
import { field, h, select } from "./dom.js";
import { fleet } from "./fleet-store.js";

const path = (identity, rest) => `/stations/${encodeURIComponent(identity)}${rest}`;

export async function disconnect(identity) {
  const done = await confirm({
    title: `Disconnect ${identity}?`,
    text: "Its connection is closed with 1012. It comes back by itself, as after a restart of the gateway.",
    verb: "Disconnect", danger: true,
    work: () => ask("POST", path(identity, "/disconnect")),
  });
  if (done) tell(`${identity} was disconnected.`);
}

export async function route(identity, now) {
  const others = Object.keys(fleet.backends).filter((name) => name !== now);
  const backend = select(others, others[0], { name: "backend", required: true });
  const when = select([["idle", "when it is idle"], ["now", "now, with its transactions"]], "idle", { name: "when" });
  const done = await confirm({
    title: `Move ${identity} to another backend?`,
    text: `It is on ${now ?? "none"} now. Its connection is not touched; the new backend is dialled and told of it first.`,
    fields: [field("Backend", backend), field("When", when)],
    verb: "Move",
    work: () => ask("PUT", path(identity, "/route"), { backend: backend.value, when: when.value }),
  });
  if (done) tell(`${identity} is on ${done.backend}${done.connected ? "" : " from its next connection on"}.`);
  return done;
}

export async function unroute(identity) {
  const done = await confirm({
    title: `Give ${identity} back to the rules?`,
    text: "The backend that the configuration's routes name for it takes it over.",
    verb: "Give back",
    work: () => ask("DELETE", path(identity, "/route")),
  });
  if (done) tell(`${identity} follows the rules again.`);
  return done;
}

// In either version, the payload of the first that fits.
const CALLS = {
  "ocpp1.6": { TriggerMessage: { requestedMessage: "Heartbeat" }, GetConfiguration: {}, Reset: { type: "Soft" },
    ChangeAvailability: { connectorId: 0, type: "Operative" }, UnlockConnector: { connectorId: 1 }, ClearCache: {} },
  "ocpp2": { TriggerMessage: { requestedMessage: "Heartbeat" }, GetBaseReport: { requestId: 1, reportBase: "FullInventory" },
    Reset: { type: "OnIdle" }, ChangeAvailability: { operationalStatus: "Operative" },
    UnlockConnector: { evseId: 1, connectorId: 1 }, ClearCache: {} },
};

export async function call(identity, subprotocol) {
  const calls = CALLS[subprotocol === "ocpp1.6" ? "ocpp1.6" : "ocpp2"];
  const action = h("input", { name: "action", required: true, value: "TriggerMessage", list: "actions", autocomplete: "off", spellcheck: "false" });
  const payload = h("textarea", { name: "payload", rows: "6", spellcheck: "false" }, JSON.stringify(calls.TriggerMessage, null, 2));
  action.addEventListener("change", () => {
    if (action.value in calls) payload.value = JSON.stringify(calls[action.value], null, 2);
  });
  const answered = await confirm({
    title: `Call ${identity}`,
    text: "The station gets this call in its own version. Its answer comes here and not to its CSMS.",
    fields: [field("Action", action), h("datalist", { id: "actions" }, Object.keys(calls).map((name) => h("option", { value: name }))),
      field("Payload (JSON)", payload)],
    verb: "Send the call",
    work: () => {
      let given;
      try {
        given = JSON.parse(payload.value || "{}");
      } catch (error) {
        throw new Error(`The payload is not JSON: ${error.message}`);
      }
      return ask("POST", path(identity, "/call"), { action: action.value, payload: given });
    },
  });
  if (answered) {
    const shown = answered.error ?? answered.payload;
    await confirm({
      title: answered.error ? `${action.value}: the station refused` : `${action.value}: the station's answer`,
      fields: [h("pre", { class: "json", tabindex: "0" }, JSON.stringify(shown, null, 2))],
      verb: "Done", work: () => true,
    });
  }
}
