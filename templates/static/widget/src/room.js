// The fitting room: the way of one element from the choice to the picture.

import { Choice } from "./choice.js";
import { randomKey } from "./client.js";
import { button, h } from "./dom.js";
import { follow, isActive } from "./follow.js";
import { Panel } from "./panel.js";
import { Result } from "./result.js";
import { stored } from "./stored.js";
import { Working, insteadOf } from "./views.js";

const REFUSED = [401, 403];

export class Room {
  #watching = new AbortController();
  #told = "";
  #request;
  #again = () => {};

  /** `host` is the element. `client` and `say` are of its present key and language. */
  constructor(host, { client, say }) {
    Object.assign(this, { host, client, say, state: "choice" });
    this.panel = new Panel({ onleave: () => this.leave(), onclose: () => this.#closed() });
    this.choice = new Choice({ host, panel: this.panel, client, say });
    this.switchTo(host.product);
  }

  /** Show another product: its try-on, if there is one, else the choice. A try-on under way goes on. */
  switchTo(product) {
    this.#begin();
    Object.assign(this, { product, garment: undefined, person: undefined });
    // Of the request: its body, its key, its job's id, its end, and whether the shopper has canceled it.
    this.record = stored(`job ${this.host.shopKey} ${product}`);
    const record = this.record.read();
    this.#enter(record ? (record.isDone ? "result" : "working") : "choice");
    if (record && !record.isDone) this.#resume(record);
    else if (this.panel.isOpen) this.#show();
  }

  open() {
    if (this.panel.isOpen) return;
    this.panel.open();
    this.host.fire("open", {});
    if (this.state === "choice" || this.record.read()?.isDone) this.#show();
  }

  /** Close the window, and cancel the try-on if the shopper wants it. */
  close({ cancel = false } = {}) {
    if (cancel && this.state === "working") this.#giveUp();
    if (this.panel.isOpen) this.panel.close();
  }

  /** Close the window, or ask first whether to go on with a picture that is being made. */
  leave() {
    if (this.state !== "working" || this.panel.isAsking) this.close();
    else {
      const { say } = this;
      const answers = { onkeep: () => this.close(), onstop: () => this.close({ cancel: true }) };
      this.panel.ask({ question: say("ask"), keep: say("keep"), stop: say("stop"), ...answers });
    }
  }

  #closed() {
    this.panel.body.querySelector(".question")?.remove();
    this.notice = undefined;
    this.host.fire("close", { state: this.state });
  }

  /** Go back to the choice. A try-on under way goes on, and is not shown any more. */
  reset() {
    this.#begin();
    this.record.clear();
    this.#enter("choice");
    if (this.panel.isOpen) this.#show();
  }

  retry() {
    if (this.state === "problem") this.#again();
  }

  /** End all that goes on in the page. The job goes on. */
  end() {
    this.#watching.abort();
  }

  #begin() {
    this.#watching.abort();
    this.#watching = new AbortController();
    this.#request = undefined;
    this.#told = "";
    return this.#watching.signal;
  }

