// The certificate files in use, by when they end.

import { empty, fill, h } from "./dom.js";
import { keepReading, plainTable, silentNodes, simplePage } from "./lists.js";
import { absolute, state, time } from "./words.js";

const DAY = 86400;

/** As the alerts have it: three weeks are a warning, three days an emergency. */
function ending(one) {
  if (one.expires === null) return state("done", "does not end");
  const left = one.expires - Date.now() / 1000;
  if (left <= 0) return state("failed", "has ended");
  if (left < 3 * DAY) return state("failed", "ends very soon");
  return left < 21 * DAY ? state("paused", "ends soon") : state("done", "good");
}

const COLUMNS = [
  { name: "File", cell: (one) => h("span", { title: one.file }, one.file.split("/").at(-1)) },
  { name: "State", cell: ending },
  { name: "Ends", cell: (one) => (one.expires === null ? "never" : time(one.expires)) },
  { name: "On", class: "faint", cell: (one) => (one.expires === null ? "" : absolute(one.expires)) },
  { name: "Serves", cell: (one) => one.place },
  { name: "As", cell: (one) => one.use },
  { name: "Subject", class: "url", cell: (one) => one.subject ?? "–" },
  { name: "Names", class: "url faint", cell: (one) => one.names.join(", ") },
];

export function certificatesPage(main, signal) {
  const place = simplePage(main, "Certificates", "The files that handshakes are done with now. A file that changes is read again by itself.");
  keepReading("/certificates", place, signal, (found) => fill(place, silentNodes(found), found.certificates.length
    ? plainTable("Certificates", COLUMNS, found.certificates)
    : empty("No certificates are in use.", "Stations connect without TLS: give the listener tls.certificate and tls.key. `ocpp-gateway certs server` makes both to try it.")));
}
