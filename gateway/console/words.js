// How things are said: numbers, times, versions, states.

import { h, mark } from "./dom.js";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const number = (value) => whole.format(value);
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;
export const percent = (value) => `${(100 * value).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`;
export const version = (name) => (name ? name.replace(/^ocpp/, "") : "–");

/** 1.6 → 2.0.1, or one of them where both are the same. */
export function versions(station, csms) {
  return !csms || station === csms ? version(station) : `${version(station)} → ${version(csms)}`;
}

function span(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${number(seconds / 86400)} days`;
}

function relative(at) {
  const seconds = Date.now() / 1000 - at;
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
}

/** A point in time (Unix seconds, or RFC 3339), said from now; the whole of it on hover. `bare`: without "ago". */
export function time(at, bare = false) {
  const unix = typeof at === "string" ? Date.parse(at) / 1000 : at;
  if (at === null || at === undefined || Number.isNaN(unix)) return h("span", { class: "faint" }, "–");
  const date = new Date(unix * 1000);
  const said = bare ? span(Math.max(0, Date.now() / 1000 - unix)) : relative(unix);
  return h("time", { datetime: date.toISOString(), title: absolute(unix), data: { at: unix, bare: bare ? "1" : "" } }, said);
}

export function absolute(unix) {
  return new Date(unix * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

export const clock = (unix) => new Date(unix * 1000).toLocaleTimeString("en-GB") + (unix % 1).toFixed(2).slice(1);

setInterval(() => {
  for (const one of document.querySelectorAll("time[data-at]")) {
    const at = Number(one.dataset.at);
    const said = one.dataset.bare ? span(Math.max(0, Date.now() / 1000 - at)) : relative(at);
    if (one.textContent !== said) one.textContent = said;
  }
}, 1000);

const KINDS = {
  Available: "ok", Charging: "busy", Occupied: "busy", Preparing: "wait", Finishing: "wait", SuspendedEV: "wait",
  SuspendedEVSE: "wait", Reserved: "wait", Faulted: "bad", Unavailable: "off",
  running: "busy", paused: "wait", done: "ok", aborted: "bad", rolling_back: "busy", rolled_back: "off",
  pending: "idle", waiting_idle: "wait", switching: "busy", failed: "bad", offline: "off", returned: "off",
  switch: "ok", wait: "wait", route: "off", refuse: "bad", nothing: "idle",
};

export const kind = (state) => KINDS[state] ?? "off";

const SAID = {
  waiting_idle: "waiting for idle", rolling_back: "rolling back", rolled_back: "rolled back",
  switch: "moves now", wait: "moves when idle", route: "moves when it connects", refuse: "cannot move",
  nothing: "is there already",
};

export const said = (state) => SAID[state] ?? state;

/** Of so many stations. */
export const saidOf = (many, state) => (many === 1 ? said(state) : said(state).replace(/^moves/, "move").replace(/^is /, "are "));

/** A state as a shape and a word. */
export function state(name, text = said(name)) {
  return h("span", { class: `state ${kind(name)}` }, mark(kind(name)), text);
}
