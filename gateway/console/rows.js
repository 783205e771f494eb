// A table of thousands of rows of which only those in sight are elements.

import { fill, h } from "./dom.js";

const HEIGHT = 36;
const MORE = 12;

/** `columns`: {name, class, cell(row)}; `key(row)`; `href(row)`: where a row leads, if anywhere, from its first column; `label`
 * names the table. Gives {element, show(rows, nothing)}: a row that is the same object is not drawn again. */
export function rows({ columns, key, href, label, layout }) {
  let all = [];
  let drawn = new Map();
  const space = h("div", { class: "rows-space", role: "presentation" });
  const head = h("div", { class: "row head", role: "row" },
    columns.map((column) => h("span", { class: `cell ${column.class ?? ""}`, role: "columnheader" }, column.name)));
  const body = h("div", { class: "rows-body", role: "rowgroup" }, space);
  const element = h("div", { class: `rows ${layout}`, role: "table", "aria-label": label, tabindex: "0" },
    h("div", { class: "rows-head", role: "rowgroup" }, head), body);
  const hollow = h("div", { class: "rows-empty", hidden: true });
  const whole = h("div", { class: "rows-frame" }, element, hollow);

  function draw() {
    const first = Math.max(0, Math.floor(element.scrollTop / HEIGHT) - MORE);
    const last = Math.min(all.length, Math.ceil((element.scrollTop + element.clientHeight) / HEIGHT) + MORE);
    const kept = new Map();
    for (let index = first; index < last; index += 1) {
      const row = all[index];
      const id = key(row);
      const before = drawn.get(id);
      const made = before?.row === row ? before : { row, element: make(row, before?.element) };
      if (made.index !== index) {
        made.index = index;
        made.element.style.setProperty("--top", `${index * HEIGHT}px`);
        made.element.setAttribute("aria-rowindex", index + 2);
      }
      kept.set(id, made);
      drawn.delete(id);
    }
    for (const old of drawn.values()) old.element.remove();
    for (const one of kept.values()) if (one.element.parentNode !== space) space.append(one.element);
    drawn = kept;
  }

  /** A row that has changed keeps its element, so that the focus stays where it is. */
  function make(row, element = h("div", { class: "row", role: "row" })) {
    const focused = element.contains(document.activeElement);
    fill(element, columns.map((column, place) => {
      const inside = column.cell(row);
      const linked = place === 0 && href ? h("a", { href: href(row) }, inside) : inside;
      return h("span", { class: `cell ${column.class ?? ""}`, role: "cell", title: column.title?.(row) }, linked);
    }));
    if (focused) element.querySelector("a")?.focus({ preventScroll: true });
    return element;
  }

  function focus(index) {
    if (index < 0 || index >= all.length) return;
    const top = index * HEIGHT;
    const room = element.clientHeight - head.offsetHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + HEIGHT > element.scrollTop + room) element.scrollTop = top + HEIGHT - room;
    draw();
    drawn.get(key(all[index]))?.element.querySelector("a")?.focus({ preventScroll: true });
  }

  element.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(element);
  element.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || !href) return;
    event.preventDefault();
    const inside = document.activeElement.closest(".row");
    const now = [...drawn.values()].find((one) => one.element === inside)?.index ?? -1;
    const to = now === -1 && step !== Infinity ? 0 : now + step;
    focus(Math.max(0, Math.min(all.length - 1, to)));
  });

  function show(rows, nothing) {
    all = rows;
    element.setAttribute("aria-rowcount", rows.length + 1);
    space.style.setProperty("--height", `${rows.length * HEIGHT}px`);
    hollow.hidden = rows.length > 0 || !nothing;
    if (!hollow.hidden) fill(hollow, nothing);
    draw();
  }
  return { element: whole, show };
}
