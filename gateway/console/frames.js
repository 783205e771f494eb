// A station's conversation: what goes over its own wire on the left, over the CSMS's on the right, and what becomes of it in
// between. Told live.

import { listen } from "./api.js";
import { button, empty, fill, h, mark, select } from "./dom.js";
import { gist } from "./gist.js";
import { clock, count, number, version } from "./words.js";

const MOST_ROWS = 400;
const MOST_HELD = 1000;

/** Gives {element, versions(station, csms, backend)}. */
export function conversation(identity, signal) {
  const left = h("span", null, "station");
  const right = h("span", null, "CSMS");
  const status = h("span", { class: "faint", role: "status" }, "listening …");
  const list = h("ol", { class: "talk-list" });
  const hollow = empty("Nothing has been said since you came.", "Frames stand here as they go by, of either side, without secrets.");
  const scroll = h("div", { class: "talk-scroll", tabindex: "0", role: "region", "aria-label": "Frames" }, hollow, list);
  const only = select([["", "all"], ["call", "calls"], ["error", "errors"]], "", { "aria-label": "Show" });
  let held = null;
  let lost = 0;
  const pausing = button("Pause", () => pause(held === null), { class: "quiet", "aria-pressed": "false" });
  const element = h("section", { class: "talk", "aria-label": "Conversation" },
    h("div", { class: "talk-bar" }, h("h2", null, "Conversation"), status,
      h("div", { class: "talk-tools" }, only, pausing, button("Clear", () => { open = []; fill(list); hollow.hidden = false; }, { class: "quiet" }))),
    h("div", { class: "talk-head", "aria-hidden": "true" }, h("span", null, "time"), left, h("span", null, "gateway"), right), scroll);
  let open = [];

  only.addEventListener("change", () => { list.dataset.only = only.value; });

  function pause(is) {
    const waited = held ?? [];
    held = is ? [] : null;
    pausing.setAttribute("aria-pressed", String(is));
    pausing.textContent = is ? "Go on" : "Pause";
    say();
    if (!is) for (const frame of waited) add(frame);
  }

  function say(text) {
    if (text) status.dataset.said = text;
    const more = [held !== null ? `paused, ${count(held.length, "frame")} held` : status.dataset.said ?? "", lost ? `${number(lost)} lost` : ""];
    status.textContent = more.filter(Boolean).join(" · ");
  }

  function add(frame) {
    if (held !== null) {
      if (held.length < MOST_HELD) held.push(frame);
      else lost += 1;
      return say();
    }
    hollow.hidden = true;
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
    const row = partner(frame) ?? begin(frame);
    row.put(frame);
    if (list.childElementCount > MOST_ROWS) list.firstElementChild.remove();
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  }

  /** The row that this frame is the other half of. */
  function partner(frame) {
    if (frame.side === null || frame.direction !== "out") return null;
    const isCall = frame.type === "call" || frame.type === "send";
    const at = open.findLastIndex((row) => {
      const half = row.halves[frame.side === "station" ? "csms" : "station"];
      if (!half || row.halves[frame.side] || (half.type === "call" || half.type === "send") !== isCall) return false;
      return isCall ? frame.cause === half.id : half.cause === frame.id || half.id === frame.id;
    });
    return at === -1 ? null : open.splice(at, 1)[0];
  }

  function begin(frame) {
    const row = talkRow(frame);
    list.append(row.element);
    if (frame.direction === "in") open = [...open.slice(-63), row];
    return row;
  }

  listen(`/stations/${encodeURIComponent(identity)}/frames`, (name, data) => {
    if (name === "frame") add(data);
    else if (name === "lost") {
      lost += data.frames;
      say();
    } else if (name === "listening") {
      say(data.unreachable_nodes.length ? `not heard at ${data.unreachable_nodes.join(", ")}` : "live");
    }
  }, (state) => { if (state !== "live") say(state); }, signal);

  function versions(station, csms, backend) {
    left.textContent = station ? `station, OCPP ${version(station)}` : "station";
    right.textContent = csms ? `${backend}, OCPP ${version(csms)}` : "CSMS";
  }
  return { element, versions };
}

const SAID = { "passed on": "passed on", translated: "translated", mended: "mended", "answered here": "answered here", own: "by the gateway" };

/** A row of the two lanes, with room for a frame of either side; open, it shows their payloads. */
function talkRow(first) {
  const halves = {};
  const cells = { station: h("span", { class: "half left" }), csms: h("span", { class: "half right" }) };
  const middle = h("span", { class: "between" });
  const more = h("div", { class: "talk-more", hidden: true });
  const line = h("button", { type: "button", class: "talk-line", "aria-expanded": "false" },
    h("span", { class: "at" }, clock(first.at)), cells.station, middle, cells.csms);
  const element = h("li", { class: "talk-row", data: { type: first.type === "result_error" ? "error" : first.type } }, line, more);
  line.addEventListener("click", () => {
    more.hidden = !more.hidden;
    line.setAttribute("aria-expanded", String(!more.hidden));
    detail();
  });

  function detail() {
    if (more.hidden) return;
    fill(more, ["station", "csms"].map((side) => h("div", null, halves[side] ? whole(halves[side]) : null)));
  }

  function put(frame) {
    if (frame.side === null) {
      element.classList.add("note");
      fill(middle, [frame.action, frame.what].filter(Boolean).join(": ").replaceAll("_", " "));
      fill(cells.csms, h("span", { class: "gist" }, gist(frame.facts)));
      halves.csms = frame;
      return detail();
    }
    halves[frame.side] = frame;
    fill(cells[frame.side], half(frame));
    const said = SAID[frame.what] ?? "";
    // From the left to the right, when it came from the station or goes to the CSMS.
    const rightwards = (frame.side === "station") === (frame.direction === "in");
    const both = halves.station && halves.csms;
    fill(middle, h("span", { class: `arrow ${rightwards ? "rightwards" : "leftwards"} ${both ? "through" : frame.direction === "in" ? "in" : "out"}
      ${frame.type === "call" || frame.type === "send" ? "" : "answer"}`, "aria-hidden": "true" }), h("span", { class: `how ${frame.what === "translated" ? "changed" : ""}` }, said));
    detail();
  }
  return { element, halves, put };
}

function half(frame) {
  const bad = frame.type === "error" || frame.type === "result_error" || frame.type === "unreadable";
  const answer = frame.type !== "call" && frame.type !== "send";
  return [bad ? mark("bad") : null, h("span", { class: answer ? "action answer" : "action" }, frame.action ?? frame.type),
    h("span", { class: bad ? "gist bad" : "gist" }, gist(frame.payload) || frame.why || ""),
    frame.seconds !== undefined && frame.direction === "in" ? h("span", { class: "took" }, `${(frame.seconds * 1000).toFixed(0)} ms`) : null];
}

function whole(frame) {
  const says = frame.payload ?? frame.facts;
  return [h("p", { class: "faint" }, [frame.type.replace("_", " "), frame.id && `id ${frame.id}`].filter(Boolean).join(" · ")),
    h("pre", { class: "json" }, says === null || says === undefined ? frame.why ?? "" : JSON.stringify(says, null, 2))];
}
