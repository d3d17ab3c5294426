// Keys by their place on the keyboard (`event.code`), and the dialog in which a person chooses them.

const ARROWS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
const SIGNS = { Equal: "=", Minus: "-", Comma: ",", Period: ".", Slash: "/", Semicolon: ";", Quote: "'" };
const UNUSABLE = /^(Tab|Enter|Escape|Shift|Control|Alt|Meta|CapsLock|ContextMenu|Lang|Convert|NonConvert|KanaMode)/;

/** Return the words on a key, as a keyboard with Latin letters has them. */
export function keyName(code) {
  return ARROWS[code] ?? SIGNS[code] ?? code.replace(/^(Key|Digit)/, "");
}

/** The keys of a person, and their dialog. */
export class KeySettings {
  #dialog;
  #defaults;
  #say;
  #save;
  #changed;
  #draft;
  #waiting;

  constructor(dialog, { keys, defaults, say, save, changed }) {
    this.chosen = keys;
    this.#dialog = dialog;
    this.#defaults = defaults;
    this.#say = say;
    this.#save = save;
    this.#changed = changed;
    dialog.addEventListener("click", (event) => this.#click(event));
    dialog.addEventListener("keydown", (event) => this.#press(event));
    dialog.addEventListener("close", () => this.#wait(undefined));
  }

  actionOf(code) {
    return Object.keys(this.chosen).find((action) => this.chosen[action] === code);
  }

  open() {
    this.#draft = { ...this.chosen };
    this.#show();
    this.#tell("");
    this.#dialog.showModal();
  }

  #click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.choose) this.#wait(button);
    else if (button.id === "review-keys-reset") {
      this.#draft = { ...this.#defaults };
      this.#show();
    } else if (button.id === "review-keys-save") void this.#store();
  }

  #wait(button) {
    this.#waiting = button;
    if (this.#draft) this.#show();
    if (button) button.textContent = this.#say("pressKey");
  }

  #press(event) {
    if (!this.#waiting || event.code === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.code === "Escape") return this.#wait(undefined);
    const action = this.#waiting.dataset.choose;
    const other = Object.keys(this.#draft).find((name) => name !== action && this.#draft[name] === event.code);
    if (UNUSABLE.test(event.code)) return this.#tell(this.#say("keyUnusable"));
    if (other) return this.#tell(this.#say("keyTaken", { action: this.#nameOf(other) }));
    this.#draft[action] = event.code;
    this.#tell("");
    this.#wait(undefined);
  }

  async #store() {
    const { kind, error } = await this.#save(this.#draft);
    if (kind !== "done") return this.#tell(error?.message ?? this.#say("failed"));
    this.chosen = { ...this.#draft };
    this.#changed(this.chosen);
    this.#tell(this.#say("keysSaved"));
  }

  #nameOf(action) {
    return this.#dialog.querySelector(`#review-key-${action}`).textContent;
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
