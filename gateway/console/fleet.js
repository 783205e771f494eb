// All stations: counted, searched, filtered; live.

import { get } from "./api.js";
import { empty, failure, field, fill, h, mark, select, setOptions } from "./dom.js";
import { MOST, fleet, row } from "./fleet-store.js";
import { rows } from "./rows.js";
import { count, kind, number, time, version, versions } from "./words.js";

const OFFLINE_MS = 10000;

const has = (status) => (one) => (one.statuses ?? []).includes(status);
const STATES = {
  connected: ["connected", () => true],
  busy: ["in use", (one) => has("Charging")(one) || has("Occupied")(one) || one.transactions_open > 0],
  faulted: ["faulted", has("Faulted")],
  away: ["without its backend", (one) => one.backend_away],
  offline: ["not connected", () => true],
};

const COLUMNS = [
  { name: "Station", class: "name", cell: (one) => [mark(one.connected ? (one.backend_away ? "wait" : "ok") : "off"), one.identity],
    title: (one) => (one.backend_away ? `${one.identity}: its backend is lost, and it is kept meanwhile` : one.identity) },
  { name: "Maker and model", class: "maker faint", cell: (one) => [one.vendor, one.model].filter(Boolean).join(" ") || "–",
    title: (one) => [one.vendor, one.model].filter(Boolean).join(" ") },
  { name: "OCPP", class: "versions", cell: (one) => (one.connected ? versions(one.subprotocol, one.upstream_subprotocol) : "–") },
  { name: "Backend", class: "backend", cell: (one) => one.backend ?? "–" },
  { name: "Connectors", class: "connectors", cell: connectors },
  { name: "Tags", class: "tags faint", cell: (one) => (one.tags ?? []).join(", ") },
  { name: "Connected", class: "since faint", cell: (one) => (one.connected ? time(one.connected_since, true) : "no") },
];

/** A shape for each connector, and in words what most people want to know. */
function connectors(one) {
  const statuses = one.statuses ?? [];
  if (!statuses.length) return h("span", { class: "faint" }, "–");
  const words = [...new Set(statuses)].map((name) => {
    const times = statuses.filter((other) => other === name).length;
    return times > 1 ? `${times} ${name}` : name;
  });
  return [h("span", { class: "marks" }, statuses.slice(0, 8).map((name) => mark(kind(name)))), words.join(", ")];
}

