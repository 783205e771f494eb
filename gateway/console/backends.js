// Every backend: what it is, who is on it, whether it can be reached.

import { fill, h } from "./dom.js";
import { keepReading, plainTable, silentNodes, simplePage } from "./lists.js";
import { number, state, version } from "./words.js";

const COLUMNS = [
  { name: "Backend", cell: (one) => one.name },
  { name: "State", cell: (one) => (one.down_for_nodes.length ? state("failed", `down, seen by ${one.down_for_nodes.join(", ")}`) : state("done", "up")) },
  { name: "Stations", class: "num", cell: (one) => (one.stations ? h("a", { href: `#/fleet?backend=${encodeURIComponent(one.name)}` }, number(one.stations)) : "0") },
  { name: "Speaks", cell: (one) => (one.subprotocols ?? []).map(version).join(", ") || "–" },
  { name: "When it is down", cell: (one) => ({ hold: "stations are held", close: "stations are closed", buffer: "the gateway stands in" })[one.when_down] ?? "–" },
  { name: "Part", cell: (one) => (one.follows ? h("a", { href: `#/mirror/${encodeURIComponent(one.name)}` }, "follows") : "") },
  { name: "URL", class: "url faint", cell: (one) => one.url ?? "not in the configuration any more" },
];

export function backendsPage(main, signal) {
  const place = simplePage(main, "Backends", "The management systems that stations are connected to.");
  keepReading("/backends", place, signal, (found) => fill(place, silentNodes(found), plainTable("Backends", COLUMNS, found.backends)));
}
