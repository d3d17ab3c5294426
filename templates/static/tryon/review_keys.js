// Keys by their place on the keyboard (`event.code`), and the dialog in which a person chooses them.

import { say } from "./review_texts.js";

const ARROWS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
const SIGNS = { Equal: "=", Minus: "-", Comma: ",", Period: ".", Slash: "/", Semicolon: ";", Quote: "'" };
const UNUSABLE = /^(Tab|Enter|Escape|Shift|Control|Alt|Meta|CapsLock|ContextMenu|Lang|Convert|NonConvert|KanaMode)/;

/** Return the words on a key, as a keyboard with Latin letters has them. */
function keyName(code) {
  return ARROWS[code] ?? SIGNS[code] ?? code.replace(/^(Key|Digit)/, "");
}

function contentOf(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** The keys of a person, and their dialog. */
export class KeySettings {
  #dialog;
  #chosen = contentOf("review-own-keys");
  #defaults = contentOf("review-default-keys");
  #save;
  #buttons;
  #draft;
  #waiting;

  /** The dialog is in `root`. The `buttons` of the page show the keys of their actions. */
  constructor(root, service, buttons) {
    this.#dialog = root.querySelector("#review-keys");
    this.#save = (keys) => service.call(root.dataset.keys, { keys });
    this.#buttons = buttons;
    this.#dialog.addEventListener("click", (event) => this.#click(event));
    this.#dialog.addEventListener("keydown", (event) => this.#press(event));
    this.#dialog.addEventListener("close", () => this.#wait(undefined));
    this.#showChosen();
  }

  actionOf(code) {
    return Object.keys(this.#chosen).find((action) => this.#chosen[action] === code);
  }

  open() {
    this.#draft = { ...this.#chosen };
    this.#show();
    this.#tell("");
    this.#dialog.showModal();
  }

  #click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.choose) this.#wait(button);
    else if ("close" in button.dataset) this.#dialog.close();
    else if (button.id === "review-keys-reset") {
      this.#draft = { ...this.#defaults };
      this.#show();
    } else if (button.id === "review-keys-save") void this.#store();
  }

  #wait(button) {
    this.#waiting = button;
    if (this.#draft) this.#show();
    if (button) button.textContent = say("pressKey");
  }

  #press(event) {
    if (!this.#waiting || event.code === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.code === "Escape") return this.#wait(undefined);
    const action = this.#waiting.dataset.choose;
    const other = Object.keys(this.#draft).find((name) => name !== action && this.#draft[name] === event.code);
    if (UNUSABLE.test(event.code)) return this.#tell(say("keyUnusable"));
    if (other) return this.#tell(say("keyTaken", { action: this.#nameOf(other) }));
    this.#draft[action] = event.code;
    this.#tell("");
    this.#wait(undefined);
  }

  async #store() {
    const { kind, error } = await this.#save(this.#draft);
    if (kind !== "done") return this.#tell(error?.message ?? say("failed"));
    this.#chosen = { ...this.#draft };
    this.#showChosen();
    this.#tell(say("keysSaved"));
  }

  #nameOf(action) {
    return this.#dialog.querySelector(`#review-key-${action}`).textContent;
  }

  #showChosen() {
    for (const button of this.#buttons) {
      button.querySelector("kbd").textContent = keyName(this.#chosen[button.dataset.action]);
    }
  }

  #show() {
    for (const button of this.#dialog.querySelectorAll("[data-choose]")) {
      button.textContent = keyName(this.#draft[button.dataset.choose]);
    }
  }

  #tell(words) {
    this.#dialog.querySelector("#review-keys-said").textContent = words;
  }
}
