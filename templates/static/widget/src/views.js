// The parts of the window while a picture is made, and when it is there.

import { button, h, tell } from "./dom.js";

const ALMOST_DONE = 95;
const SOON_SECONDS = 2;
const MINUTES_FROM_SECONDS = 90;
const VERDICTS = ["yes", "almost", "no"];

/** The view of a try-on under way. */
export class Working {
  constructor({ say, person, oncancel }) {
    this.say = say;
    this.bar = h("progress", { max: "100", "aria-labelledby": "status", part: "progress" });
    this.status = h("p", { id: "status", role: "status", part: "status" }, say("starting"));
    this.wait = h("p", { class: "soft", part: "wait" });
    this.cancel = button(say("cancel"), oncancel);
    this.cancel.hidden = true;
    const picture = person?.picture && h("figure", { class: "stage", part: "picture" }, h("img", { src: person.picture, alt: "" }), h("div", { class: "veil" }));
    this.instead = h("section", { class: "instead", hidden: true });
    this.body = [picture, h("div", { class: "state" }, this.status, this.bar, this.wait), h("p", { class: "soft" }, say("stays")), this.instead].filter(Boolean);
  }

  /** Show status, place in line and time left of a job. */
  update({ status, progress, queuePosition, estimatedWaitTime: seconds, waitReason }) {
    this.cancel.hidden = false;
    this.bar.value = progress;
    if (status !== "queued") tell(this.status, this.say(progress < ALMOST_DONE ? "processing" : "finishing"));
    else tell(this.status, queuePosition > 1 ? this.say("queued", { position: queuePosition }) : this.say("queuedNext"));
    tell(this.wait, this.#waitOf(seconds, waitReason));
  }

  // Nobody knows the seconds while all waits for somebody or something: say why.
  #waitOf(seconds, reason) {
    if (reason !== undefined) return this.say(reason);
    if (seconds === undefined) return "";
    if (seconds <= SOON_SECONDS) return this.say("waitSoon");
    if (seconds < MINUTES_FROM_SECONDS) return this.say("waitSeconds", { number: seconds });
    return this.say("waitMinutes", { number: Math.ceil(seconds / 60) });
  }

  /** Show a passing error. The job goes on. */
  trouble() {
    this.wait.textContent = "";
    tell(this.status, this.say("lost"));
  }

  showInstead(pictures) {
    this.instead.replaceChildren(...insteadOf(pictures, this.say));
    this.instead.hidden = !pictures.length;
  }
}

/** Return the pictures of others in the same product, said to be others. */
export function insteadOf(pictures, say) {
  const one = ({ thumbnailUrl, aiLabel }) =>
    h("li", {}, h("img", { src: thumbnailUrl, alt: say("insteadAlt") }), h("span", { class: "label", part: "label" }, aiLabel.text));
  return [h("h3", {}, say("instead")), h("ul", { tabindex: "0", "aria-label": say("instead"), part: "instead" }, ...pictures.map(one))];
}

/** Return the picture before and after, with a slider between, and the label of AI. */
export function comparison({ job, person, say, onlost }) {
  const after = h("img", { src: job.resultImageUrl, alt: say("after"), onerror: onlost });
  const label = h("span", { class: "label", part: "label" }, job.aiLabel?.text ?? say("label"));
  if (!person?.picture) return h("figure", { class: "stage", part: "picture" }, after, label);
  const slider = h("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": say("compare"), part: "slider" });
  const before = h("img", { class: "before", src: person.picture, alt: say("before") });
  const stage = h("figure", { class: "stage", dir: "ltr", part: "picture" }, after, before, h("span", { class: "bar" }), label, slider);
  const cut = () => stage.style.setProperty("--cut", `${slider.value}%`);
  slider.addEventListener("input", cut);
  cut();
  return stage;
}

/** Return the question about the picture. `onverdict` gets "yes", "almost" or "no". */
export function question({ say, onverdict }) {
  const buttons = VERDICTS.map((verdict) => button(say(verdict), () => onverdict(verdict)));
  return h("div", { class: "row", role: "group", "aria-labelledby": "feedback", part: "feedback" }, h("span", { id: "feedback" }, say("feedback")), ...buttons);
}
