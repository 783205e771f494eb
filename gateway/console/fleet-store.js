// The fleet as this page knows it: read once in pages, kept up to date by events. One for all pages of the console.

import { get, listen } from "./api.js";

const PAGE = 1000;
export const MOST = 20000;

class Fleet extends EventTarget {
  /** By canonical identity. A row that changes is another object. */
  rows = new Map();
  connected = 0;
  backends = {};
  nodes = [];
  silent = [];
  migrations = null;
  loaded = false;
  /** Whether there are more stations than a page should hold. */
  cut = false;
  state = "";
  #sorted = null;
  #loading = null;
  #late = [];

  begin() {
    const signal = new AbortController().signal;
    listen("/events", (name, data) => this.#heard(name, data), (state) => this.#said(state), signal);
  }

  /** In the order of their identities. */
  get sorted() {
    this.#sorted ??= [...this.rows.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
    return this.#sorted;
  }

  #said(state) {
    this.state = state;
    // What happened in between is not known.
    if (state !== "live") this.loaded = false;
    this.dispatchEvent(new Event("state"));
  }

  #heard(name, data) {
    if (name === "fleet") {
      Object.assign(this, { connected: data.connected, backends: data.backends, nodes: data.nodes });
      this.silent = data.unreachable_nodes;
      if (!this.loaded) this.#load();
      this.dispatchEvent(new Event("fleet"));
    } else if (name === "migrations") {
      this.migrations = data.migrations;
      this.dispatchEvent(new Event("migrations"));
    } else if (name === "stations") {
      if (data.reset) this.#load();
      else if (this.#loading) this.#late.push(data);
      else this.#apply(data);
    }
  }

  #apply({ changed, gone }) {
    for (const one of changed) {
      const known = this.rows.get(one.key);
      // A station that has come back elsewhere is newer there.
      if (!known || known.connected_since <= one.connected_since) this.rows.set(one.key, row(one));
    }
    for (const { key, node } of gone) if (this.rows.get(key)?.node === node) this.rows.delete(key);
    this.#changed();
  }

  #changed() {
    this.#sorted = null;
    this.dispatchEvent(new Event("stations"));
  }

  async #load() {
    if (this.#loading) return;
    this.#late = [];
    this.#loading = this.#pages();
    try {
      this.rows = await this.#loading;
      this.loaded = true;
    } catch (problem) {
      this.#loading = null;
      return setTimeout(() => this.#load(), 2000);
    }
    this.#loading = null;
    for (const data of this.#late) this.#apply(data);
    this.#changed();
  }

  async #pages() {
    const found = new Map();
    let cursor = "";
    do {
      const page = await get(`/stations?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`);
      for (const one of page.stations) {
        const made = row(one);
        found.set(made.key, made);
      }
      cursor = page.next_cursor;
      this.cut = cursor !== null && found.size >= MOST;
    } while (cursor !== null && !this.cut);
    return found;
  }
}

/** A station with what is looked for in it, in small letters. */
export function row(one) {
  const words = [one.identity, one.vendor, one.model, one.backend, one.remote, ...(one.tags ?? [])];
  return { ...one, key: one.key ?? one.identity.toLowerCase(), words: words.filter(Boolean).join(" ").toLowerCase() };
}

export const fleet = new Fleet();
