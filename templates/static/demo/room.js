// The fitting room: shows the choice, the progress, and the picture or the problem.

import { say, wordsOf } from "./texts.js";

const room = document.getElementById("room");
const picture = document.getElementById("picture");
const progress = document.getElementById("progress");
const wait = document.getElementById("wait");
const news = document.getElementById("news");
const problem = document.getElementById("problem");
const problemText = problem.querySelector("p");
const retryButton = problem.querySelector("button");
const cancelButton = document.getElementById("cancel");
const feedback = document.getElementById("feedback");
const label = room.querySelector(".picture .badge");
const instead = document.getElementById("instead");
const feedbackNews = document.getElementById("feedback-news");
const ALMOST_DONE = 95;
const SOON_SECONDS = 2;
const MINUTES_FROM_SECONDS = 90;

let onRetry = () => {};
let onCancel = () => {};
let onVerdict = () => {};
let shownPicture = "";
retryButton.addEventListener("click", () => onRetry());
cancelButton.addEventListener("click", () => onCancel());
feedback.addEventListener("click", ({ target }) => {
  const verdict = target.closest("button")?.value;
  if (verdict) onVerdict(verdict);
});

export function isWorking() {
  return room.dataset.state === "working";
}

/** Show the choice before a request. */
export function showChoice({ garment, second, model }) {
  enter("empty", { garment, second, model });
  showPicture(model?.picture, model ? say("modelAlt", model) : "");
  tell("");
}

/** Show a try-on under way, before the first answer. `choice` may be empty. */
export function showStart(choice) {
  enter("working", choice);
  showPicture(choice.model?.picture, "");
  progress.removeAttribute("value");
  wait.textContent = "";
  tell(say("starting"));
}

/** Show status, place in line and time left of a job under way. `cancel` gives it up. */
export function showProgress(job, cancel) {
  onCancel = cancel;
  cancelButton.hidden = false;
  progress.value = job.progress;
  wait.textContent = waitOf(job);
  tell(statusOf(job));
}

/** Show a passing error. The page keeps asking. */
export function showTrouble() {
  wait.textContent = "";
  tell(say("connectionLost"));
}

export function showResult(choice, job, { onPictureLost, onFeedback }) {
  enter("done", choice);
  feedback.hidden = false;
  onVerdict = onFeedback;
  const named = choice.garment && choice.model;
  const words = named && wordsOf(choice);
  picture.onerror = onPictureLost;
  label.textContent = job.aiLabel.text;
  wait.textContent = "";
  showPicture(job.resultImageUrl, named ? say("resultAlt", words) : say("anyResultAlt"));
  for (const id of ["download", "full-size"]) document.getElementById(id).href = job.resultImageUrl;
  tell(say("completed"));
}

/** Show pictures of the same garment while the visitor's own can't be made, said to be others. */
export function showInstead(fallbacks) {
  const pictures = fallbacks.map(({ thumbnailUrl, aiLabel }) => {
    const item = instead.querySelector("template").content.firstElementChild.cloneNode(true);
    item.querySelector("img").src = thumbnailUrl;
    item.querySelector(".badge").textContent = aiLabel.text;
    return item;
  });
  instead.querySelector("ul").replaceChildren(...pictures);
  instead.hidden = pictures.length === 0;
}

/** Show what became of the visitor's answer, in place of the question. */
export function showFeedback(message) {
  if (feedback.contains(document.activeElement)) room.focus({ preventScroll: true });
  feedback.hidden = true;
  feedbackNews.textContent = message;
}

/** Show a problem and, if a retry helps, the button for it. */
export function showProblem(choice, message, retry) {
  enter("failed", choice);
  showPicture(choice.model?.picture, choice.model ? say("modelAlt", choice.model) : "");
  tell("");
  problem.hidden = false;
  problemText.textContent = message;
  retryButton.hidden = retry === undefined;
  onRetry = retry ?? (() => {});
}

/** Bring the room into view where the page is one narrow column. */
export function reveal() {
  const top = room.getBoundingClientRect().top;
  if (top < 0 || top > innerHeight / 2) room.scrollIntoView({ block: "start" });
}

function enter(state, { garment, second, model }) {
  room.dataset.state = state;
  room.setAttribute("aria-busy", String(state === "working"));
  problem.hidden = true;
  // A hidden button loses the focus, and a reader of screens with it.
  if (document.activeElement === cancelButton) room.focus({ preventScroll: true });
  cancelButton.hidden = true;
  feedback.hidden = true;
  feedbackNews.textContent = "";
  showInstead([]);
  picture.onerror = null;
  showSource("garment", garment, "garmentAlt");
  showSource("second", second, "garmentAlt");
  document.querySelector('[data-source="second"]').hidden = second === undefined;
  showSource("model", model, "modelAlt");
}

function showSource(kind, photo, alt) {
  const images = document.querySelectorAll(`[data-source="${kind}"] img, [data-mini="${kind}"]`);
  for (const image of images) {
    image.hidden = photo?.thumbnail === undefined;
    if (image.hidden) image.removeAttribute("src");
    else image.src = photo.thumbnail;
  }
  images[0].alt = photo ? say(alt, photo) : "";
}

function showPicture(address, alt) {
  picture.alt = alt;
  picture.hidden = address === undefined;
  if (shownPicture === (shownPicture = address ?? "")) return;
  if (address === undefined) picture.removeAttribute("src");
  else picture.src = address;
}

// Screen readers speak every change of this line, so it changes only with its words.
function tell(text) {
  if (news.textContent !== text) news.textContent = text;
}

function statusOf({ status, progress: percent, queuePosition }) {
  if (status === "queued") {
    return queuePosition > 1 ? say("queued", { position: queuePosition }) : say("queuedNext");
  }
  return percent < ALMOST_DONE ? say("processing") : say("finishing");
}

// Nobody knows the seconds while all waits for somebody or something: say why.
function waitOf({ estimatedWaitTime: seconds, waitReason }) {
  if (waitReason !== undefined) return say(`wait-${waitReason}`);
  if (seconds === undefined) return "";
  if (seconds <= SOON_SECONDS) return say("waitSoon");
  if (seconds < MINUTES_FROM_SECONDS) return say("waitSeconds", { number: seconds });
  return say("waitMinutes", { number: Math.ceil(seconds / 60) });
}
