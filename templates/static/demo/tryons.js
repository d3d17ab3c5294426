// The visitor's try-ons at the foot of the page.

import { say, wordsOf } from "./texts.js";

const section = document.getElementById("tryons");
const list = section.querySelector("ul");

/** Return the id of the try-on that the address names, or "". */
export function jobInAddress() {
  return /^#job=([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? "";
}

/** Name the try-on in the address, so that a reload or a bookmark finds it; "" takes the name away. */
export function nameInAddress(jobId) {
  history.replaceState(null, "", jobId ? `#job=${jobId}` : location.pathname + location.search);
}

/** Return the newest try-on if it is still under way, else "". */
export function newestUnfinished() {
  const { job, status } = list.querySelector("a")?.dataset ?? {};
  return status === "queued" || status === "processing" ? job : "";
}

/** Return garment, model and mode of a try-on in the list, or {} for one that is not there. */
export function choiceOf(jobId) {
  const entry = entryOf(jobId);
  return entry ? JSON.parse(entry.dataset.choice) : {};
}

/** Put a try-on at the top of the list. */
export function remember(jobId, choice) {
  entryOf(jobId)?.parentElement.remove();
  const item = section.querySelector("template").content.firstElementChild.cloneNode(true);
  const entry = item.querySelector("a");
  const { garment, model } = choice;
  entry.href = `#job=${jobId}`;
  entry.dataset.job = jobId;
  entry.dataset.choice = JSON.stringify(choice);
  const thumbnail = model?.thumbnail ?? garment.thumbnail;
  if (thumbnail) item.querySelector("img").src = thumbnail;
  const words = wordsOf(choice);
  item.querySelector(".tryon-title").textContent = model ? say("title", words) : words.garment;
  list.prepend(item);
  section.hidden = false;
}

/** Update an entry from its job. */
export function update(job) {
  const entry = entryOf(job.id);
  if (!entry) return;
  entry.dataset.status = job.status;
  const label = entry.querySelector(".tryon-status");
  if (label.textContent !== say(`status-${job.status}`)) label.textContent = say(`status-${job.status}`);
  const image = entry.querySelector("img");
  entry.querySelector(".badge").textContent = job.aiLabel?.text ?? "";
  if (job.thumbnailUrl && image.src !== job.thumbnailUrl) image.src = job.thumbnailUrl;
}

/** Mark the entry that the fitting room shows; "" for none. */
export function mark(jobId) {
  for (const entry of list.querySelectorAll("a")) {
    if (entry.dataset.job === jobId) entry.setAttribute("aria-current", "true");
    else entry.removeAttribute("aria-current");
  }
}

function entryOf(jobId) {
  return list.querySelector(`a[data-job="${CSS.escape(jobId)}"]`);
}
