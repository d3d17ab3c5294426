// The picture that is there, and what the shopper does with it.

import { button, h } from "./dom.js";
import { labelled } from "./photos.js";
import { comparison, question } from "./views.js";

const KEPT_MS = 60_000;

export class Result {
  /** `onlost` is called when the picture does not load, `onagain` for another try-on, `onforget` to delete the photo. */
  constructor({ host, panel, client, job, person, onlost, onagain, onforget }) {
    Object.assign(this, { host, panel, client, job, say: host.say });
    const { say } = host;
    this.asking = question({ say, onverdict: (verdict) => this.#judge(verdict) });
    this.body = [
      comparison({ job, person, say, onlost }),
      this.asking,
      ...(person?.isOwn ? [button(say("photoDelete"), onforget, "link")] : []),
      h("slot", { name: "result" }),
    ];
    this.foot = [
      ...(host.cart ? [button(say("cart"), (event) => this.#cart(event.currentTarget), "primary", "button primary")] : []),
      button(say("download"), (event) => this.#download(event.currentTarget)),
      button(say("again"), onagain),
    ];
  }

  async #judge(verdict) {
    this.asking.hidden = true;
    this.panel.title.focus();
    try {
      await this.client.data(`results/${this.job.resultId}/feedback`, { json: { verdict } });
      this.panel.say(this.say("thanks"));
    } catch (error) {
      if (error.status === undefined) throw error;
      this.panel.complain(this.host.wordsOf(error));
    }
  }

  async #download(pressed) {
    const { resultImageUrl, aiLabel } = this.job;
    const link = h("a", { download: "try-on.jpg" });
    pressed.disabled = true;
    try {
      link.href = URL.createObjectURL(await labelled(resultImageUrl, aiLabel));
      setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
    } catch {
      // The store does not let pages read pictures: the file as it is, with its note for machines.
      Object.assign(link, { href: resultImageUrl, target: "_blank", rel: "noopener" });
      this.panel.say(this.say("downloadFailed"));
    }
    pressed.disabled = false;
    pressed.focus();
    link.click();
  }

  /** Ask the page to put the product into its cart: it answers by `respondWith`. */
  async #cart(pressed) {
    let answer;
    const respondWith = (given) => {
      answer = given;
    };
    const { id, resultId } = this.job;
    this.host.fire("cart", { jobId: id, resultId, respondWith });
    pressed.disabled = true;
    const { ok, message, cartUrl } = (await Promise.resolve(answer).catch(() => undefined)) ?? {};
    pressed.disabled = false;
    pressed.focus();
    if (!ok) {
      this.panel.complain(message ?? this.say("cartFailed"));
      return;
    }
    this.panel.say(message ?? this.say("cartDone"));
    const address = cartUrl && new URL(cartUrl, document.baseURI);
    if (!address || !/^https?:$/.test(address.protocol)) return;
    this.panel.news.append(" ", h("a", { href: address.href, part: "cart-link" }, this.say("cartOpen")));
  }
}
