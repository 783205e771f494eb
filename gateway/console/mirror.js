// Followers: how their answers differ from those of the backends in charge.

import { get } from "./api.js";
import { empty, failure, fill, h } from "./dom.js";
import { keepReading, plainTable, silentNodes, simplePage } from "./lists.js";
import { number, percent, state, time } from "./words.js";

const ms = (seconds) => (seconds === null ? "–" : `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms`);

const COLUMNS = [
  { name: "Action", cell: (one) => one.action },
  { name: "Compared", class: "num", cell: (one) => number(one.compared) },
  { name: "Different", class: "num", cell: (one) => number(one.different) },
  { name: "Rate", cell: (one) => (one.different ? state("failed", percent(one.difference_rate)) : state("done", "alike")) },
  { name: "No answer", class: "num", cell: (one) => number(one.missing) },
  { name: "Its mean time", class: "num", cell: (one) => ms(one.mean_seconds) },
  { name: "Primary's", class: "num faint", cell: (one) => ms(one.primary_mean_seconds) },
  { name: "Differs in", class: "url faint", cell: (one) => Object.entries(one.fields).map(([name, many]) => `${name} ${number(many)}`).join(", ") },
];
const SAMPLES = [
  { name: "Station", cell: (one) => h("a", { href: `#/stations/${encodeURIComponent(one.station)}` }, one.station) },
  { name: "Action", cell: (one) => one.action },
  { name: "When", class: "faint", cell: (one) => time(one.at) },
  { name: "Field", cell: (one) => h("code", null, one.field) },
  { name: "Primary said", cell: (one) => one.primary ?? "nothing" },
  { name: "Follower said", cell: (one) => one.follower ?? "nothing" },
];

export function mirrorPage(main, signal, chosen) {
  const place = simplePage(main, "Followers", "Backends that get a copy of what stations say. Their answers are compared with the primary's, and told to nobody.");
  get("/backends", signal).then(({ backends }) => {
    const names = backends.filter((one) => one.follows).map((one) => one.name);
    if (!names.length && !chosen) {
      return fill(place, empty("No backend follows.", "Name one under followers of a route: it hears what the stations say, and shows here how ready it is to take over."));
    }
    const name = chosen ?? names[0];
    const shown = h("div");
    fill(place, h("nav", { class: "tabs", "aria-label": "Followers" }, names.map((one) =>
      h("a", { href: `#/mirror/${encodeURIComponent(one)}`, "aria-current": one === name ? "page" : null }, one))), shown);
    keepReading(`/mirror/${encodeURIComponent(name)}`, shown, signal, (found) => fill(shown, silentNodes(found), report(found)));
  }, (problem) => { if (!signal.aborted) fill(place, failure(problem)); });
}

function report(found) {
  const actions = Object.entries(found.actions).map(([action, one]) => ({ action, ...one }));
  if (!actions.length) return empty("Nothing has been compared yet.", "It begins with the next message of a station that this backend follows.");
  const numbers = [["compared", number(found.compared)], ["different", number(found.different)], ["of all", found.difference_rate === null ? "–" : percent(found.difference_rate)],
    ["without an answer", number(found.missing)], ["not copied", number(found.dropped)]];
  return [h("div", { class: "facets" }, numbers.map(([text, value]) => h("div", { class: "facet" }, h("strong", null, value), h("span", null, text)))),
    plainTable("By action", COLUMNS, actions),
    found.samples.length ? [h("h2", null, "The newest differences"), plainTable("Differences", SAMPLES, found.samples)] : null];
}
