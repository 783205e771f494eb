// One migration: how far it is, what can be told it, and the journal of its stations.

import { ask, get, latest } from "./api.js";
import { confirm, tell } from "./ask.js";
import { button, empty, failure, field, fill, h, select } from "./dom.js";
import { fleet } from "./fleet-store.js";
import { progress, stateOf } from "./progress.js";
import { rows } from "./rows.js";
import { count, number, percent, said, state, time } from "./words.js";

const MAY = { pause: ["running"], resume: ["paused", "aborted"], rollback: ["running", "paused", "done", "aborted"] };

const COLUMNS = [
  { name: "Station", class: "name", cell: (one) => one.identity },
  { name: "Wave", class: "wave num", cell: (one) => (one.wave === 0 ? "canary" : number(one.wave)) },
  { name: "State", class: "state-cell", cell: (one) => state(one.state, one.homeward && one.state !== "returned" ? `${said(one.state)}, on its way home` : said(one.state)) },
  { name: "Came from", class: "home", cell: (one) => one.home ?? "–" },
  { name: "Why", class: "why faint", cell: (one) => one.why || "", title: (one) => one.why },
  { name: "At", class: "since faint", cell: (one) => time(one.at) },
];

export function migrationPage(main, signal, name) {
  let one = null;
  let known = new Map();
  const head = h("p", { class: "under" });
  const wrong = h("div");
  const bar = progress(`Progress of ${name}`);
  const facts = h("dl", { class: "pairs wide" });
  const only = select([["", "all states"]], "");
  const told = (verb, text, danger) => button(text, () => command(verb, danger), { class: danger ? "danger-text quiet" : "quiet", hidden: true });
  const acts = { pause: told("pause", "Pause"), resume: told("resume", "Resume"), rollback: told("rollback", "Roll back …", true) };
  const table = rows({ columns: COLUMNS, key: (each) => each.identity, label: "Stations of this migration", layout: "journal",
    href: (each) => `#/stations/${encodeURIComponent(each.identity)}` });
  only.addEventListener("change", show);
  fill(main, h("div", { class: "page full" },
    h("header", { class: "page-head" }, h("div", null, h("a", { class: "back", href: "#/migrations" }, "Migrations"), h("h1", null, name), head),
      h("div", { class: "acts" }, Object.values(acts))),
    wrong, bar.element, h("div", { class: "journal-bar" }, facts, field("Stations", only)), table.element));

  async function command(verb, danger) {
    const path = `/migrations/${encodeURIComponent(name)}/${verb}`;
    if (danger) {
      const moved = (one?.counts.done ?? 0) + (one?.counts.offline ?? 0);
      const done = await confirm({
        title: `Roll ${name} back?`,
        text: `${count(moved, "station")} that moved ${moved === 1 ? "goes" : "go"} back to the backend ${moved === 1 ? "it" : "they"} came from, without waves. `
          + "Those that charge are waited for, or taken along where that can be done.",
        verb: "Roll back", danger: true, work: () => ask("POST", path),
      });
      if (done) tell(`${name} is rolling back.`);
    } else {
      try {
        await ask("POST", path);
      } catch (problem) {
        fill(wrong, failure(problem));
      }
    }
    await read();
  }

  const read = latest(async () => {
    try {
      const now = await get(`/migrations/${encodeURIComponent(name)}`, signal);
      // Rows that say the same stay the same objects: they are not drawn again.
      const before = known;
      known = new Map(now.stations.map((each) => {
        const old = before.get(each.identity);
        return [each.identity, old && JSON.stringify(old) === JSON.stringify(each) ? old : each];
      }));
      one = now;
      fill(wrong);
    } catch (problem) {
      if (!signal.aborted) fill(wrong, problem.status === 404 ? empty("There is no such migration.") : failure(problem));
    }
    if (!signal.aborted && one) show();
  });

  function show() {
    if (!one) return;
    fill(head, stateOf(one), h("span", null, "to ", h("strong", null, one.to)), h("span", null, "began ", time(one.created)), one.why ? h("span", null, one.why) : null);
    for (const [verb, element] of Object.entries(acts)) {
      const hides = !MAY[verb].includes(one.state);
      // The focus does not fall out of the page.
      if (hides && element === document.activeElement) main.focus();
      element.hidden = hides;
    }
    bar.show(one.counts);
    const last = Math.max(0, ...[...known.values()].map((each) => each.wave));
    const selected = Object.entries(one.select ?? {}).filter(([, value]) => value).map(([key, value]) => `${key} ${value}`).join(", ");
    const says = [["Stations", selected || "all"], ["Wave", `${number(Math.min(one.wave, last))} of ${number(last)}, ${count(one.wave_size, "station")} each, every ${number(one.wave_interval_seconds)} s`],
      ["When", one.when === "now" ? "now, with their transactions" : "when no transaction goes on"],
      ["Stops when", one.abort_failed_ratio === null ? "never by itself" : `more than ${percent(one.abort_failed_ratio)} failed`]];
    fill(facts, says.flatMap(([key, value]) => [h("dt", null, key), h("dd", null, value)]));
    const states = Object.entries(one.counts).filter(([, value]) => value);
    only.dataset.states = states.map(([key]) => key).join();
    const chosen = only.value;
    fill(only, [h("option", { value: "" }, `all ${number(known.size)}`), states.map(([key, value]) => h("option", { value: key }, `${said(key)}: ${number(value)}`))]);
    only.value = one.counts[chosen] ? chosen : "";
    const some = [...known.values()].filter((each) => !only.value || each.state === only.value);
    some.sort((a, b) => a.wave - b.wave || (a.identity.toLowerCase() < b.identity.toLowerCase() ? -1 : 1));
    table.show(some, empty("No station is like that."));
  }

  let seen = "";
  fleet.addEventListener("migrations", () => {
    const now = JSON.stringify(fleet.migrations?.find((each) => each.name === name) ?? null);
    if (now !== seen) read();
    seen = now;
  }, { signal });
  read();
}
