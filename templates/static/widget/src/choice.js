// The choice of a person: a photo of the shopper, with their consent, or a model of the library.

import { randomKey } from "./client.js";
import { button, h } from "./dom.js";
import { shrunk } from "./photos.js";
import { stored } from "./stored.js";

// Of the words of the widget's own consent. Change it with them.
const CONSENT_VERSION = "try-on-2026-12";
const TYPES = "image/jpeg,image/png,image/webp,image/avif,image/heic,image/heif";
const PAGE_SIZE = 12;
const CATEGORIES = ["full_body", "upper_body", "lower_body"];

export class Choice {
  #busy = false;
  #request = {};

  /** `host` is the element, `panel` its window. */
  constructor({ host, panel, client, say }) {
    Object.assign(this, { host, panel, client, say, person: undefined });
    this.kept = stored(`photo ${host.shopKey}`); // its id
    const wants = host.photo.split(/[\s,]+/).filter(Boolean);
    this.wantsOwn = !wants.length || wants.includes("own");
    this.wantsLibrary = !wants.length || wants.includes("library");
    this.cards = h("div", { class: "cards" });
    this.more = button(say("more"), () => this.#addMore());
    this.more.hidden = true;
    this.own = h("section", { class: "own", part: "own" });
    this.library = h("fieldset", { part: "models" }, h("legend", {}, say(this.wantsOwn ? "models" : "modelsOnly")), this.cards, this.more);
  }

  get parts() {
    return [this.wantsOwn ? this.own : undefined, this.wantsLibrary ? this.library : undefined].filter(Boolean);
  }

  /** Fetch the shopper's photo of before and the models. */
  async load() {
    await Promise.all([this.wantsOwn && this.#loadOwn(), this.wantsLibrary && this.#loadModels()]);
  }

  async #loadOwn() {
    const id = this.kept.read();
    const photo = id && (await this.client.person({ shopperPhotoId: id }));
    if (id && !photo) this.kept.clear();
    if (this.host.consent !== "external") this.hours = await this.client.session.hours().catch(() => 0);
    this.#showOwn(photo || undefined);
  }

  async #loadModels() {
    const names = this.host.models.split(/[\s,]+/).filter(Boolean);
    this.query = { pageSize: PAGE_SIZE };
    if (CATEGORIES.includes(names[0])) [this.query.category] = names;
    else if (names.length) {
      const found = await Promise.all(names.map((id) => this.client.person({ modelImageId: id })));
      this.#append(found.filter(Boolean));
      return;
    }
    await this.#add();
  }

  /** Add the next page of the library. Return its first card's button. */
  async #add() {
    this.more.disabled = true;
    try {
      const { data, meta } = await this.client.models(this.query);
      this.query = { ...this.query, after: meta.next };
      this.more.hidden = !meta.next;
      return this.#append(data.map(({ id, name, imageUrl, thumbnailUrl }) => ({ id, name, picture: imageUrl, thumbnail: thumbnailUrl })));
    } finally {
      this.more.disabled = false;
    }
  }

