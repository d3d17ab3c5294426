// Blind comparison: the next pair is in memory before it is needed. Votes are sent one after another.

const root = document.querySelector("#compare");
const part = (name) => document.querySelector(`#compare-${name}`);
const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
const buttons = [...root.querySelectorAll("[data-side]")];
const ENOUGH = 3;

let queue = JSON.parse(part("pairs").textContent);
let sending = Promise.resolve();
const unsent = new Set();
const loaded = new Map();

function preload() {
  for (const pair of queue) {
    if (loaded.has(pair.id)) continue;
    const pictures = [pair.left, pair.right, pair.garment.url, pair.model.url].filter(Boolean);
    loaded.set(
      pair.id,
      pictures.map((url) => Object.assign(new Image(), { src: url })),
    );
  }
}

function put(image, url) {
  image.hidden = !url;
  if (url) image.src = url;
  else image.removeAttribute("src");
}

function show() {
  const [pair] = queue;
  put(part("left"), pair?.left);
  put(part("right"), pair?.right);
  for (const name of ["garment", "model"]) {
    put(part(name), pair?.[name].url);
    part(`${name}-name`).textContent = pair?.[name].name ?? "";
  }
  for (const button of buttons) button.disabled = !pair && button.dataset.side !== "undo";
  preload();
}

async function send(side, pair) {
  const body = new URLSearchParams({ side, pair: pair?.id ?? "" });
  for (const id of [...queue.map((one) => one.id), ...unsent]) body.append("have", id);
  const answer = await fetch(root.dataset.votes, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": token },
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

for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.side));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const button = buttons.find(({ dataset }) => dataset.key === event.code);
  if (!button || button.disabled) return;
  event.preventDefault();
  choose(button.dataset.side);
});

show();
