// A photo of the visitor, in place of a model photo: with their consent, and only for as long as they wish.

import { fetchOwn, uploadOwn } from "./api.js";
import { stored } from "./stored.js";
import { say } from "./texts.js";

const kept = stored("localStorage", "tryon-own-photos"); // their ids
const fileInput = document.getElementById("own-photo");
const consent = document.getElementById("consent");
const news = document.getElementById("own-photo-news");
const mostBytes = Number(document.getElementById("shop").dataset.maxUploadBytes);
const BYTES_IN_MB = 1024 * 1024;

/** Take in what the visitor chooses. `onChoice` is called when their photo is the chosen one. */
export function onOwnPhoto(models, onChoice) {
  consent.closest("p").hidden = false;
  fileInput.addEventListener("click", (event) => {
    if (consent.checked) return;
    event.preventDefault();
    models.complain(say("consentFirst"));
    consent.focus();
  });
  consent.addEventListener("change", () => models.complain(""));
  fileInput.addEventListener("change", (event) => {
    event.stopPropagation();
    const [file] = fileInput.files;
    fileInput.value = "";
    if (!file) return;
    if (file.size > mostBytes) models.complain(say("uploadTooLarge", { megabytes: Math.floor(mostBytes / BYTES_IN_MB) }));
    else attempt(models, say("uploading"), () => takeIn(file, models, onChoice));
  });
}

/** Show the photos that the visitor has sent before and that are still there. */
export async function restoreOwnPhotos(models) {
  const photos = await Promise.all((kept.read() ?? []).map((id) => fetchOwn(id).catch(unlessGone)));
  const left = photos.filter((photo) => photo !== undefined);
  kept.write(left.map(({ id }) => id));
  for (const photo of left) show(photo, models);
}

function unlessGone(error) {
  if (error.status !== 404) throw error;
}

async function takeIn(file, models, onChoice) {
  const photo = await uploadOwn(file, consent.dataset.version);
  if (!models.photo(photo.id)) {
    kept.write([...(kept.read() ?? []), photo.id]);
    show(photo, models);
  }
  models.choose(photo.id);
  news.textContent = [say("ownReady"), ...photo.warnings.map(({ message }) => message)].join(" ");
  onChoice();
}

/** Forget the photos that this browser knows of. */
export function forgetOwnPhotos() {
  kept.clear();
}

function show({ id, processedUrl }, models) {
  const photo = { id, name: say("you"), note: say("yourPhoto"), thumbnail: processedUrl, picture: processedUrl };
  models.add({ ...photo, isOwn: true }, { first: true });
  models.render();
}

async function attempt(models, begun, act) {
  models.complain("");
  news.textContent = begun;
  fileInput.disabled = true;
  try {
    await act();
  } catch (error) {
    if (error.isPassing === undefined) throw error;
    news.textContent = "";
    models.complain(error.message);
  } finally {
    fileInput.disabled = false;
  }
}
