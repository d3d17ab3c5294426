// <try-on>: the button for a product's page, and the fitting room behind it. docs/storefront/widget.md describes it.

import { Client } from "./client.js";
import { h, tell } from "./dom.js";
import { Room } from "./room.js";
import styles from "./styles.css" with { type: "css" };
import { wordsIn } from "./texts.js";

const TEXTS = ["api", "consent", "consent-version", "key", "mode", "models", "photo", "product", "publishable-key", "theme", "token"];
// Beside the script, wherever the service lies.
const API = new URL("../../../api/tryon/", import.meta.url).href;
const OWN_WORDS = ["offline", "unexpected", "session_over", "no_product", "canceled", "gone"];
const LABELS = { working: "openWorking", result: "openReady" };

export class TryOn extends HTMLElement {
  static version = "1.0.0";

  static observedAttributes = ["api", "cart", "consent", "key", "lang", "models", "photo", "product", "publishable-key", "texts", "token"];

  #room;
  #texts = {};
  #isPlanned = false;
  #label = h("slot", { name: "open" });
  #button = h("button", { type: "button", class: "primary", part: "open", "aria-haspopup": "dialog", onclick: () => this.open() }, this.#label);

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styles];
    root.append(this.#button);
  }

  connectedCallback() {
    // A page may have set properties before this script came.
    for (const name of [...TEXTS.map(propertyOf), "cart", "texts"]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#furnish();
  }

  disconnectedCallback() {
    this.#room?.end();
    this.#room?.panel.dialog.remove();
    this.#room = undefined;
  }

  attributeChangedCallback(name, before, after) {
    if (name === "texts") this.texts = parsed(after);
    else if (this.#room && before !== after) {
      if (name === "product") this.#room.switchTo(this.product);
      else this.#refurnish();
    }
  }

  /** Open the fitting room. */
  open() {
    this.#room?.open();
  }

  /** Close it. A try-on under way goes on, unless `cancel` is true. */
  close(options) {
    this.#room?.close(options);
  }

  /** Go back to the choice of a photo. */
  reset() {
    this.#room?.reset();
  }

  /** Ask once more for what has failed. */
  retry() {
    this.#room?.retry();
  }

  /** Return "choice", "working", "result" or "problem". */
  get state() {
    return this.#room?.state ?? "choice";
  }

  /** Words in the place of the widget's own, by their names. */
  get texts() {
    return this.#texts;
  }

  set texts(words) {
    this.#texts = { ...words };
    if (this.#room) this.#refurnish();
  }

  get cart() {
    return this.hasAttribute("cart");
  }

  set cart(has) {
    this.toggleAttribute("cart", Boolean(has));
  }

  /** Return the publishable key. React and Vue keep an attribute called key for themselves. */
  get shopKey() {
    return this.key || this.publishableKey;
  }

  /** Return the language of the element, or of the page around it. */
  get language() {
    return this.lang || this.closest("[lang]")?.lang || document.documentElement.lang || navigator.language;
  }

  // Several attributes that change together furnish one room.
  #refurnish() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      if (!this.#room) return;
      const isOpen = this.#room.panel.isOpen;
      this.disconnectedCallback();
      this.#furnish();
      if (isOpen) this.#room.open();
    });
  }

  #furnish() {
    const words = wordsIn(this.language, this.texts);
    this.say = (name, filled = {}) => words[name]?.replace(/\{(\w+)\}/g, (_, word) => filled[word]) ?? name;
    const client = new Client({ api: this.api || API, key: this.shopKey, token: this.token, language: () => this.language });
    this.#room = new Room(this, { client, say: this.say });
    this.shadowRoot.append(this.#room.panel.dialog);
  }

  /** Tell the page: not for pages to call. */
  fire(name, detail) {
    this.dispatchEvent(new CustomEvent(`tryon:${name}`, { detail: { product: this.product, ...detail }, bubbles: true, composed: true }));
  }

  /** Take note of the room's state: not for pages to call. */
  entered(state) {
    this.setAttribute("state", state);
    tell(this.#label, this.say(LABELS[state] ?? "open"));
  }

  /** Return an error in the shopper's words: not for pages to call. */
  wordsOf({ code, message, status }) {
    if (OWN_WORDS.includes(code)) return this.say(code);
    // The page or its key is wrong: a shopper can do nothing about it.
    if (code === "validation_error") return this.say("unavailable");
    return status === 401 || status === 403 || !message ? this.say(message ? "unavailable" : "unexpected") : message;
  }
}

function propertyOf(attribute) {
  return attribute.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

function parsed(text) {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
}

for (const attribute of TEXTS) {
  Object.defineProperty(TryOn.prototype, propertyOf(attribute), {
    get() {
      return this.getAttribute(attribute) ?? "";
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(attribute);
      else this.setAttribute(attribute, value);
    },
  });
}

if (!customElements.get("try-on")) customElements.define("try-on", TryOn);
