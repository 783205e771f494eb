// Every live gateway process.

import { fill } from "./dom.js";
import { keepReading, plainTable, simplePage } from "./lists.js";
import { number, state, time } from "./words.js";

const COLUMNS = [
  { name: "Node", cell: (one) => one.id },
  { name: "State", cell: (one) => (one.draining ? state("paused", "draining") : state("done", "serving")) },
  { name: "Stations", class: "num", cell: (one) => number(one.stations) },
  { name: "Machine", cell: (one) => (one.worker === null || one.worker === undefined ? one.name : `${one.name}, worker ${one.worker}`) },
  { name: "Listens at", cell: (one) => (one.addresses ?? []).join(", ") || "–" },
  { name: "Started", cell: (one) => time(one.started) },
  { name: "Version", class: "faint", cell: (one) => one.version },
];

export function nodesPage(main, signal) {
  const place = simplePage(main, "Nodes", "The gateway processes that share a store. Each can answer for all.");
  keepReading("/nodes", place, signal, (found) => fill(place, plainTable("Nodes", COLUMNS, found.nodes)));
}
