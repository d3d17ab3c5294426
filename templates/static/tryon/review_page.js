// The parts of the review page: the result in hand, and how the work goes on.

import { say } from "./review_texts.js";

const PACE_MINUTES = 10;

export const root = document.querySelector("#review");
export const part = (selector) => root.querySelector(selector);
export const buttons = [...root.querySelectorAll(".review-actions [data-action]")];
export const slider = part("#review-compare");

/** Show a result, or that there is none. */
export function showItem(item) {
  slider.value = "100";
  for (const name of ["garment", "result", "model"]) showPane(name, item);
  part("#review-facts").textContent = item ? [item.options, item.created].filter(Boolean).join(" · ") : "";
  if (item) part(".review-large .review-name").href = item.page;
  part("#review-flags").replaceChildren(...(item?.flags ?? []).map(({ words }) => element("li", words)));
  for (const button of buttons) {
    const { action } = button.dataset;
    const isPriced = action !== "regenerate" || Object.keys(item?.prices ?? {}).length > 0;
    button.disabled = (!item && action !== "undo") || !isPriced;
  }
  showCut();
}

function showPane(name, item) {
  const pane = part(`[data-pane=${name}]`);
  pane.querySelector(".review-name").textContent = item?.[name].name ?? "-";
  const stage = pane.querySelector(".review-stage");
  if (!item) return stage.replaceChildren(...(name === "result" ? [element("p", say("empty"))] : []));
  const layers = [item.pictures[name]];
  if (name === "result" && item.model.url) {
    const before = element("div", "");
    before.className = "review-before";
    item.pictures.before.alt = "";
    before.append(item.pictures.before);
    layers.push(before);
  }
  if (item[name].url) stage.replaceChildren(...layers);
  else stage.replaceChildren(element("p", say("pictureGone")));
}

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

export function showCut() {
  part(".review-large .review-stage").style.setProperty("--cut", `${slider.value}%`);
}

/** Show the state of the outbox. */
export function showSaving({ state, seconds, count: unsent }) {
  const line = part("#review-saving");
  const words = unsent > 0 ? [say("notSaved", { count: String(unsent) })] : [];
  if (state === "away") words.push(say("retrying", { seconds: String(seconds) }));
  if (state === "signedOut") words.push(say("signedOut"));
  line.querySelector("span").textContent = words.join(" ");
  line.querySelector("a").hidden = state !== "signedOut";
  line.querySelector("button").hidden = state === "sending" || state === "saved";
  // What is on its way for a moment is nothing to worry about.
  line.hidden = words.length === 0 || (state === "sending" && unsent === 1);
}

/** Say what was done, with the result that it was done to, and which result `item` is in front now. */
export function speak(words, item, judged = null) {
  const said = judged ? `${words}: ${nameOf(judged)}` : words;
  part("#review-spoken").textContent = `${said}. ${item ? say("next", { name: nameOf(item) }) : say("empty")}`;
}

function nameOf({ garment, model }) {
  return `${garment.name}, ${model.name}`;
}

export function tell(words) {
  part("#review-notices").prepend(element("li", words));
}

/** Open the dialog of the ways to make a picture again, with their prices. */
export function askAgain({ prices }) {
  const words = part("#review-again p[hidden]").textContent;
  for (const button of root.querySelectorAll("#review-again [data-way]")) {
    const credits = prices[button.dataset.way];
    button.closest("li").hidden = credits === undefined;
    button.querySelector("span").textContent = words.replace("{credits}", String(credits));
  }
  part("#review-again").showModal();
}

/** Counts decisions, and shows their number and pace. */
export class Progress {
  #counts = { left: 0, isMore: false, today: 0 };
  #times = [];

  /** Take the counts of the service, which does not know of the `unsent` decisions. */
  set({ left, isMore, today }, unsent) {
    this.#counts = { left, isMore, today: today + unsent };
    this.#show();
  }

  /** Count a decision, or with -1 one that was undone. */
  count(number) {
    this.#counts.today += number;
    this.#counts.left = Math.max(0, this.#counts.left - number);
    if (number > 0) this.#times.push(Date.now());
    else this.#times.pop();
    this.#show();
  }

  /** Take back a decision that the service refused. */
  refuse() {
    this.#counts.today -= 1;
    this.#show();
  }

  #show() {
    const since = Date.now() - PACE_MINUTES * 60_000;
    while (this.#times[0] < since) this.#times.shift();
    const minutes = this.#times.length > 0 ? Math.max(1, (Date.now() - this.#times[0]) / 60_000) : 1;
    const left = String(this.#counts.left);
    part("#review-progress").textContent = say("progress", {
      today: String(this.#counts.today),
      pace: String(Math.round(this.#times.length / minutes)),
      left: this.#counts.isMore ? say("more", { left }) : left,
    });
  }
}
