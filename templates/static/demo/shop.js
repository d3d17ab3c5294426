// The demo shop: choose, try on, watch, see. Modules of the browser only; no build step.

import { cancel, fetchJobs, generate, judge } from "./api.js";
import { onOwnPhoto, restoreOwnPhotos } from "./own-photo.js";
import { showReceipt } from "./erase.js";
import { follow } from "./follow.js";
import { GarmentPicker, ModelPicker } from "./pickers.js";
import * as room from "./room.js";
import { isOpen } from "./session.js";
import { say } from "./texts.js";
import * as tryons from "./tryons.js";

const form = document.getElementById("shop");
const goButton = document.getElementById("go");
const garments = new GarmentPicker(document.getElementById("garments"));
const models = new ModelPicker(document.getElementById("models"));
const DEFAULT_MODE = "balanced";

let watching = new AbortController();

function chosen() {
  return { garment: garments.chosen, second: garments.second, model: models.chosen, mode: form.elements.mode.value };
}

// --- Trying on ---

/** Ask for a try-on and watch it. */
async function start(choice) {
  stopWatching();
  const { signal } = watching;
  room.showStart(choice);
  room.reveal();
  goButton.disabled = true;
  try {
    const { jobId, fallbacks } = await generate(choice);
    tryons.remember(jobId, choice);
    // The visitor may have opened another try-on since then.
    if (!signal.aborted) watch(jobId, fallbacks);
  } catch (error) {
    if (error.isPassing === undefined) throw error;
    if (signal.aborted) return;
    room.showProblem(choice, error.message, error.retryable ? () => start(choice) : undefined);
    room.showInstead(error.fallbacks);
  } finally {
    goButton.disabled = false;
  }
}

/** Show a job in any state until it is finished. */
async function watch(jobId, fallbacks = []) {
  stopWatching();
  const { signal } = watching;
  const choice = tryons.choiceOf(jobId);
  tryons.nameInAddress(jobId);
  room.showStart(choice);
  room.showInstead(fallbacks);
  try {
    await follow(jobId, { signal, onJob: (job) => show(job, choice), onTrouble: room.showTrouble });
  } catch (error) {
    // All other errors of the page must reach its console.
    if (error.isPassing === undefined) throw error;
    const gone = error.status === 404;
    room.showProblem(choice, gone ? say("jobGone") : error.message);
    if (gone) tryons.nameInAddress("");
  }
}

function show(job, choice) {
  tryons.update(job);
  tryons.mark(job.id);
  const again = choice.garment && choice.model ? () => start(choice) : undefined;
  if (job.status === "queued" || job.status === "processing") room.showProgress(job, () => giveUp(job.id, choice));
  else if (job.status === "failed") room.showProblem(choice, job.errorMessage, job.retryable ? again : undefined);
  else if (job.status === "canceled") room.showProblem(choice, say("canceled"), again);
  else if (job.resultImageUrl === undefined) room.showProblem(choice, job.resultState === "rejected" ? say("rejected") : say("expired"), again);
  else {
    // A signed address expires after an hour. The job gives a new one.
    const onPictureLost = () => room.showProblem(choice, say("pictureNotLoaded"), () => watch(job.id));
    room.showResult(choice, job, { onPictureLost, onFeedback: (verdict) => tell(job.resultId, verdict) });
  }
}

/** Cancel a try-on. One that has just ended is shown as it is. */
async function giveUp(jobId, choice) {
  stopWatching();
  const { signal } = watching;
  try {
    const job = await cancel(jobId);
    if (!signal.aborted) show(job, choice);
  } catch (error) {
    if (error.isPassing === undefined) throw error;
    if (!signal.aborted) watch(jobId);
  }
}

/** Tell the shop whether the visitor would show the picture. */
async function tell(resultId, verdict) {
  const { signal } = watching;
  try {
    await judge(resultId, verdict);
    if (!signal.aborted) room.showFeedback(say("thanks"));
  } catch (error) {
    if (error.isPassing === undefined) throw error;
    if (!signal.aborted) room.showFeedback(error.message);
  }
}

function stopWatching() {
  watching.abort();
  watching = new AbortController();
}

function choiceChanged() {
  if (room.isWorking()) return;
  tryons.nameInAddress("");
  tryons.mark("");
  room.showChoice(chosen());
}

// --- Wiring ---

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const choice = chosen();
  if (!choice.garment) garments.ask(say("chooseGarment"));
  else if (!choice.model) models.ask(say("chooseModel"));
  else start(choice);
});
for (const picker of [garments, models]) picker.list.addEventListener("change", choiceChanged);
form.elements.second.addEventListener("change", choiceChanged);
onOwnPhoto(models, choiceChanged);
addEventListener("hashchange", () => {
  if (!tryons.jobInAddress()) return;
  watch(tryons.jobInAddress());
  room.reveal();
});
for (const card of form.querySelectorAll(".upload")) card.hidden = false;
garments.render();

// --- Coming back ---

/** Show what the visitor has from before, and go on with what the address names or what is under way. */
async function comeBack() {
  const { signal } = watching;
  room.showChoice(chosen());
  try {
    if (isOpen()) await showTryOns();
  } catch (error) {
    if (error.isPassing === undefined) throw error;
    if (!signal.aborted) room.showProblem(chosen(), error.message, comeBack);
    return;
  }
  const resumed = tryons.jobInAddress() || tryons.newestUnfinished();
  if (signal.aborted || !resumed) return;
  const { garment, second, model, mode } = tryons.choiceOf(resumed);
  if (garment) garments.choose(garment.id);
  garments.chooseSecond(second?.id ?? "");
  if (model) models.choose(model.id);
  if (mode) form.elements.mode.value = mode;
  watch(resumed);
}

async function showTryOns() {
  await restoreOwnPhotos(models);
  const jobs = (await fetchJobs()).filter(
    ({ resultState }) => resultState !== "deleted" && resultState !== "rejected",
  );
  const choices = await Promise.all(jobs.map(choiceIn));
  for (const [index, job] of [...jobs.entries()].reverse()) {
    tryons.remember(job.id, choices[index]);
    tryons.update(job);
  }
}

/** Return the choice that a job was asked with. A garment that is not on the page is known by its id only. */
async function choiceIn(job) {
  const known = ({ productImageId: id, productId: name }) => garments.photo(id) ?? { id, name };
  const [garment, second] = job.garments.map(known);
  const model = job.modelImageId ? await models.find(job.modelImageId) : models.photo(job.shopperPhotoId);
  return { garment, second, model, mode: job.options.mode ?? DEFAULT_MODE };
}

comeBack();
showReceipt();
