// The page that takes in hundreds of photos: three are on their way at a time, and each has its own outcome. Without
// this script the form sends its photos together, as any other.

import { say } from "./texts.js";
import { contents } from "./dropped.js";
import { isPattern, nameParts } from "./upload-names.js";

const AT_A_TIME = 3;
const MOST_TRIES = 3; // of a photo that the server had no time for
const PAUSE_MS = 2000;
const ARCHIVE = /\.(zip|rar|7z|t?gz|tar)$/i;
const PHOTO = /\.(jpe?g|png|webp|avif|hei[cf])$/i;

const drop = document.getElementById("studio-drop");
const form = drop.closest("form");
const input = form.querySelector("input[type=file]");
const pattern = form.querySelector("[name=pattern]");
const product = form.querySelector("[name=product_id]");
const token = form.querySelector("[name=csrfmiddlewaretoken]");
const save = [...form.querySelectorAll("[type=submit]")];
const queue = document.getElementById("studio-queue");
const paused = document.getElementById("studio-paused");
const said = document.getElementById("studio-said");
const progress = document.getElementById("studio-done");
const tools = form.querySelector(".studio-queue-tools");
const saveLabels = save.map(({ value }) => value);
const entries = [];
let isPaused = false;

const figures = (number) => number.toLocaleString(document.documentElement.lang);
const count = (state) => entries.filter((entry) => entry.state === state).length;
const isOpen = ({ state }) => state === "waiting" || state === "sending";

function element(name, text = "", className = "") {
  const node = document.createElement(name);
  node.textContent = text;
  node.className = className;
  return node;
}

/** Return why a file is not sent; nothing for a photo of a size that the server takes. */
function unfit(file) {
  const megabytes = drop.dataset.mostBytes >> 20;
  if (ARCHIVE.test(file.name)) return say("archive", { name: file.name });
  if (!PHOTO.test(file.name) && !file.type.startsWith("image/")) return say("noPhoto", { name: file.name });
  return file.size > drop.dataset.mostBytes ? say("tooLarge", { name: file.name, megabytes }) : "";
}

/** Return the pattern of the names. An empty field is the one that it had at first. */
const patternNow = () => pattern.value || pattern.defaultValue;

/** Return what the name of a file says of the photo. */
function described(file) {
  if (!pattern || product.value || !isPattern(patternNow())) return "";
  const parts = nameParts(file.name, patternNow());
  if (!parts.matches) return say("unlike", parts);
  return say(parts.view ? "split" : "noView", parts);
}

function add(files) {
  if (files.length > drop.dataset.most) {
    said.textContent = say("tooMany", { number: figures(files.length), most: figures(Number(drop.dataset.most)) });
    return;
  }
  for (const file of files) {
    const item = element("li", "", "studio-upload");
    queue.append(item);
    const entry = { file, item, state: "waiting", tries: 0, isTwin: entries.some((one) => one.file.name === file.name) };
    entries.push(entry);
    const problem = unfit(file);
    if (problem) refuse(entry, problem, false);
    else draw(entry, say("waiting"));
  }
  tell();
}

function draw(entry, text) {
  const words = element("span", "", "studio-upload-words");
  const parts = [entry.canBeSent === false ? "" : described(entry.file), entry.isTwin ? say("sameName") : "", text];
  words.append(element("strong", entry.file.name), ...parts.filter(Boolean).map((part) => element("span", part)));
  entry.item.replaceChildren(words);
}

function refuse(entry, text, canBeSent = true) {
  entry.state = "refused";
  entry.canBeSent = canBeSent;
  draw(entry, text);
  entry.item.dataset.outcome = "refused";
  if (canBeSent) {
    const resend = element("button", say("again"), "button");
    resend.type = "button";
    resend.dataset.again = "";
    entry.item.lastChild.append(resend);
  }
}

/** Show the server's words about a file, and the file itself beside a photo that it equals. */
function settle(entry, answer) {
  const shown = new DOMParser().parseFromString(answer.html, "text/html").querySelector("li");
  const item = document.adoptNode(shown);
  entry.item.replaceWith(item);
  Object.assign(entry, { item, state: answer.outcome, canBeSent: true });
  for (const button of item.querySelectorAll("[data-again]")) button.hidden = false;
  for (const sent of document.querySelectorAll("#studio-sent [data-outcome=refused]")) {
    if (sent.dataset.name === entry.file.name) sent.remove();
  }
  if (item.querySelector("img") && answer.outcome === "duplicate") {
    const preview = new Image();
    preview.className = "studio-thumbnail";
    preview.alt = entry.file.name;
    preview.src = URL.createObjectURL(entry.file);
    preview.onload = preview.onerror = () => URL.revokeObjectURL(preview.src);
    item.querySelector("[data-preview]").append(preview);
  }
}

