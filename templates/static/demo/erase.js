// Delete everything of the visitor, and show the receipt until the storage has been asked for each file.

import { eraseMe, fetchErasure } from "./api.js";
import { forgetOwnPhotos } from "./own-photo.js";
import { isOpen } from "./session.js";
import { stored } from "./stored.js";
import { say } from "./texts.js";

const USUAL_PAUSE_MS = 5_000;
const MOST_QUESTIONS = 60;
const kept = stored("sessionStorage", "tryon-erasure");
const button = document.getElementById("erase");
const news = document.getElementById("erase-news");

button.addEventListener("click", async () => {
  if (!isOpen()) {
    tell(say("nothingKept"));
    return;
  }
  button.disabled = true;
  try {
    kept.write((await eraseMe()).id);
    forgetOwnPhotos();
    location.replace(location.pathname); // without what was shown
  } catch (error) {
    if (error.isPassing === undefined) throw error;
    tell(error.message);
  } finally {
    button.disabled = false;
  }
});

/** Show the receipt of an erasure that has begun, until it is checked. */
export async function showReceipt() {
  for (let asked = 0; kept.read() && asked < MOST_QUESTIONS; asked += 1) {
    let pause = USUAL_PAUSE_MS;
    try {
      const { receipt, pauseMs } = await fetchErasure(kept.read());
      tell(textOf(receipt));
      if (receipt.state === "verified") kept.clear();
      pause = pauseMs || pause;
    } catch (error) {
      if (error.isPassing === undefined) throw error;
      if (!error.isPassing) kept.clear();
    }
    await new Promise((resolve) => {
      setTimeout(resolve, pause);
    });
  }
}

function textOf({ id, state, photos, uploads, jobs, results, verifiedAt }) {
  const words = { id, photos: photos + uploads, jobs, results };
  const sentences = [state === "erasing" ? say("erasing", words) : say("erased", words)];
  if (verifiedAt) sentences.push(say("verified", { time: new Date(verifiedAt).toLocaleString(document.documentElement.lang) }));
  return sentences.join(" ");
}

function tell(text) {
  news.closest("details").open = true;
  news.textContent = text;
}
