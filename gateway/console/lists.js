// Pages that are one short table, read again every few seconds.

import { get } from "./api.js";
import { failure, fill, h } from "./dom.js";

const AGAIN_MS = 3000;

/** A plain table. `columns`: {name, class, cell(row)}. */
export function plainTable(label, columns, rows) {
  return h("div", { class: "table-frame" }, h("table", { "aria-label": label },
    h("thead", null, h("tr", null, columns.map((one) => h("th", { scope: "col", class: one.class }, one.name)))),
    h("tbody", null, rows.map((row) => h("tr", null, columns.map((one, place) => h(place ? "td" : "th", { class: one.class, scope: place ? null : "row" }, one.cell(row))))))));
}

/** Reads `path` again and again while the page is seen, and gives `show` what has changed. */
export function keepReading(path, place, signal, show) {
  let before = "";
  async function read() {
    try {
      const found = await get(path, signal);
      const now = JSON.stringify(found);
      if (now !== before) show(found);
      before = now;
    } catch (problem) {
      before = "";
      if (!signal.aborted) fill(place, failure(problem));
    }
  }
  const again = setInterval(() => { if (document.visibilityState === "visible") read(); }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(again));
  read();
}

/** A heading, a sentence, and a place for the rest. */
export function simplePage(main, title, lead) {
  const place = h("div");
  fill(main, h("div", { class: "page" }, h("header", { class: "page-head" }, h("div", null, h("h1", null, title), h("p", { class: "lead" }, lead))), place));
  return place;
}

/** Nodes that gave no answer: what is shown is not all. */
export function silentNodes(found) {
  return found.unreachable_nodes?.length ? failure({ message: `No answer from ${found.unreachable_nodes.join(", ")}: what they know is missing here.` }) : null;
}
