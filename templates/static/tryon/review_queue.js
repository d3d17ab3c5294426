// The results in hand: the first is in front of the person, the others wait behind it with their pictures.

import { load } from "./review_view.js";

const AHEAD = 4;
const MOST_UNSENT = 2;
const MOST_NAMED = 6;

/** Fetches results before they are needed, and renews their leases. */
export class Queue {
  #items = [];
  #decided = new Set();
  #isFetching = false;
  #isOver = false;
  #service;
  #addresses;
  #unsent;
  #listener;

  /**
   * `addresses` are those of the service, `unsent` returns the ids of results whose calls are on their way.
   * `listener` has `changed()` for a new first result, `counted(data)`, `failed(kind)` and `lost()`.
   */
  constructor(service, addresses, unsent, listener) {
    this.#service = service;
    this.#addresses = addresses;
    this.#unsent = unsent;
    this.#listener = listener;
    setInterval(() => void this.#hold(), Number(addresses.renew) * 1000);
    window.addEventListener("pagehide", () => this.#leave());
  }

  get first() {
    return this.#items[0];
  }

  async fill() {
    const isEnough = this.#items.length >= AHEAD || this.#unsent().length > MOST_UNSENT;
    if (this.#isFetching || this.#isOver || isEnough) return;
    this.#isFetching = true;
    try {
      await this.#fetch();
    } finally {
      this.#isFetching = false;
    }
  }

  /** Take the first result, which is decided. */
  take() {
    const item = this.#items.shift();
    this.#decided.add(item.id);
    this.#listener.changed();
    void this.fill();
    return item;
  }

  putBack(item) {
    this.#decided.delete(item.id);
    item.pictures ??= load(item);
    // No more than the service lets one person have; the last ones come again.
    this.#items = [item, ...this.#items.filter(({ id }) => id !== item.id)].slice(0, AHEAD + 1);
    this.#listener.changed();
  }

  drop(id) {
    const isShown = this.first?.id === id;
    this.#items = this.#items.filter((item) => item.id !== id);
    if (isShown) this.#listener.changed();
    void this.fill();
  }

  get #ids() {
    return this.#items.map(({ id }) => id);
  }

  async #fetch() {
    const have = [...new Set([...this.#ids, ...this.#unsent()])].slice(0, MOST_NAMED);
    const body = { filter: this.#addresses.filter, have, want: AHEAD - this.#items.length };
    const { kind, data } = await this.#service.call(this.#addresses.next, body);
    if (kind !== "done") {
      this.#listener.failed(kind);
      return this.#fillLater(5);
    }
    const isFirst = this.#items.length === 0;
    for (const item of data.items) {
      if (!this.#decided.has(item.id) && !this.#ids.includes(item.id)) {
        this.#items.push({ ...item, pictures: load(item) });
      }
    }
    if (isFirst) this.#listener.changed();
    this.#listener.counted(data);
    // Nothing new: another person may let something go, or new results come.
    if (data.items.length === 0) this.#fillLater(10);
  }

  #fillLater(seconds) {
    setTimeout(() => void this.fill(), seconds * 1000);
  }

  async #hold() {
    const results = this.#ids.slice(0, MOST_NAMED);
    if (results.length === 0) return;
    const { data } = await this.#service.call(this.#addresses.hold, { results });
    for (const id of data?.lost ?? []) {
      if (this.first?.id === id) this.#listener.lost();
      this.drop(id);
    }
  }

  #leave() {
    this.#isOver = true;
    const form = new FormData();
    form.set("csrfmiddlewaretoken", this.#service.token);
    form.set("body", JSON.stringify({ results: this.#ids.slice(0, MOST_NAMED) }));
    if (this.first) navigator.sendBeacon(this.#addresses.leave, form);
  }
}