  async #addMore() {
    try {
      const first = await this.#add();
      first?.focus();
    } catch (error) {
      if (error.status === undefined) throw error;
      this.panel.complain(this.host.wordsOf(error));
    }
  }

  /** Add cards of models. Return the first one's button. */
  #append(models) {
    const cards = models.map((model) => this.#card(model));
    this.cards.append(...cards);
    return cards[0]?.querySelector("input");
  }

  #card(person) {
    const radio = h("input", { type: "radio", name: "person", value: person.id, onchange: () => this.choose(person) });
    radio.checked = this.person?.id === person.id;
    const picture = h("img", { src: person.thumbnail ?? person.picture, alt: "", loading: "lazy", decoding: "async" });
    return h("label", { class: "tile", part: "model" }, radio, picture, h("span", {}, person.name));
  }

  choose(person) {
    this.person = person;
    this.panel.complain("");
    this.host.fire("photo", { source: person.isOwn ? "own" : "library", id: person.id });
  }

  #showOwn(photo) {
    this.own.replaceChildren(...(photo ? this.#mine(photo) : this.#asking()));
  }

  #asking() {
    const { say } = this;
    const isOurs = this.host.consent !== "external";
    const file = h("input", { type: "file", accept: TYPES, "aria-label": say("own") });
    this.agreed = h("input", { type: "checkbox", onchange: () => this.panel.complain("") });
    file.addEventListener("click", (event) => {
      if (this.#consent()) return;
      event.preventDefault();
      this.panel.complain(say(isOurs ? "consentFirst" : "consentByShop"));
      if (isOurs) this.agreed.focus();
      else this.host.fire("consent", { state: "needed", version: "" });
    });
    file.addEventListener("change", () => {
      const [chosen] = file.files;
      file.value = "";
      if (chosen) this.#send(chosen);
    });
    const words = h("span", {}, h("slot", { name: "consent" }, say(this.hours ? "consent" : "consentSoon", { hours: this.hours })));
    return [
      ...(isOurs ? [h("label", { class: "agree", part: "consent" }, this.agreed, words)] : []),
      h("label", { class: "tile drop", part: "own-photo" }, file, h("span", {}, say("own"), h("small", {}, say("ownHint")))),
    ];
  }

  /** Return the version of the text that the shopper has agreed to, empty while they have not. */
  #consent() {
    if (this.host.consent === "external") return this.host.consentVersion;
    return this.agreed.checked ? this.host.consentVersion || CONSENT_VERSION : "";
  }

  #mine(photo) {
    const until = new Date(photo.expiresAt).toLocaleString(this.host.language, { dateStyle: "medium", timeStyle: "short" });
    const card = this.#card({ ...photo, isOwn: true, name: this.say("ownPhoto") });
    card.querySelector("input").checked = true;
    this.person = { ...photo, isOwn: true };
    const note = h("p", { class: "soft" }, this.say("photoUntil", { time: until }));
    return [h("div", { class: "mine" }, card, h("div", {}, note, button(this.say("photoDelete"), () => this.forget(), "link")))];
  }

  async #send(file) {
    const version = this.#consent();
    if (this.#busy || !version) return;
    this.#busy = true;
    this.own.inert = true;
    this.panel.say(this.say("sending"));
    this.host.fire("consent", { state: "given", version });
    // The same photo once more, after a lost answer: the same request.
    const name = `${file.name} ${file.size} ${file.lastModified}`;
    if (this.#request.name !== name) this.#request = { name, key: randomKey(), blob: shrunk(file) };
    try {
      const photo = await this.client.sendPhoto(this.#request.key, await this.#request.blob, version);
      this.#request = {};
      this.kept.write(photo.id);
      this.#showOwn({ id: photo.id, picture: photo.processedUrl, expiresAt: photo.expiresAt });
      this.panel.say([this.say("photoReady"), ...photo.warnings.map(({ message }) => message)].join(" "));
      this.host.fire("photo", { source: "own", id: photo.id, warnings: photo.warnings });
      this.own.querySelector("input").focus();
    } catch (error) {
      if (error.isOpen === undefined) throw error;
      if (!error.isOpen) this.#request = {};
      const message = this.host.wordsOf(error);
      this.panel.complain(message);
      this.host.fire("error", { code: error.code, message, retryable: error.retryable });
    } finally {
      this.#busy = false;
      this.own.inert = false;
    }
  }

  /** Delete the shopper's photo with all pictures of it. Return whether that was done. */
  async forget() {
    try {
      await this.client.data(`shopper-photos/${this.kept.read()}`, { method: "DELETE" });
    } catch (error) {
      if (error.status === undefined) throw error;
      if (error.status !== 404) {
        this.panel.complain(this.host.wordsOf(error));
        return false;
      }
    }
    this.kept.clear();
    if (this.person?.isOwn) this.person = undefined;
    this.#showOwn();
    this.panel.say(this.say("photoDeleted"));
    return true;
  }
}
