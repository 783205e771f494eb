// Elements out of data. Whatever comes from a station is text: nothing here ever reads markup.

/** An element. `props`: `class`, `on` (listeners by event), `data` (dataset), `style` (custom properties); any other name is
 * an attribute, left out when null or false. Children are nodes, texts, lists of them; null and false are left out. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/** The children of an element, replaced. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false)
    .map((one) => (one instanceof Node ? one : document.createTextNode(String(one))));
}

/** A button that says that it works, and where it failed. `work` may give a promise. */
export function button(text, work, props) {
  const { class: name = "", ...others } = props ?? {};
  const element = h("button", { type: "button", class: name, ...others }, text);
  element.addEventListener("click", async () => {
    if (element.getAttribute("aria-busy") === "true") return;
    element.setAttribute("aria-busy", "true");
    try {
      await work();
    } finally {
      element.removeAttribute("aria-busy");
    }
  });
  return element;
}

/** A labelled field: `control` gets the label's name. */
export function field(label, control, hint) {
  return h("label", { class: "field" }, h("span", { class: "field-name" }, label), control,
    hint ? h("span", { class: "hint" }, hint) : null);
}

/** A list to choose one of. `options`: texts, or [value, text]. */
export function select(options, value, props) {
  const element = h("select", props);
  setOptions(element, options, value);
  return element;
}

/** Other options; what was chosen stays chosen, for as long as it is there. */
export function setOptions(element, options, value = element.value) {
  const wanted = options.map((one) => (Array.isArray(one) ? one : [one, one]));
  const signature = JSON.stringify(wanted);
  if (element.dataset.options !== signature) {
    element.dataset.options = signature;
    fill(element, wanted.map(([key, text]) => h("option", { value: key }, text)));
  }
  element.value = wanted.some(([key]) => key === value) ? value : wanted[0]?.[0] ?? "";
}

/** What stands where there is nothing: what it means, and what to do. */
export function empty(title, ...more) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), more.map((one) => h("p", null, one)));
}

/** An error in its place. */
export function failure(problem) {
  return h("p", { class: "failure", role: "alert" }, mark("bad"), problem.message);
}

/** A shape that goes with a word: ok, busy, wait, bad, off, idle. */
export function mark(kind) {
  return h("span", { class: `mark ${kind}`, "aria-hidden": "true" });
}
