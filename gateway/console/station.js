// One station: what is known of it, what can be done to it, and its conversation.

import { get, latest } from "./api.js";
import { call, disconnect, route, unroute } from "./actions.js";
import { button, empty, failure, fill, h, mark } from "./dom.js";
import { fleet } from "./fleet-store.js";
import { conversation } from "./frames.js";
import { number, state, time, version, versions } from "./words.js";

const AGAIN_MS = 3000;

export function stationPage(main, signal, identity) {
  let one = null;
  const head = h("div", { class: "station-head" });
  const acts = h("div", { class: "acts" });
  const facts = h("div", { class: "facts" });
  const wrong = h("div");
  const talk = conversation(identity, signal);
  fill(main, h("div", { class: "page full station" },
    h("header", { class: "page-head" }, h("div", null, h("a", { class: "back", href: "#/fleet" }, "Fleet"), h("h1", null, identity), head), acts),
    wrong, h("div", { class: "station-body" }, h("aside", { class: "station-facts", "aria-label": "What is known" }, facts), talk.element)));

  const doing = {
    call: button("Send a call …", () => call(one.identity, one.subprotocol), { class: "quiet" }),
    route: button("Move …", () => route(one.identity, one.backend).then(read), { class: "quiet" }),
    unroute: button("Back to the rules …", () => unroute(one.identity).then(read), { class: "quiet" }),
    disconnect: button("Disconnect …", () => disconnect(one.identity).then(read), { class: "quiet danger-text" }),
  };
  acts.append(...Object.values(doing));

  function show() {
    const here = one?.connected === true;
    doing.call.hidden = doing.disconnect.hidden = !here;
    doing.route.hidden = one === null || Object.keys(fleet.backends).length < 2;
    doing.unroute.hidden = !one?.route;
    if (one === null) return;
    talk.versions(one.subprotocol, one.upstream_subprotocol, one.backend);
    fill(head, h("p", { class: "under" },
      here ? h("span", { class: "state ok" }, mark(one.backend_away ? "wait" : "ok"), one.backend_away ? "connected, its backend is lost" : "connected")
        : h("span", { class: "state off" }, mark("off"), "not connected"),
      here ? [h("span", null, "for ", time(one.connected_since, true)), h("span", null, `OCPP ${versions(one.subprotocol, one.upstream_subprotocol)}`),
        h("span", null, "on ", h("strong", null, one.backend))] : null));
    fill(facts, section("Connectors", connectors(one)), section("Transactions", transactions(one)),
      section("Route", routed(one)), section("Followers", followers(one)), section("Station", about(one)));
  }

  const read = latest(async () => {
    try {
      one = await get(`/stations/${encodeURIComponent(identity)}`, signal);
      fill(wrong);
    } catch (problem) {
      if (signal.aborted) return;
      fill(wrong, problem.status === 404 && one === null
        ? empty("This station is not known.", "It is not connected, and nothing is remembered of it. Frames show up here as soon as it comes.")
        : failure(problem));
      if (problem.status === 404 && one) one = { ...one, connected: false };
    }
    if (!signal.aborted) show();
  });

  let due = false;
  fleet.addEventListener("stations", () => {
    const known = fleet.rows.get(identity.toLowerCase());
    if (due || (known && one && known === one.seen)) return;
    due = true;
    setTimeout(() => {
      due = false;
      if (!signal.aborted) read().then(() => { if (one) one.seen = known; });
    }, 200);
  }, { signal });
  const again = setInterval(() => { if (document.visibilityState === "visible") read(); }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(again));
  show();
  read();
}

function section(title, inside) {
  return inside && h("section", null, h("h2", null, title), inside);
}

function connectors(one) {
  const all = (one.connectors ?? []).filter((each) => each.connector || each.evse !== null);
  if (!all.length) return h("p", { class: "faint" }, one.connected ? "It has reported none yet." : "Known while it is connected.");
  return h("ul", { class: "plain" }, all.map((each) => h("li", null,
    h("span", { class: "label" }, each.evse === null ? `${each.connector}` : `${each.evse}/${each.connector}`), state(each.status),
    each.errorCode && each.errorCode !== "NoError" ? h("span", { class: "bad" }, each.errorCode) : null, h("span", { class: "faint end" }, time(each.at)))));
}

function transactions(one) {
  if (one.transactions === null || one.transactions === undefined) {
    return h("p", { class: "faint" }, one.connected ? "Both sides speak the same version: the gateway keeps none." : "Known while it is connected.");
  }
  if (!one.transactions.length) return h("p", { class: "faint" }, "None goes on.");
  return h("ul", { class: "plain" }, one.transactions.map((each) => h("li", { class: "tx" },
    h("dl", { class: "pairs" }, h("dt", null, "station"), h("dd", null, h("code", null, each.station ?? "–")), h("dt", null, "CSMS"),
      h("dd", null, h("code", null, each.csms ?? "not yet")), h("dt", null, "began"), h("dd", null, time(each.started))))));
}

function routed(one) {
  if (!one.route) return h("p", null, "By the rules", one.backend ? [": ", h("strong", null, one.backend)] : null, ".");
  const by = one.route.migration ? ["by the migration ", h("a", { href: `#/migrations/${encodeURIComponent(one.route.migration)}` }, one.route.migration)] : "by an operator";
  return h("p", null, "To ", h("strong", null, one.route.backend), ", ", by, ".");
}

function followers(one) {
  if (!one.followers?.length) return null;
  return h("ul", { class: "plain" }, one.followers.map((each) => h("li", null,
    h("a", { href: `#/mirror/${encodeURIComponent(each.backend)}` }, each.backend), h("span", { class: `state ${each.connected ? "ok" : "wait"}` },
      mark(each.connected ? "ok" : "wait"), each.connected ? version(each.subprotocol) : "away"),
    h("span", { class: "faint end" }, each.waiting ? `${number(each.waiting)} wait` : ""))));
}

function about(one) {
  const frames = one.frames ? `${number(one.frames.station)} read from it, ${number(one.frames.csms)} from its CSMS` : null;
  const facts = [["Maker", one.vendor], ["Model", one.model], ["Firmware", one.firmware], ["Tags", (one.tags ?? []).join(", ")],
    ["Address", one.remote], ["Node", one.node], ["Frames", frames]];
  return h("dl", { class: "pairs" }, facts.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
}
