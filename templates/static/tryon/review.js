// The review page: one result after another, by keys. Decisions are sent in the background.

import { Outbox, Service } from "./review_outbox.js";
import { KeySettings, keyName } from "./review_keys.js";
import { say } from "./review_texts.js";
import { load, View } from "./review_view.js";

const AHEAD = 4;
const MOST_UNSENT = 2;
const PACE_MINUTES = 10;
const MOVE = 0.1;
// Another person was faster, or has the result in hand.
const OVERTAKEN = new Set(["decided_meanwhile", "in_hand"]);

const root = document.querySelector("#review");
const part = (selector) => root.querySelector(selector);

const service = new Service(part("[name=csrfmiddlewaretoken]").value);
const view = new View(root);
const slider = part("#review-compare");
const keys = new KeySettings(part("#review-keys"), {
  keys: JSON.parse(document.querySelector("#review-own-keys").textContent),
  defaults: JSON.parse(document.querySelector("#review-default-keys").textContent),
  say,
  save: (chosen) => service.call(root.dataset.keys, { keys: chosen }),
  changed: showKeys,
});

// The first item is in front of the person, with its pictures; the others wait behind it.
let queue = [];
const pictures = new Map();
const decided = new Set();
const steps = [];
const times = [];
let counts = { left: 0, isMore: false, today: 0 };
let fetching;
let isOver = false;

const outbox = new Outbox(service, {
  changed: showSaving,
  done: (call) => {
    if (call.undoes) fill();
  },
  refused: (call, error) => {
    tell(`${call.name}: ${error.message ?? say("failed")}${by(error.details?.person)}`);
    const place = steps.findIndex((step) => step.id === call.id);
    if (place >= 0) steps.splice(place, 1);
    if (call.kind === "decision") counts.today -= 1;
    // What can't be undone is not in hand, and neither is what another person has judged.
    if (call.undoes) drop(call.result);
    void service.call(root.dataset.leave, { results: [call.result] });
    // What could not be made again is still to be judged.
    if (call.url === root.dataset.again && !OVERTAKEN.has(error.code)) putBack(call.item);
    showProgress();
  },
});

