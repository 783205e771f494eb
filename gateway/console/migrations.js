// All migrations, the newest first; live.

import { empty, fill, h } from "./dom.js";
import { fleet } from "./fleet-store.js";
import { progress, stateOf } from "./progress.js";
import { count, time } from "./words.js";

export function migrationsPage(main, signal) {
  const list = h("ul", { class: "cards" });
  const bars = new Map();
  fill(main, h("div", { class: "page" },
    h("header", { class: "page-head" }, h("div", null, h("h1", null, "Migrations"),
      h("p", { class: "lead" }, "Stations move to another backend in waves, without losing their connection, and back.")),
    h("div", { class: "acts" }, h("a", { class: "button primary", href: "#/migrations/-new" }, "Plan a migration"))), list));

  /** A card is made once: links keep the focus while numbers change. */
  function card(one) {
    const parts = { state: h("span"), facts: h("p", { class: "under" }), bar: progress(`Progress of ${one.name}`) };
    parts.element = h("li", { class: "card" }, h("div", { class: "card-head" },
      h("h2", null, h("a", { href: `#/migrations/${encodeURIComponent(one.name)}` }, one.name)), parts.state), parts.facts, parts.bar.element);
    return parts;
  }

  function show() {
    if (fleet.migrations === null) return fill(list, h("li", null, empty("Reading …")));
    if (!fleet.migrations.length) {
      return fill(list, h("li", null, empty("There has been no migration yet.", "A plan shows what becomes of every station, before anything is done.")));
    }
    const all = [...fleet.migrations].sort((one, other) => other.created - one.created);
    for (const one of all) {
      if (!bars.has(one.name)) bars.set(one.name, card(one));
      const parts = bars.get(one.name);
      const whole = Object.values(one.counts).reduce((sum, each) => sum + each, 0);
      fill(parts.state, stateOf(one));
      fill(parts.facts, h("span", null, `${count(whole, "station")} to `, h("strong", null, one.to)), h("span", null, "began ", time(one.created)),
        one.why ? h("span", null, one.why) : null);
      parts.bar.show(one.counts);
    }
    const wanted = all.map((one) => bars.get(one.name).element);
    if (wanted.some((element, place) => list.children[place] !== element) || list.children.length !== wanted.length) fill(list, wanted);
  }
  fleet.addEventListener("migrations", show, { signal });
  show();
}
