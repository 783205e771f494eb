// A migration before it is one: what would become of every station, shown as a table; then it can be started.

import { ask } from "./api.js";
import { confirm, tell } from "./ask.js";
import { button, empty, failure, field, fill, h, mark, select } from "./dom.js";
import { fleet } from "./fleet-store.js";
import { rows } from "./rows.js";
import { count, kind, number, saidOf, state, versions } from "./words.js";

const COLUMNS = [
  { name: "Station", class: "name", cell: (one) => one.identity },
  { name: "What happens", class: "state-cell", cell: (one) => state(one.action) },
  { name: "From", class: "home", cell: (one) => one.backend ?? "–" },
  { name: "OCPP until now", class: "versions", cell: (one) => (one.subprotocol ? versions(one.subprotocol, one.speaks) : "–") },
  { name: "OCPP then", class: "versions", cell: (one) => (one.subprotocol ? versions(one.subprotocol, one.will_speak) : "–") },
  { name: "Why, and what to look at", class: "why faint", cell: (one) => [one.why, ...one.warnings].filter(Boolean).join("; "),
    title: (one) => [one.why, ...one.warnings].filter(Boolean).join("; ") },
];

export function planPage(main, signal) {
  const text = (name, props) => h("input", { name, autocomplete: "off", spellcheck: "false", ...props });
  const numeric = (name, value, props) => h("input", { name, type: "number", value, min: "0", ...props });
  const backends = Object.keys(fleet.backends);
  const inputs = {
    name: text("name", { required: true, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}", maxlength: "64" }),
    to: select(backends, backends[1] ?? backends[0], { name: "to", required: true }),
    identity: text("identity", { placeholder: "BER-*" }), tag: text("tag"),
    backend: select([["", "any"], ...backends], "", { name: "backend" }),
    subprotocol: select([["", "any"], ["ocpp1.6", "1.6"], ["ocpp2.0.1", "2.0.1"], ["ocpp2.1", "2.1"]], "", { name: "subprotocol" }),
    when: select([["idle", "when it is idle"], ["now", "now, with its transactions"]], "idle", { name: "when" }),
    wave_size: numeric("wave_size", 50, { min: "1" }), wave_interval_seconds: numeric("wave_interval_seconds", 60),
    canary: h("input", { name: "canary", type: "checkbox", checked: true }),
    idle_timeout_seconds: numeric("idle_timeout_seconds", "", { placeholder: "for as long as it takes" }),
    abort_failed_ratio: numeric("abort_failed_ratio", 10, { max: "100", placeholder: "never" }),
  };
  const shown = h("div", { class: "plan-shown", "aria-live": "polite" });
  const form = h("form", { class: "plan-form" },
    h("fieldset", null, h("legend", null, "What"), field("Name", inputs.name, "Letters, digits, . _ -"), field("To the backend", inputs.to)),
    h("fieldset", null, h("legend", null, "Which stations"), field("Identity", inputs.identity, "* stands for anything"), field("Tag", inputs.tag),
      field("That are on", inputs.backend), field("That speak", inputs.subprotocol)),
    h("fieldset", null, h("legend", null, "How"), field("A station moves", inputs.when), field("Stations in a wave", inputs.wave_size),
      field("Seconds between waves", inputs.wave_interval_seconds), field("Wait for idle, seconds", inputs.idle_timeout_seconds),
      field("Stop when failed, %", inputs.abort_failed_ratio),
      h("label", { class: "field check" }, inputs.canary, h("span", { class: "field-name" }, "One station first, the canary"))),
    h("div", { class: "form-end" }, h("button", { type: "submit", class: "primary" }, "Show the plan"), h("span", { class: "faint" }, "Nothing is done yet.")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    plan();
  });
  form.addEventListener("input", () => fill(shown));
  fill(main, h("div", { class: "page full" }, h("header", { class: "page-head" },
    h("div", null, h("a", { class: "back", href: "#/migrations" }, "Migrations"), h("h1", null, "Plan a migration"))), form, shown));
  inputs.name.focus();
  fleet.addEventListener("fleet", () => {
    if (!inputs.to.options.length) planPage(main, signal);  // the backends were not known yet
  }, { signal, once: true });

  function body() {
    const or = (input, scale = 1) => (input.value === "" ? null : Number(input.value) / scale);
    const chosen = Object.fromEntries(["identity", "tag", "backend", "subprotocol"].map((name) => [name, inputs[name].value.trim()]).filter(([, value]) => value));
    return {
      name: inputs.name.value.trim(), to: inputs.to.value, select: chosen, when: inputs.when.value, canary: inputs.canary.checked,
      wave_size: Number(inputs.wave_size.value || 50), wave_interval_seconds: Number(inputs.wave_interval_seconds.value || 0),
      idle_timeout_seconds: or(inputs.idle_timeout_seconds), abort_failed_ratio: or(inputs.abort_failed_ratio, 100),
    };
  }

  async function plan() {
    fill(shown, h("p", { class: "faint" }, "Asking every node …"));
    const wanted = body();
    try {
      const found = await ask("POST", "/migrations", { ...wanted, dry_run: true }, signal);
      if (!signal.aborted) show(wanted, found);
    } catch (problem) {
      if (!signal.aborted) fill(shown, failure(problem));
    }
  }

  function show(wanted, found) {
    const moves = found.stations.filter((one) => ["switch", "wait", "route"].includes(one.action)).length;
    const begin = button(`Start: move ${count(moves, "station")} to ${wanted.to}`, () => start(wanted, moves), { class: "primary" });
    begin.disabled = moves === 0;
    const table = rows({ columns: COLUMNS, key: (one) => one.key, label: "The plan, station by station", layout: "plan" });
    const warned = found.stations.filter((one) => one.warnings.length).length;
    fill(shown, h("div", { class: "plan-head" },
      h("h2", null, "The plan"),
      h("div", { class: "legend" }, Object.entries(found.summary).map(([action, many]) => h("span", { class: `state ${kind(action)}` }, mark(kind(action)), h("strong", null, number(many)), ` ${saidOf(many, action)}`))),
      warned ? h("span", { class: "state wait" }, mark("wait"), `${count(warned, "station")} to look at`) : null,
      found.unreachable_nodes.length ? h("span", { class: "state bad" }, mark("bad"), `no answer from ${found.unreachable_nodes.join(", ")}`) : null, begin),
    losses(found.losses), table.element);
    table.show(found.stations, empty("No station is selected.", "Widen the choice above: an empty field stands for all."));
    begin.scrollIntoView({ block: "nearest" });
  }

  async function start(wanted, moves) {
    const done = await confirm({
      title: `Start ${wanted.name}?`,
      text: `${count(moves, "station")} ${moves === 1 ? "moves" : "move"} to ${wanted.to}${wanted.canary ? ", one first" : ""}. It can be paused, and rolled back.`,
      verb: "Start", work: () => ask("POST", "/migrations", wanted),
    });
    if (!done) return;
    tell(`${wanted.name} has begun.`);
    location.hash = `#/migrations/${encodeURIComponent(wanted.name)}`;
  }
}

/** What may be lost where the version changes, closed up. */
function losses(found) {
  const pairs = Object.entries(found).filter(([, list]) => list.length);
  if (!pairs.length) return null;
  return pairs.map(([pair, list]) => h("details", { class: "losses" },
    h("summary", null, `${versions(...pair.split(">"))}: ${count(list.length, "field")} that the other version has no room for`),
    h("ul", { class: "plain" }, list.map((one) => h("li", null, h("code", null, `${one.action}.${one.field}`), h("span", { class: "faint" }, ` ${one.why ?? ""}`))))));
}
