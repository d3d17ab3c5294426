// The review page: one result after another, by keys. Decisions are sent in the background.

import { listen } from "./review_input.js";
import { KeySettings } from "./review_keys.js";
import { Outbox, Service } from "./review_outbox.js";
import { askAgain, buttons, part, Progress, root, showCut, showItem, showSaving, slider, speak, tell } from "./review_page.js";
import { Queue } from "./review_queue.js";
import { say } from "./review_texts.js";
import { View } from "./review_view.js";

// Another person was faster, or has the result in hand.
const OVERTAKEN = new Set(["decided_meanwhile", "in_hand"]);

const service = new Service(part("[name=csrfmiddlewaretoken]").value);
const view = new View(root);
const views = view.actions();
const progress = new Progress();
// Decisions and skips, the last one at the end.
const steps = [];

const outbox = new Outbox(service, {
  changed: (saving) => {
    showSaving(saving);
    if (saving.state === "saved") void queue.fill();
  },
  done: (call) => {
    if (call.undoes) void queue.fill();
  },
  refused,
});

const queue = new Queue(service, root.dataset, () => outbox.results, {
  changed: show,
  counted: (data) => progress.set(data, outbox.size),
  failed: (kind) => {
    if (kind === "signedOut") showSaving({ state: "signedOut", count: outbox.size, seconds: 0 });
    else if (!queue.first) part("#review-progress").textContent = say("failed");
  },
  lost: () => tell(say("lost")),
});

function show() {
  view.reset();
  showItem(queue.first);
  view.apply();
}

function refused(call, error) {
  const person = error.details?.person;
  const by = person ? ` (${say("by", { person })})` : "";
  tell(`${call.name}: ${error.message ?? say("failed")}${by}`);
  const place = steps.findIndex((step) => step.id === call.id);
  if (place >= 0) steps.splice(place, 1);
  if (call.kind === "decision") progress.refuse();
  // What can't be undone is not in hand, and neither is what another person has judged.
  if (call.undoes) queue.drop(call.result);
  void service.call(root.dataset.leave, { results: [call.result] });
  // What could not be made again is still to be judged.
  if (call.url === root.dataset.again && !OVERTAKEN.has(error.code)) queue.putBack(call.item);
}

/** Send a decision about the first result, or its skip. */
function send(verdict, url, body, said = verdict) {
  const id = newId();
  const item = queue.take();
  const isSkip = verdict === "skipped";
  if (!isSkip) progress.count(1);
  steps.push({ id, item, verdict });
  outbox.add({
    id,
    kind: isSkip ? "skip" : "decision",
    item,
    result: item.id,
    name: item.garment.name,
    url,
    body: { id, result: item.id, seen: item.review, ...body },
  });
  speak(say(said), queue.first, item);
}

function decide(verdict, reasons = []) {
  if (queue.first) send(verdict, root.dataset.decide, { verdict, reasons });
}

function again(way) {
  const credits = queue.first?.prices[way];
  if (credits !== undefined) send("almost", root.dataset.again, { way, credits }, "regenerated");
}

function undo() {
  const step = steps.pop();
  if (!step) return speak(say("nothingToUndo"), queue.first);
  if (step.verdict !== "skipped") progress.count(-1);
  if (!outbox.takeBack(step.id)) {
    const { id, garment } = step.item;
    outbox.add({ id: newId(), undoes: true, result: id, name: garment.name, url: root.dataset.undo, body: { id: step.id } });
  }
  queue.putBack(step.item);
  speak(say("undone"), queue.first);
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const acts = {
  approve: () => decide("approved"),
  reject: () => queue.first && part("#review-reasons").showModal(),
  almost: () => decide("almost"),
  regenerate: () => {
    const item = queue.first;
    if (!item) return;
    if (Object.keys(item.prices).length > 0) askAgain(item);
    else speak(say("noPrice"), item);
  },
  skip: () => decide("skipped"),
  undo,
  compare: () => {
    slider.value = slider.value === "0" ? "100" : "0";
    showCut();
  },
  ...views,
};

listen(new KeySettings(root, service, buttons), acts, views, ({ reason, way }) => {
  if (way) again(way);
  else decide("rejected", reason ? [reason] : []);
});
slider.addEventListener("input", showCut);
part("#review-saving button").addEventListener("click", () => {
  outbox.sendNow();
  void queue.fill();
});
window.addEventListener("beforeunload", (event) => {
  if (outbox.size > 0) event.preventDefault();
});
// The page may come back from the browser's memory, without its leases.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

show();
void queue.fill();
