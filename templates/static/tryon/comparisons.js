// Blind comparison, on the stage of the review page. The next pair is in memory before it is needed. Votes are
// sent one after another.

import { KeySettings } from "./review_keys.js";
import { Service } from "./review_outbox.js";
import { picture, View } from "./review_view.js";

const root = document.querySelector("#compare");
const part = (name) => document.querySelector(`#compare-${name}`);
const pane = (name) => root.querySelector(`[data-pane=${name}]`);
const service = new Service(root.querySelector("[name=csrfmiddlewaretoken]").value);
const buttons = [...root.querySelectorAll("[data-action]")];
const view = new View(root);
const ENOUGH = 3;
const keys = new KeySettings(root, service, buttons);

let queue = JSON.parse(part("pairs").textContent);
let sending = Promise.resolve();
const unsent = new Set();
const loaded = new Map();

const acts = {
  better_left: () => choose("left"),
  better_equal: () => choose("equal"),
  better_right: () => choose("right"),
  better_skip: () => choose("skip"),
  better_undo: () => choose("undo"),
  ...view.actions("both_"),
};

function preload() {
  for (const pair of queue) {
    if (loaded.has(pair.id)) continue;
    const side = (name) => picture({ url: pair[name], name: pane(name).dataset.name });
    loaded.set(pair.id, {
      left: side("left"),
      right: side("right"),
      garment: picture(pair.garment),
      model: picture(pair.model),
    });
  }
}

function show() {
  preload();
  const [pair] = queue;
  view.reset();
  for (const name of ["left", "right", "garment", "model"]) {
    const image = pair && loaded.get(pair.id)[name];
    pane(name).querySelector(".review-stage").replaceChildren(...(image?.src ? [image] : []));
    const words = pane(name).querySelector(".review-name");
    if (words) words.textContent = pair?.[name].name ?? "-";
  }
  for (const button of buttons) button.disabled = !pair && button.dataset.action !== "better_undo";
  view.apply();
}

async function send(side, pair) {
  const body = new URLSearchParams({ side, pair: pair?.id ?? "" });
  for (const id of [...queue.map((one) => one.id), ...unsent]) body.append("have", id);
  const answer = await fetch(root.dataset.votes, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": service.token },
  });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

function choose(side) {
  const isUndo = side === "undo";
  if (!isUndo && queue.length === 0) return;
  const pair = isUndo ? undefined : queue.shift();
  if (pair) unsent.add(pair.id);
  if (pair) show();
  sending = sending.then(() => send(side, pair)).then(
    (answer) => saved(answer, pair, isUndo),
    () => notSaved(pair),
  );
}

function saved({ pairs, progress, isOver }, pair, isUndo) {
  if (pair) unsent.delete(pair.id);
  part("trouble").textContent = "";
  part("progress").textContent = progress;
  const have = new Set([...queue.map(({ id }) => id), ...unsent]);
  const fresh = pairs.filter(({ id }) => !have.has(id));
  const isShown = queue.length > 0 && !isUndo;
  if (isUndo) queue = [...fresh, ...queue];
  else if (queue.length < ENOUGH) queue = [...queue, ...fresh];
  if (isOver) queue = [];
  if (isShown && !isOver) preload();
  else show();
}

function notSaved(pair) {
  part("trouble").textContent = root.dataset.failed;
  if (pair) {
    unsent.delete(pair.id);
    queue.unshift(pair);
  }
  show();
}

for (const button of buttons) button.addEventListener("click", () => acts[button.dataset.action]());
part("settings").addEventListener("click", () => keys.open());

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || root.querySelector("dialog[open]")) return;
  const action = keys.actionOf(event.code);
  const button = buttons.find(({ dataset }) => dataset.action === action);
  // A key that is held down votes once, and moves on and on.
  if (!button || button.disabled || (event.repeat && action.startsWith("better"))) return;
  event.preventDefault();
  acts[action]();
});

show();
