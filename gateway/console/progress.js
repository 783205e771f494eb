// How far a migration is: a bar of parts, and the same in words.

import { h, mark } from "./dom.js";
import { kind, number, said, state } from "./words.js";

// From what is over to what has not begun.
const ORDER = ["done", "returned", "offline", "failed", "switching", "waiting_idle", "pending"];

export const over = (one) => ["done", "aborted", "rolled_back"].includes(one.state);

/** The migration's state as a shape and a word. */
export const stateOf = (one) => state(one.state);

/** A bar that is drawn anew with `show(counts)`. */
export function progress(label) {
  const parts = Object.fromEntries(ORDER.map((name) => [name, h("span", { class: `part ${name}` })]));
  const bar = h("div", { class: "bar", role: "progressbar", "aria-label": label, "aria-valuemin": "0" }, Object.values(parts));
  const legend = h("div", { class: "legend" });
  function show(counts) {
    const whole = Object.values(counts).reduce((sum, one) => sum + one, 0);
    const through = whole - (counts.pending ?? 0) - (counts.waiting_idle ?? 0) - (counts.switching ?? 0);
    bar.setAttribute("aria-valuemax", whole);
    bar.setAttribute("aria-valuenow", through);
    bar.setAttribute("aria-valuetext", `${number(through)} of ${number(whole)} stations are through`);
    for (const [name, part] of Object.entries(parts)) part.style.setProperty("--share", whole ? (counts[name] ?? 0) / whole : 0);
    legend.replaceChildren(...ORDER.filter((name) => counts[name]).map((name) => h("span", { class: `state ${kind(name)}` },
      mark(kind(name)), h("strong", null, number(counts[name])), ` ${said(name)}`)));
  }
  return { element: h("div", { class: "progress" }, bar, legend), show };
}
