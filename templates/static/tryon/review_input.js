// Keys and buttons of the review page.

import { buttons, part, root, slider } from "./review_page.js";

const TYPED_IN = "input:not([type=range], [type=checkbox]), textarea, select";

/**
 * Do what keys and buttons say. `acts` are functions by the names of their actions. A key that is held down does
 * those in `repeatable` again and again. `chosen` takes a reason or a way of a dialog.
 */
export function listen(keys, acts, repeatable, chosen) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const dialog = root.querySelector("dialog[open]");
    if (dialog) return pressIn(dialog, event);
    if (event.target instanceof HTMLElement && event.target.matches(TYPED_IN)) return;
    const action = keys.actionOf(event.code);
    if (!action) return;
    // The slider has its own arrows, and a button its own space.
    if (event.target === slider && event.code.startsWith("Arrow")) return;
    event.preventDefault();
    if (event.repeat && !(action in repeatable)) return;
    acts[action]();
  });
  for (const button of buttons) button.addEventListener("click", () => acts[button.dataset.action]());
  for (const button of root.querySelectorAll("dialog [data-reason], dialog [data-way], dialog [data-close]")) {
    button.addEventListener("click", () => {
      button.closest("dialog").close();
      if (!("close" in button.dataset)) chosen(button.dataset);
    });
  }
  part("#review-settings").addEventListener("click", () => keys.open());
}

function pressIn(dialog, event) {
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  if (digit === undefined || event.repeat || dialog.id === "review-keys") return;
  const button = [...dialog.querySelectorAll("li:not([hidden]) button")].find(
    (one) => one.querySelector("kbd").textContent === digit,
  );
  if (!button) return;
  event.preventDefault();
  button.click();
}
