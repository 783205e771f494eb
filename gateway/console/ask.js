// Questions before something is done, and what came of it.

import { button, failure, fill, h } from "./dom.js";

/** A dialog that asks before it does. `fields`: nodes; `work()` may throw a Problem, which is shown in place; its result is
 * what the promise gives, null when it was called off. */
export function confirm({ title, text, fields = [], verb, danger = false, work }) {
  return new Promise((settle) => {
    let result = null;
    const wrong = h("div", { class: "dialog-wrong" });
    const form = h("form", { class: "dialog-form" },
      h("h2", { id: "dialog-title" }, title),
      text ? h("p", { class: "dialog-text" }, text) : null,
      fields,
      wrong,
      h("div", { class: "dialog-end" },
        button("Cancel", () => dialog.close(), { class: "quiet" }),
        h("button", { type: "submit", class: danger ? "danger" : "primary" }, verb)));
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const submit = event.submitter ?? form.querySelector("[type=submit]");
      submit.disabled = true;
      fill(wrong);
      try {
        result = await work();
        dialog.close();
      } catch (problem) {
        fill(wrong, failure(problem));
      } finally {
        submit.disabled = false;
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      settle(result);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

let fading = 0;

/** A sentence at the bottom of the page, for some seconds. */
export function tell(text) {
  const place = document.getElementById("told");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => place.classList.remove("shown"), 5000);
}

/** The token, from a person. `again`: the one before was not right. */
export function askForToken(again) {
  return new Promise((settle) => {
    const input = h("input", { type: "password", name: "token", autocomplete: "current-password", required: true });
    const form = h("form", { class: "dialog-form" },
      h("h2", { id: "login-title" }, "Sign in"),
      h("p", { class: "dialog-text" }, "This gateway asks for its admin token: ", h("code", null, "admin.token"),
        " of its configuration. It stays in this tab."),
      again ? failure({ message: "This token is not the one." }) : null,
      h("label", { class: "field" }, h("span", { class: "field-name" }, "Token"), input),
      h("div", { class: "dialog-end" }, h("button", { type: "submit", class: "primary" }, "Sign in")));
    const dialog = h("dialog", { "aria-labelledby": "login-title", class: "login" }, form);
    // There is nothing to see without it.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.remove();
      settle(input.value);
    });
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}
