// The way in: which page is shown, and what stands above all of them.

import { hasToken, onTokenWanted, signOut } from "./api.js";
import { askForToken } from "./ask.js";
import { empty, fill, h, mark } from "./dom.js";
import { fleet } from "./fleet-store.js";
import { backendsPage } from "./backends.js";
import { certificatesPage } from "./certificates.js";
import { fleetPage } from "./fleet.js";
import { migrationPage } from "./migration.js";
import { migrationsPage } from "./migrations.js";
import { mirrorPage } from "./mirror.js";
import { nodesPage } from "./nodes.js";
import { planPage } from "./plan.js";
import { stationPage } from "./station.js";
import { number } from "./words.js";

const PAGES = [["fleet", "Fleet"], ["migrations", "Migrations"], ["backends", "Backends"], ["mirror", "Followers"],
  ["nodes", "Nodes"], ["certificates", "Certificates"]];
// The first that matches; a page is `show(main, signal, ...captured)`, and `signal` aborts when another takes its place.
const ROUTES = [
  [/^\/?(?:fleet)?$/, "fleet", fleetPage], [/^\/stations\/(.+)$/, "fleet", stationPage],
  [/^\/migrations$/, "migrations", migrationsPage], [/^\/migrations\/-new$/, "migrations", planPage],
  [/^\/migrations\/(.+)$/, "migrations", migrationPage], [/^\/backends$/, "backends", backendsPage],
  [/^\/mirror(?:\/(.+))?$/, "mirror", mirrorPage], [/^\/nodes$/, "nodes", nodesPage],
  [/^\/certificates$/, "certificates", certificatesPage],
];

const main = document.getElementById("main");
const nav = document.getElementById("nav");
let leave = new AbortController();
let shown = null;

function route() {
  const address = location.hash.slice(1);
  if (address === "main") return main.focus();  // the skip link
  const path = address.split("?")[0].replace(/^\/fleet$/, "/");
  if (path === shown) return;  // only the filters have changed: the page has seen to it
  const known = shown !== null;
  shown = path;
  leave.abort();
  leave = new AbortController();
  const [pattern, section, show] = ROUTES.find(([one]) => one.test(path)) ?? [null, "", nowhere];
  for (const link of nav.children) {
    if (link.dataset.page === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const captured = pattern ? pattern.exec(path).slice(1).map(plain) : [];
  fill(main);
  main.scrollTop = 0;
  show(main, leave.signal, ...captured);
  const title = main.querySelector("h1")?.textContent;
  document.title = title ? `${title} · ocpp-gateway` : "ocpp-gateway";
  if (known) main.focus({ preventScroll: true });
}

function plain(part) {
  try {
    return part && decodeURIComponent(part);
  } catch {
    return part;
  }
}

function nowhere(place) {
  fill(place, h("h1", { class: "unseen" }, "Not found"), empty("There is no such page.", "The links above lead on."));
}

function live() {
  const well = fleet.state === "live";
  const text = well ? `${number(fleet.connected)} connected` : fleet.state ? `reconnecting: ${fleet.state}` : "connecting";
  const place = document.getElementById("live");
  const signature = `${well} ${text}`;
  if (place.dataset.said !== signature) {
    place.dataset.said = signature;
    fill(place, mark(well ? "ok" : "wait"), text);
  }
  document.getElementById("sign-out").hidden = !hasToken();
}

fill(nav, PAGES.map(([name, text]) => h("a", { href: `#/${name}`, data: { page: name } }, text)));
document.getElementById("sign-out").addEventListener("click", signOut);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
onTokenWanted(askForToken);
for (const event of ["state", "fleet"]) fleet.addEventListener(event, live);
addEventListener("hashchange", route);
fleet.begin();
live();
route();