function by(person) {
  return person ? ` (${say("by", { person })})` : "";
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function fill() {
  if (fetching || isOver || queue.length >= AHEAD || outbox.size > MOST_UNSENT) return;
  fetching = fetchNext().finally(() => {
    fetching = undefined;
  });
}

async function fetchNext() {
  const have = [...new Set([...queue.map(({ id }) => id), ...outbox.results])].slice(0, 6);
  const body = { filter: root.dataset.filter, have, want: AHEAD - queue.length };
  const { kind, data } = await service.call(root.dataset.next, body);
  if (kind !== "done") {
    if (kind === "signedOut") showSaving({ state: "signedOut", count: outbox.size, seconds: 0 });
    else if (queue.length === 0) part("#review-progress").textContent = say("failed");
    setTimeout(fill, 5000);
    return;
  }
  counts = { left: data.left, isMore: data.isMore, today: data.today + outbox.size };
  const isFirst = queue.length === 0;
  const fresh = data.items.filter(({ id }) => !decided.has(id) && !queue.some((item) => item.id === id));
  for (const item of fresh) {
    queue.push(item);
    pictures.set(item.id, load(item));
  }
  if (isFirst) show();
  showProgress();
  // Nothing new: another person may let something go, or new results come.
  if (data.items.length === 0) setTimeout(fill, 10000);
}

function show() {
  const [item] = queue;
  slider.value = "100";
  view.reset();
  for (const name of ["garment", "result", "model"]) showPane(name, item);
  const shown = item ? [item.options, item.created].filter(Boolean).join(" · ") : "";
  part("#review-facts").textContent = shown;
  const link = part(".review-large .review-name");
  if (item) link.href = item.page;
  part("#review-flags").replaceChildren(...(item?.flags ?? []).map(({ words }) => element("li", words)));
  for (const button of root.querySelectorAll(".review-actions [data-action]")) {
    const { action } = button.dataset;
    const isPriced = action !== "regenerate" || Object.keys(item?.prices ?? {}).length > 0;
    button.disabled = (!item && action !== "undo") || !isPriced;
  }
  showCut();
  view.apply();
}

function showPane(name, item) {
  const pane = part(`[data-pane=${name}]`);
  pane.querySelector(".review-name").textContent = item?.[name].name ?? "-";
  const stage = pane.querySelector(".review-stage");
  if (!item) return stage.replaceChildren(...(name === "result" ? [element("p", say("empty"))] : []));
  const own = pictures.get(item.id);
  const layers = [own[name]];
  if (name === "result" && item.model.url) {
    const before = element("div", "");
    before.className = "review-before";
    own.before.alt = "";
    before.append(own.before);
    layers.push(before);
  }
  if (item[name].url) stage.replaceChildren(...layers);
  else stage.replaceChildren(element("p", say("pictureGone")));
}

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

function showCut() {
  part(".review-large .review-stage").style.setProperty("--cut", `${slider.value}%`);
}

function showProgress() {
  const since = Date.now() - PACE_MINUTES * 60_000;
  while (times.length > 0 && times[0] < since) times.shift();
  const minutes = times.length > 0 ? Math.max(1, (Date.now() - times[0]) / 60_000) : 1;
  const left = String(counts.left);
  part("#review-progress").textContent = say("progress", {
    today: String(counts.today),
    pace: String(Math.round(times.length / minutes)),
    left: counts.isMore ? say("more", { left }) : left,
  });
}

function showSaving({ state, seconds, count: unsent }) {
  const line = part("#review-saving");
  const words = unsent > 0 ? [say("notSaved", { count: String(unsent) })] : [];
  if (state === "away") words.push(say("retrying", { seconds: String(seconds) }));
  if (state === "signedOut") words.push(say("signedOut"));
  line.querySelector("span").textContent = words.join(" ");
  line.querySelector("a").hidden = state !== "signedOut";
  line.querySelector("button").hidden = state === "sending" || state === "saved";
  // What is on its way for a moment is nothing to worry about.
  line.hidden = words.length === 0 || (state === "sending" && unsent === 1);
  if (state === "saved") fill();
}

function speak(words, judged = null) {
  const [item] = queue;
  const said = judged ? `${words}: ${nameOf(judged)}` : words;
  part("#review-spoken").textContent = `${said}. ${item ? say("next", { name: nameOf(item) }) : say("empty")}`;
}

function nameOf({ garment, model }) {
  return `${garment.name}, ${model.name}`;
}

function tell(words) {
  part("#review-notices").prepend(element("li", words));
}

function next() {
  const item = queue.shift();
  decided.add(item.id);
  show();
  fill();
  return item;
}

function decide(verdict, reasons = []) {
  if (queue.length === 0) return;
  const id = newId();
  const item = next();
  if (verdict !== "skipped") count(1);
  steps.push({ id, item, verdict });
  outbox.add({
    id,
    kind: verdict === "skipped" ? "skip" : "decision",
    item,
    result: item.id,
    name: item.garment.name,
    url: root.dataset.decide,
    body: { id, result: item.id, verdict, seen: item.review, reasons },
  });
  speak(say(verdict), item);
}

function again(way) {
  const credits = queue[0]?.prices[way];
  if (credits === undefined) return;
  const id = newId();
  const item = next();
  count(1);
  steps.push({ id, item, verdict: "almost" });
  outbox.add({
    id,
    kind: "decision",
    item,
    result: item.id,
    name: item.garment.name,
    url: root.dataset.again,
    body: { id, result: item.id, seen: item.review, way, credits },
  });
  speak(say("regenerated"), item);
}

function count(number) {
  counts.today += number;
  counts.left = Math.max(0, counts.left - number);
  if (number > 0) times.push(Date.now());
  else times.pop();
  showProgress();
}

function undo() {
  const step = steps.pop();
  if (!step) return speak(say("nothingToUndo"));
  if (step.verdict !== "skipped") count(-1);
  if (!outbox.takeBack(step.id)) {
    const { id, garment } = step.item;
    outbox.add({ id: newId(), undoes: true, result: id, name: garment.name, url: root.dataset.undo, body: { id: step.id } });
  }
  putBack(step.item);
  speak(say("undone"));
}

function putBack(item) {
  decided.delete(item.id);
  queue = [item, ...queue.filter(({ id }) => id !== item.id)];
  pictures.set(item.id, pictures.get(item.id) ?? load(item));
  // No more than the service lets one person have; the last ones come again.
  for (const { id } of queue.splice(AHEAD + 1)) pictures.delete(id);
  show();
}

function drop(id) {
  const isShown = queue[0]?.id === id;
  queue = queue.filter((item) => item.id !== id);
  if (isShown) show();
  fill();
}

const acts = {
  approve: () => decide("approved"),
  reject: () => queue.length > 0 && open("#review-reasons"),
  almost: () => decide("almost"),
  regenerate: askAgain,
  skip: () => decide("skipped"),
  undo,
  compare: () => {
    slider.value = slider.value === "0" ? "100" : "0";
    showCut();
  },
  zoom_in: () => view.zoomBy(1),
  zoom_out: () => view.zoomBy(-1),
  zoom_reset: () => view.reset(),
  left: () => view.move(MOVE, 0),
  right: () => view.move(-MOVE, 0),
  up: () => view.move(0, MOVE),
  down: () => view.move(0, -MOVE),
};
// A key that is held down does these again and again.
const REPEATABLE = new Set(["zoom_in", "zoom_out", "left", "right", "up", "down"]);

function askAgain() {
  const [item] = queue;
  if (!item) return;
  if (Object.keys(item.prices).length === 0) return speak(say("noPrice"));
  const words = part("#review-again p[hidden]").textContent;
  for (const button of root.querySelectorAll("#review-again [data-way]")) {
    const credits = item.prices[button.dataset.way];
    button.closest("li").hidden = credits === undefined;
    button.querySelector("span").textContent = words.replace("{credits}", String(credits));
  }
  open("#review-again");
}

function open(selector) {
  const dialog = part(selector);
  dialog.showModal();
}

function showKeys(chosen) {
  for (const button of root.querySelectorAll(".review-actions [data-action]")) {
    button.querySelector("kbd").textContent = keyName(chosen[button.dataset.action]);
  }
}

function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=range], [type=checkbox]), textarea, select");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const dialog = root.querySelector("dialog[open]");
  if (dialog) return pressIn(dialog, event);
  if (isTyping(event.target)) return;
  const action = keys.actionOf(event.code);
  if (!action) return;
  // The slider has its own arrows, and a button its own space.
  if (event.target === slider && event.code.startsWith("Arrow")) return;
  event.preventDefault();
  if (event.repeat && !REPEATABLE.has(action)) return;
  acts[action]();
});