  #enter(state) {
    this.state = state;
    this.host.entered(state);
  }

  #show() {
    const record = this.record.read();
    if (record) this.#resume(record);
    else if (this.garment) this.#showChoice();
    else this.#load();
  }

  async #load() {
    const signal = this.#begin();
    const { say } = this;
    this.#display(say("title"), [h("p", { role: "status" }, say("loading"))]);
    try {
      const [garment] = await Promise.all([this.client.productPhoto(this.product), this.choice.load()]);
      if (signal.aborted) return;
      this.garment = garment;
      if (garment) this.#showChoice();
      else this.#fail({ code: "no_product", retryable: false });
    } catch (error) {
      if (!signal.aborted) this.#failed(error, () => this.#load());
    }
  }

  #showChoice() {
    this.#enter("choice");
    const { say } = this;
    const lead = h("div", { class: "lead" }, h("img", { src: this.garment.thumbnailUrl, alt: "" }), h("p", {}, h("slot", { name: "lead" }, say("lead"))));
    const foot = [button(say("go"), () => this.#start(), "primary", "button primary")];
    this.#display(say("title"), [lead, ...this.choice.parts, h("slot", { name: "notice" })], foot);
    this.panel.say(this.notice ?? "");
    this.notice = undefined;
  }

  #display(title, body, foot) {
    this.panel.show({ title, body, foot, state: this.state, close: this.say("close") });
  }

  #start() {
    const { person } = this.choice;
    if (!person) {
      this.panel.complain(this.say("chooseFirst"));
      return;
    }
    if (this.state === "working") return;
    const { mode } = this.host;
    this.person = person;
    this.#send({
      productImageId: this.garment.id,
      [person.isOwn ? "shopperPhotoId" : "modelImageId"]: person.id,
      ...(mode && { options: { mode } }),
    });
  }

  /** Ask for a try-on. Until an answer says how it has ended, the same wish is the same request: it is paid once. */
  async #send(wanted, isGivenUp = false) {
    const { record } = this;
    const kept = record.read();
    const isSame = kept && !kept.jobId && JSON.stringify(kept.wanted) === JSON.stringify(wanted);
    const request = { wanted, key: isSame ? kept.key : randomKey(), isGivenUp };
    const isKept = () => record.read()?.key === request.key; // the page may have reset it, for another
    record.write(request);
    const signal = this.#begin();
    this.#request = request;
    this.#showWorking();
    this.host.fire("start", { ...wanted });
    try {
      const made = await this.client.once(request.key, "generate", { json: wanted });
      if (isKept()) record.write({ ...record.read(), jobId: made.jobId });
      if (request.isGivenUp && signal.aborted) this.client.cancel(made.jobId).catch(() => {});
      else if (request.isGivenUp) this.#giveUp();
      else if (!signal.aborted) this.#watch(made.jobId, made);
    } catch (error) {
      if (error.isOpen === false && isKept()) record.clear();
      if (signal.aborted) return;
      if (error.code === "shopper_photo_not_found") this.choice.kept.clear();
      this.#failed(error, () => this.#send(wanted));
    }
  }

  /** Go on with a request of before: after a reload, or when its product is shown again. */
  async #resume({ wanted }) {
    const signal = this.#begin();
    this.#showWorking();
    const found = await this.client.person(wanted).catch(() => undefined);
    if (signal.aborted) return;
    this.person = found;
    this.#showWorking();
    const { jobId, isGivenUp, isDone } = this.record.read() ?? {}; // its answer may have come
    if (!jobId) this.#send(wanted, isGivenUp);
    else if (isGivenUp && !isDone) this.#giveUp();
    else this.#watch(jobId);
  }

  #showWorking() {
    this.#enter("working");
    this.view = new Working({ say: this.say, person: this.person, oncancel: () => this.#giveUp() });
    this.#display(this.say("working"), this.view.body, [this.view.cancel]);
  }

  async #watch(jobId, { waitReason, fallbacks = [] } = {}) {
    const signal = this.#begin();
    this.jobId = jobId;
    this.#offer(waitReason, fallbacks);
    this.view.showInstead(fallbacks);
    try {
      await follow(this.client, jobId, { signal, onJob: (job) => this.#hear(job), onTrouble: () => this.view.trouble() });
    } catch (error) {
      if (error.status === 404) this.#ended("gone", true);
      else this.#failed(error, () => this.#resume(this.record.read()));
    }
  }

  #hear(job) {
    if (isActive(job)) this.#progress(job);
    else if (job.status === "failed") this.#ended("", job.retryable, { code: job.errorCode, message: job.errorMessage });
    else if (job.status === "canceled") this.#canceled();
    else if (job.resultImageUrl) this.#showResult(job);
    else this.#ended("gone", true);
  }

  #progress({ status, progress, queuePosition, estimatedWaitTime, waitReason }) {
    const facts = { status, progress, queuePosition, estimatedWaitTime, waitReason };
    this.view.update(facts);
    if (this.#told === JSON.stringify(facts)) return;
    this.#told = JSON.stringify(facts);
    this.host.fire("progress", { jobId: this.jobId, ...facts });
  }

  /** Show that there is no picture, and forget the request: the next wish is another one. */
  #ended(code, retryable, more) {
    const { wanted } = this.record.read() ?? {};
    this.record.clear();
    this.#fail({ code, retryable: retryable && wanted !== undefined, ...more }, () => this.#send(wanted));
  }

  /** Go back to the choice, which says so. */
  #canceled() {
    this.record.clear();
    this.host.fire("error", { code: "canceled", message: this.say("canceled"), retryable: true, details: {} });
    this.notice = this.say("canceled");
    this.#enter("choice");
    if (this.panel.isOpen) this.#show();
  }

  /** Cancel the try-on. What may still make a job is canceled when its answer comes, also after a reload. */
  async #giveUp() {
    const kept = { ...this.record.read(), isGivenUp: true };
    this.record.write(kept);
    if (this.#request) this.#request.isGivenUp = true;
    if (!kept.jobId) return;
    const signal = this.#begin();
    try {
      const job = await this.client.cancel(kept.jobId);
      if (!signal.aborted) this.#hear(job);
    } catch (error) {
      if (error.status === undefined) throw error;
      if (!signal.aborted) this.#watch(kept.jobId); // it has just ended, or nobody hears us
    }
  }

  #showResult(job) {
    const { host, panel, client, person } = this;
    this.#enter("result");
    this.record.write({ ...this.record.read(), isDone: true });
    const { resultId, resultImageUrl: imageUrl, thumbnailUrl, aiLabel } = job;
    const isLostAgain = this.lost === resultId;
    const onlost = () => {
      this.lost = resultId;
      if (isLostAgain) this.#fail({ code: "unexpected", retryable: true }, () => this.#resume(this.record.read()));
      else this.#watch(job.id); // an address ends after an hour: the job has another one
    };
    const onforget = async () => (await this.choice.forget()) && this.reset();
    const { body, foot } = new Result({ host, panel, client, job, person, onlost, onagain: () => this.reset(), onforget });
    this.#display(this.say("ready"), body, foot);
    host.fire("result", { jobId: job.id, resultId, imageUrl, thumbnailUrl, aiLabel });
  }

  /** Show an error of a request. All other errors reach the page's console. */
  #failed(error, again) {
    if (error.status === undefined) throw error;
    this.#offer(error.code, error.fallbacks);
    this.#fail(error, again, error.fallbacks);
  }

  #fail({ code, message = "", retryable, status, details = {} }, again = () => {}, fallbacks = []) {
    const { say, host } = this;
    this.#enter("problem");
    this.#again = again;
    const words = host.wordsOf({ code, message, status });
    const foot = [
      retryable && !REFUSED.includes(status) ? button(say("retry"), again, "primary", "button primary") : undefined,
      code === "no_product" ? undefined : button(say("back"), () => this.reset()),
    ];
    const others = fallbacks.length ? [h("section", { class: "instead" }, ...insteadOf(fallbacks, say))] : [];
    this.#display(say("failed"), others, foot.filter(Boolean));
    this.panel.complain(words);
    host.fire("error", { code: code || "unknown", message: words, retryable: Boolean(retryable), details });
  }

  #offer(reason, pictures) {
    if (pictures.length) this.host.fire("fallback", { reason, pictures });
  }
}
