// The two pickers: radio buttons in lists that are shown a few rows at a time and grow on demand.

import { fetchModel, fetchModels } from "./api.js";
import { fetchHtml } from "./http.js";

const MORE_CARDS = 12;

/** A fieldset of photo cards. Subclasses know the source of further cards. */
class Picker {
  constructor(fieldset) {
    this.fieldset = fieldset;
    this.group = fieldset.dataset.group;
    this.list = fieldset.querySelector(".cards");
    this.problem = fieldset.querySelector(".picker-problem");
    this.limit = this.firstLimit = Number(this.list.dataset.first);
    this.moreButton = fieldset.querySelector(".more button");
    this.moreButton.addEventListener("click", () => this.showMore());
    this.list.addEventListener("change", () => this.complain(""));
    this.render();
  }

  /** Return the chosen photo, or undefined. */
  get chosen() {
    const input = this.list.querySelector("input[type=radio]:checked");
    return input ? JSON.parse(input.dataset.photo) : undefined;
  }

  /** Return a photo of the list, or undefined. */
  photo(id) {
    const input = this.inputOf(id);
    return input ? JSON.parse(input.dataset.photo) : undefined;
  }

  /** Choose a photo if it is in the list. */
  choose(id) {
    const input = this.inputOf(id);
    if (input) input.checked = true;
    this.render();
  }

  inputOf(id) {
    return this.list.querySelector(`input[type=radio][value="${CSS.escape(id)}"]`);
  }

  complain(message) {
    this.problem.textContent = message;
    this.problem.hidden = message === "";
  }

  /** Name the missing choice, and take the reader there. */
  ask(message) {
    this.complain(message);
    this.fieldset.scrollIntoView({ block: "start" });
    this.list.querySelector(".card:not([hidden]) input")?.focus({ preventScroll: true });
  }

  get cards() {
    return [...this.list.querySelectorAll(".card")];
  }

  fits() {
    return true;
  }

  // A chosen card is never hidden: browsers take a radio group out of the tab order with it.
  render() {
    let shown = this.list.querySelectorAll(".upload").length;
    for (const card of this.cards) {
      const visible = this.fits(card) && shown < this.limit;
      card.hidden = !visible && !card.querySelector("input").checked;
      if (visible) shown += 1;
    }
    this.moreButton.hidden = !this.hasHiddenCards && !this.hasFurther;
  }

  get hasHiddenCards() {
    return this.cards.some((card) => card.hidden && this.fits(card));
  }

  async showMore() {
    const before = new Set(this.cards.filter((card) => !card.hidden));
    this.limit += MORE_CARDS;
    this.render();
    if (!this.hasHiddenCards && this.hasFurther) await this.load();
    this.cards.find((card) => !card.hidden && !before.has(card))?.querySelector("input").focus();
  }

  /** Fetch further cards. After an error, show it and keep the button. */
  async load() {
    this.moreButton.disabled = true;
    try {
      await this.fetchFurther();
      this.complain("");
    } catch (error) {
      this.complain(error.message);
    } finally {
      this.moreButton.disabled = false;
    }
    this.render();
  }

  add(photo, { first = false } = {}) {
    const card = cardFor(photo, this.group);
    const uploadCard = this.list.querySelector(".upload");
    if (first && uploadCard) uploadCard.after(card);
    else this.list.append(card);
  }
}

/** The catalogue: Django renders its cards, page by page. */
export class GarmentPicker extends Picker {
  /** Return the second garment of an outfit, or undefined. */
  get second() {
    const { value } = document.getElementById("second");
    return value === this.chosen?.id ? undefined : this.photo(value);
  }

  /** Choose the second garment of an outfit; "" for none. */
  chooseSecond(id) {
    document.getElementById("second").value = this.inputOf(id) ? id : "";
  }

  // Each garment of the list may be the second one too.
  render() {
    super.render();
    const select = document.getElementById("second");
    const { value } = select;
    const photos = this.cards.map((card) => JSON.parse(card.querySelector("input").dataset.photo));
    select.replaceChildren(select.options[0], ...photos.map(({ id, name }) => new Option(name, id)));
    this.chooseSecond(value);
  }

  get hasFurther() {
    return this.list.querySelector(".more-follow") !== null;
  }

  async fetchFurther() {
    const marker = this.list.querySelector(".more-follow");
    const html = await fetchHtml(marker.dataset.next);
    // eslint-disable-next-line no-restricted-properties -- Django rendered this page of cards and escaped it
    marker.insertAdjacentHTML("afterend", html);
    marker.remove();
  }
}

/** The library of model photos, by category, through the API. */
export class ModelPicker extends Picker {
  constructor(fieldset) {
    super(fieldset);
    this.empty = fieldset.querySelector(".empty");
    this.pills = fieldset.querySelector(".pills");
    this.pills.hidden = false;
    this.pills.addEventListener("change", () => this.switchCategory());
    // Firefox restores the pill of an earlier visit on reload.
    if (this.category) this.switchCategory();
  }

  get category() {
    return this.fieldset.querySelector("input[name=category]:checked").value;
  }

  // A category that was not shown yet starts at page 1.
  get nextPage() {
    this.nextPages ??= new Map([["", Number(this.list.dataset.nextPage)]]);
    return this.nextPages.get(this.category) ?? (this.nextPages.get("") ? 1 : 0);
  }

  get hasFurther() {
    return this.nextPage > 0;
  }

  fits(card) {
    const { category } = card.dataset; // the visitor's own photo has none
    return this.category === "" || category === "" || category === this.category;
  }

  async switchCategory() {
    this.limit = this.firstLimit;
    this.render();
    const fitting = this.cards.filter((card) => this.fits(card)).length;
    if (fitting < this.limit && this.hasFurther) await this.load();
    this.empty.hidden = this.cards.some((card) => this.fits(card));
  }

  async fetchFurther() {
    const { category, nextPage: page } = this;
    const pageSize = this.fieldset.dataset.pageSize;
    const { data, meta } = await fetchModels({ category, page, pageSize });
    this.nextPages.set(category, page < meta.pages ? page + 1 : 0);
    for (const model of data) {
      // New photos push known ones onto the next page.
      if (!this.inputOf(model.id)) this.add(this.photoOf(model));
    }
  }

  /** Return a photo of the library, also of a later page; undefined for one that is gone. */
  async find(id) {
    return this.photo(id) ?? fetchModel(id).then((model) => this.photoOf(model), () => undefined);
  }

  photoOf({ id, name, category, thumbnailUrl, imageUrl }) {
    const pill = this.pills.querySelector(`input[value="${category}"] + span`);
    return { id, name, category, note: pill.textContent, thumbnail: thumbnailUrl, picture: imageUrl };
  }
}

function cardFor(photo, group) {
  const card = document.getElementById("card").content.firstElementChild.cloneNode(true);
  const input = card.querySelector("input");
  card.dataset.category = photo.category ?? "";
  Object.assign(input, { name: group, value: photo.id });
  input.dataset.photo = JSON.stringify(photo);
  card.querySelector("img").src = photo.thumbnail;
  card.querySelector(".card-name").textContent = photo.name;
  card.querySelector(".card-note").textContent = photo.note;
  return card;
}