function pressIn(dialog, event) {
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  if (digit === undefined || event.repeat || dialog.id === "review-keys") return;
  const button = [...dialog.querySelectorAll("li:not([hidden]) button")].find(
    (one) => one.querySelector("kbd").textContent === digit,
  );
  if (!button) return;
  event.preventDefault();
  button.click();
}

root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { action, reason, way } = button.dataset;
  if ("close" in button.dataset) button.closest("dialog").close();
  else if (action) acts[action]();
  else if (reason !== undefined) {
    button.closest("dialog").close();
    decide("rejected", reason ? [reason] : []);
  } else if (way) {
    button.closest("dialog").close();
    again(way);
  }
});

slider.addEventListener("input", showCut);
part("#review-settings").addEventListener("click", () => keys.open());
part("#review-saving button").addEventListener("click", () => {
  outbox.sendNow();
  fill();
});

setInterval(() => {
  const results = queue.map(({ id }) => id).slice(0, 6);
  if (results.length === 0) return;
  void service.call(root.dataset.hold, { results }).then(({ data }) => {
    for (const id of data?.lost ?? []) {
      if (queue[0]?.id === id) tell(say("lost"));
      drop(id);
    }
  });
}, Number(root.dataset.renew) * 1000);

window.addEventListener("beforeunload", (event) => {
  if (outbox.size > 0) event.preventDefault();
});
window.addEventListener("pagehide", () => {
  isOver = true;
  const form = new FormData();
  form.set("csrfmiddlewaretoken", service.token);
  form.set("body", JSON.stringify({ results: queue.map(({ id }) => id).slice(0, 6) }));
  if (queue.length > 0) navigator.sendBeacon(root.dataset.leave, form);
});
// The page may come back from the browser's memory, without its leases.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

showKeys(keys.chosen);
show();
fill();
