// Parts of a page that refresh themselves: <section id="jobs-now" data-live="5"> is taken again from the page's own address each 5 s.
// The server is told when the page was drawn. A part with data-live="0" comes along with the others. The server ends it by drawing a part without data-live.

const LONGEST_PAUSE_MS = 60_000;
const LOGIN = /\/login\/$/;

const note = document.getElementById("studio-live");
let failures = 0;
let timer;
let isOver = false;

const parts = () => [...document.querySelectorAll("[data-live][id]")];

function pauseMs() {
  const wanted = parts()
    .map((part) => Number(part.dataset.live))
    .filter((seconds) => seconds > 0);
  return wanted.length ? Math.min(...wanted) * 1_000 : 0;
}

function plan() {
  clearTimeout(timer);
  const pause = pauseMs();
  if (!pause || isOver || document.hidden) return;
  timer = setTimeout(refresh, failures ? Math.min(pause * 2 ** failures, LONGEST_PAUSE_MS) : pause);
}

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": note.dataset.drawn }, cache: "no-store" });
    const text = await answer.text();
    if (answer.redirected) return end(LOGIN.test(new URL(answer.url).pathname) ? "signedOut" : "gone");
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return end("gone");
    if (!answer.ok) throw new TypeError(`status ${answer.status}`);
    show(new DOMParser().parseFromString(text, "text/html"));
    failures = 0;
    tell("");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // fetch's own for a network that is away
    failures += 1;
    tell("away");
  }
  plan();
}

function show(page) {
  for (const part of parts()) {
    const next = page.getElementById(part.id);
    if (!next || isInUse(part)) continue;
    keepPictures(part, next);
    if (part.isEqualNode(next)) continue;
    part.replaceWith(document.adoptNode(next));
    next.dispatchEvent(new CustomEvent("studio:live", { bubbles: true }));
  }
}

/** Return whether a person reads, fills in or copies something in the part, so that it must not move. */
function isInUse(part) {
  const selection = getSelection();
  return (
    part.contains(document.activeElement) ||
    part.querySelector("details[open]") !== null ||
    (selection !== null && !selection.isCollapsed && selection.containsNode(part, true)) ||
    [...part.querySelectorAll("input, textarea, select")].some(isChanged)
  );
}

function isChanged(field) {
  if (!field.matches("select")) return field.checked !== field.defaultChecked || field.value !== field.defaultValue;
  const options = [...field.options];
  if (field.multiple) return options.some((option) => option.selected !== option.defaultSelected);
  return field.selectedOptions[0] !== (options.findLast((option) => option.defaultSelected) ?? options[0]);
}

/** Addresses of pictures have a new signature each time. A picture that is there is not loaded again. */
function keepPictures(part, next) {
  const path = (picture) => new URL(picture.getAttribute("src") || "", location.href).pathname;
  const loaded = [...part.querySelectorAll("img")].filter((picture) => picture.complete && picture.naturalWidth);
  const known = new Map(loaded.map((picture) => [path(picture), picture.getAttribute("src")]));
  for (const picture of next.querySelectorAll("img")) {
    const address = known.get(path(picture));
    if (address) picture.setAttribute("src", address);
  }
}

function end(reason) {
  isOver = true;
  tell(reason);
}

function tell(reason) {
  note.textContent = reason && note.dataset[reason];
  note.hidden = !reason;
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden && pauseMs() && !isOver) refresh();
});
addEventListener("online", plan);
plan();
