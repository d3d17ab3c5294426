// Photos that are dropped on a list: the form that adds photos comes to the place of the drop, with its script.

import { contents } from "./dropped.js";

const place = document.getElementById("studio-drop-here");

async function open(event) {
  event.preventDefault();
  const dropped = contents(event.dataTransfer);
  document.removeEventListener("drop", open);
  const answer = await fetch(place.dataset.form);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.querySelector("form:has(#studio-drop)");
  if (!form) {
    location.assign(place.dataset.form); // the session has ended
    return;
  }
  form.action = place.dataset.form;
  for (const script of form.querySelectorAll("script")) script.remove();
  place.replaceChildren(document.adoptNode(form));
  const { take } = await import("./upload.js");
  take(dropped);
}

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", open);
