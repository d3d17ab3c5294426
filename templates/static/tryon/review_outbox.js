// What is still to be sent, in order. Nothing is given up silently: a refusal is told, all else is tried again.

const LONGEST_WAIT = 30;
const ANSWER_SECONDS = 20;

/** Calls the service: a session, a token against forgery, and JSON. */
export class Service {
  #token;

  constructor(token) {
    this.#token = token;
  }

  get token() {
    return this.#token;
  }

  /** Return `{ kind, data, error }`; the kind is `done`, `refused`, `away` or `signedOut`. */
  async call(url, body) {
    const first = await this.#post(url, body);
    // A new login has a new token.
    if (first.status !== 403) return outcome(first);
    return (await this.#renewToken()) ? outcome(await this.#post(url, body)) : { kind: "signedOut" };
  }

  #post(url, body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.#token };
    return ask(url, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #renewToken() {
    const answer = await ask(location.href, {});
    if (answer.status !== 200) return answer.type !== "opaqueredirect";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.#token = page.querySelector("[name=csrfmiddlewaretoken]")?.value ?? this.#token;
    return true;
  }
}

async function ask(url, options) {
  try {
    return await fetch(url, { ...options, redirect: "manual", signal: AbortSignal.timeout(ANSWER_SECONDS * 1000) });
  } catch {
    return { status: 0 };
  }
}

async function outcome(answer) {
  if (answer.type === "opaqueredirect") return { kind: "signedOut" };
  if (answer.status === 0 || answer.status >= 500) return { kind: "away" };
  const body = await answer.json().catch(() => ({}));
  // The gate is full, and says so in a page.
  if (answer.status === 429 && !body.error) return { kind: "away" };
  return answer.ok ? { kind: "done", data: body.data } : { kind: "refused", error: body.error ?? {} };
}

/** Sends one call after another, in the order in which they came. */
export class Outbox {
  #calls = [];
  #isSending = false;
  #service;
  #listener;
  #failures = 0;
  #timer;

  /** `listener` has `changed(state)` and `refused(call, error)`, and may have `done(call, data)`. */
  constructor(service, listener) {
    this.#service = service;
    this.#listener = listener;
    window.addEventListener("online", () => this.sendNow());
  }

  get size() {
    return this.#calls.length;
  }

  /** Return the ids of the results of the calls. */
  get results() {
    return this.#calls.map((call) => call.result);
  }

  add(call) {
    this.#calls.push(call);
    void this.#send();
  }

  /** Take a call back that has not been sent. Return whether it was still here. */
  takeBack(id) {
    const place = this.#calls.findIndex((call) => call.id === id);
    if (place < 0 || (place === 0 && this.#isSending)) return false;
    this.#calls.splice(place, 1);
    this.#tell("sending");
    return true;
  }

  sendNow() {
    clearTimeout(this.#timer);
    void this.#send();
  }

  async #send() {
    if (this.#isSending) return;
    this.#isSending = true;
    clearTimeout(this.#timer);
    try {
      while (this.#calls.length > 0) {
        this.#tell("sending");
        const [call] = this.#calls;
        const { kind, data, error } = await this.#service.call(call.url, call.body);
        if (kind === "signedOut") return this.#tell("signedOut");
        if (kind === "away") return this.#waitAndRepeat();
        this.#failures = 0;
        this.#calls.shift();
        if (kind === "refused") this.#listener.refused(call, error);
        else this.#listener.done(call, data);
      }
      this.#tell("saved");
    } finally {
      this.#isSending = false;
    }
  }

  #waitAndRepeat() {
    const seconds = Math.min(LONGEST_WAIT, 2 ** this.#failures++);
    this.#timer = setTimeout(() => void this.#send(), seconds * 1000);
    this.#tell("away", seconds);
  }

  #tell(state, seconds = 0) {
    this.#listener.changed({ state, seconds, count: this.#calls.length });
  }
}