/** Send one file. The answer is null where the connection broke off. */
function post(entry) {
  const body = new FormData(form);
  body.delete(input.name);
  body.append(input.name, entry.file);
  const request = new XMLHttpRequest();
  const bar = element("progress");
  bar.setAttribute("aria-label", entry.file.name);
  draw(entry, say("sending"));
  entry.item.lastChild.append(bar);
  request.upload.addEventListener("progress", ({ loaded, total }) => Object.assign(bar, { max: total, value: loaded }));
  request.upload.addEventListener("load", () => draw(entry, say("checking")));
  return new Promise((resolve) => {
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => resolve(null));
    request.open("POST", drop.dataset.address);
    request.send(body);
  });
}

/** Return the server's answer; null if it was none of this page's. */
function read(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return null;
  }
}

async function send(entry) {
  entry.state = "sending";
  entry.tries += 1;
  tell();
  const session = token.value;
  const request = await post(entry);
  const answer = request && read(request);
  if (!request) refuse(entry, say("broken"));
  else if (request.status === 403 || (!answer && request.status === 200)) stop(entry, session);
  else if (!answer) refuse(entry, say("failed"));
  else if (answer.retryable && entry.tries < MOST_TRIES) setTimeout(() => wait(entry), PAUSE_MS);
  else if (answer.html) settle(entry, answer);
  else refuse(entry, answer.message);
  tell();
  next();
}

function wait(entry) {
  entry.state = "waiting";
  draw(entry, say("waiting"));
  next();
}

/** Keep a file for later: its session has ended, or the person may not add photos any more. */
function stop(entry, session) {
  isPaused ||= session === token.value; // a late answer says nothing of the session that there is now
  entry.state = "waiting";
  draw(entry, say("waiting"));
}

function next() {
  while (!isPaused && count("sending") < AT_A_TIME) {
    const entry = entries.find(({ state }) => state === "waiting");
    if (!entry) return;
    send(entry);
  }
}

function tell() {
  const all = entries.length;
  const left = entries.filter(isOpen).length;
  const [added, duplicate, refused] = ["added", "duplicate", "refused"].map(count);
  if (all) said.textContent = say("progress", { done: all - left, all, added, duplicate, refused });
  Object.assign(progress, { max: all || 1, value: all - left, hidden: !all });
  tools.hidden = !all || left > 0;
  tools.querySelector("[data-again-all]").hidden = refused === 0;
  paused.hidden = !isPaused;
  if (isPaused) paused.querySelector("[data-said]").textContent = say("signedOut", { number: left });
  const waiting = count("waiting");
  for (const [at, button] of save.entries()) {
    button.value = waiting ? say("send", { number: waiting }) : saveLabels[at];
    button.disabled = !waiting || count("sending") > 0;
  }
}

/** Take the token of the session that there is now, and go on if there is one. */
async function goOn() {
  const answer = await fetch(drop.dataset.page);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(`#${form.id} [name=csrfmiddlewaretoken]`);
  if (!fresh) return;
  token.value = fresh.value;
  isPaused = false;
  tell();
  next();
}

function again(entry) {
  entry.tries = 0;
  delete entry.item.dataset.outcome;
  wait(entry);
  tell();
}

/** Take what a person has dropped. */
export function take({ files, folders }) {
  add(files);
  if (folders.length) said.textContent = say("folder", { name: folders.join(", ") });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (pattern && !product.value && !isPattern(patternNow())) said.textContent = say("pattern");
  else if (form.reportValidity()) next();
});
function takeChosen() {
  add([...input.files]);
  input.value = "";
}

input.addEventListener("change", takeChosen);
form.addEventListener("input", ({ target }) => {
  if (target !== pattern && target !== product) return;
  for (const entry of entries) if (entry.state === "waiting") draw(entry, say("waiting"));
});
form.addEventListener("click", ({ target }) => {
  if (target.matches("[data-choose]")) input.click();
  if (target.matches("[data-go-on]")) goOn();
  if (target.matches("[data-again-all]")) entries.filter((one) => one.state === "refused" && one.canBeSent).forEach(again);
  if (target.matches("[data-again]")) {
    const entry = entries.find(({ item }) => item.contains(target));
    if (entry) again(entry);
    else input.click();
  }
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  take(contents(event.dataTransfer));
});
window.addEventListener("beforeunload", (event) => {
  if (entries.some(isOpen)) event.preventDefault();
});

drop.hidden = false;
input.closest(".form-row").hidden = true;
input.removeAttribute("required");
for (const button of form.querySelectorAll("#studio-sent [data-again]")) button.hidden = false;
tell();
if (input.files.length) takeChosen(); // a person was faster than this script