export function fleetPage(main, signal) {
  const given = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const search = h("input", { type: "search", placeholder: "Identity, maker, tag, address", value: given.get("q") ?? "",
    autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/" });
  const chosen = {
    backend: select([["", "any"]], ""), subprotocol: select([["", "any"]], ""), tag: select([["", "any"]], ""),
  };
  const wanted = Object.fromEntries(Object.keys(chosen).map((name) => [name, given.get(name) ?? ""]));
  let state = given.get("state") in STATES ? given.get("state") : "connected";
  let offline = [];
  let asking = false;
  const facets = h("div", { class: "facets", role: "group", "aria-label": "Stations by state" });
  const buttons = Object.fromEntries(Object.entries(STATES).map(([name, [text]]) => {
    const value = h("strong", null, "–");
    const element = h("button", { type: "button", class: `facet ${name}`, on: { click: () => choose(name) } }, value, h("span", null, text));
    facets.append(element);
    return [name, { element, value }];
  }));
  const found = h("p", { class: "found", role: "status" });
  const wrong = h("div", { hidden: true });
  const table = rows({ columns: COLUMNS, key: (one) => one.key, label: "Stations", layout: "fleet",
    href: (one) => `#/stations/${encodeURIComponent(one.identity)}` });
  fill(main, h("div", { class: "page full" },
    h("h1", { class: "unseen" }, "Fleet"), facets,
    h("form", { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
      field("Search", search), field("Backend", chosen.backend), field("Station speaks", chosen.subprotocol), field("Tag", chosen.tag),
      found),
    wrong, table.element));

  function choose(name) {
    state = state === name ? "connected" : name;
    changed();
    if (state === "offline") missing();
  }

  /** Those of the stations file that are not there. */
  async function missing() {
    if (asking) return;
    asking = true;
    const all = [];
    try {
      let cursor = "";
      do {
        const page = await get(`/stations?connected=false&limit=1000&cursor=${encodeURIComponent(cursor)}`, signal);
        all.push(...page.stations.map(row));
        cursor = page.next_cursor;
      } while (cursor !== null && all.length < MOST);
      offline = all;
    } catch {
      // The line above the page says that the gateway does not answer; what was known stays.
    }
    asking = false;
    soon();
  }

  function matching() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = STATES[state][1];
    const from = state === "offline" ? offline : fleet.sorted;
    return from.filter((one) => fits(one) && words.every((word) => one.words.includes(word))
      && (!wanted.backend || one.backend === wanted.backend)
      && (!wanted.subprotocol || one.subprotocol === wanted.subprotocol)
      && (!wanted.tag || (one.tags ?? []).includes(wanted.tag)));
  }

  function show() {
    const all = fleet.sorted;
    const several = (values) => [["", "any"], ...[...new Set(values)].sort()];
    setOptions(chosen.backend, several([...Object.keys(fleet.backends), ...all.map((one) => one.backend)]), wanted.backend);
    setOptions(chosen.subprotocol,
      [["", "any"], ...several(all.map((one) => one.subprotocol)).slice(1).map((name) => [name, version(name)])], wanted.subprotocol);
    setOptions(chosen.tag, several([...all, ...offline].flatMap((one) => one.tags ?? [])), wanted.tag);
    for (const [name, { element, value }] of Object.entries(buttons)) {
      const is = { connected: fleet.connected, offline: offline.length }[name] ?? all.filter(STATES[name][1]).length;
      value.textContent = number(is);
      element.classList.toggle("none", is === 0);
      element.setAttribute("aria-pressed", String(state === name));
    }
    const some = matching();
    const whole = state === "offline" ? offline.length : all.length;
    const cut = fleet.cut ? ` The first ${number(MOST)} are here; the API lists them all.` : "";
    found.textContent = (some.length === whole ? count(whole, "station") : `${number(some.length)} of ${count(whole, "station")}`) + cut;
    const silent = fleet.silent.join(", ");
    if (wrong.dataset.silent !== silent) {
      wrong.dataset.silent = silent;
      wrong.hidden = silent === "";
      fill(wrong, failure({ message: `No answer from ${silent}: stations there may have come or gone meanwhile.` }));
    }
    table.show(some, nothing(whole));
  }

  function nothing(whole) {
    if (state !== "offline" && !fleet.loaded) return empty("Reading the fleet …");
    if (whole) return empty("No station is like that.", "Take a filter away, or search for part of an identity.");
    if (state === "offline") return empty("Nobody is missing.", "Stations of the stations file that are not connected stand here.");
    return empty("No station is connected.", "Point one at a listener of this gateway: wss://HOST:PORT/IDENTITY. It shows up here at once.",
      "Refused connections are counted in ocpp_gateway_connections_rejected_total, with the reason.");
  }

  function changed() {
    const query = new URLSearchParams();
    if (search.value) query.set("q", search.value);
    for (const [name, value] of Object.entries(wanted)) if (value) query.set(name, value);
    if (state !== "connected") query.set("state", state);
    history.replaceState(null, "", `#/fleet${query.size ? `?${query}` : ""}`);
    show();
  }

  search.addEventListener("input", changed);
  for (const [name, element] of Object.entries(chosen)) {
    element.addEventListener("change", () => {
      wanted[name] = element.value;
      changed();
    });
  }
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    search.focus();
  }, { signal });
  let drawing = false;
  const soon = () => {
    if (drawing || signal.aborted) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      if (!signal.aborted) show();
    });
  };
  for (const event of ["stations", "fleet"]) fleet.addEventListener(event, soon, { signal });
  const again = setInterval(() => {
    if (document.visibilityState === "visible" && (state === "offline" || offline.length < 1000)) missing();
  }, OFFLINE_MS);
  signal.addEventListener("abort", () => clearInterval(again));
  show();
  missing();
}
