// The service as a visitor of the shop's page calls it.

import { ApiError, IN_PROGRESS, exchange } from "./http.js";
import { stored } from "./stored.js";

// A token lives for 15 minutes. The clock of the shopper may be wrong, but its minutes are right.
const RENEW_AFTER_MS = 12 * 60_000;
const MOST_TRIES = 60;
const UPLOAD_MS = 300_000;

/** Return a random text. Not crypto.randomUUID: a page over plain http does not have it. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function repeated(ask, isToRepeat) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === MOST_TRIES || !isToRepeat(error)) throw error;
      await pause(error.pauseMs || 1000);
    }
  }
}

/** A visitor's session: opened with the shop's publishable key, or by the shop's server, and renewed in time. */
class Session {
  #renewing;

  constructor(api, key, token) {
    Object.assign(this, { api, key, kept: stored(`session ${key}`) });
    if (!token) return;
    let given = { token, at: Date.now() };
    const write = (value) => {
      given = value;
    };
    this.kept = { read: () => given, write, clear: () => write() };
  }

  /** Return a token that works, as far as we know: not the one that was refused. */
  async token(refused) {
    const has = this.kept.read();
    const age = Date.now() - has?.at;
    if (has && has.token !== refused && age >= 0 && age < RENEW_AFTER_MS) return has.token;
    this.#renewing ??= this.#renew(has?.token).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(token) {
    const { data } = await (token ? this.#renewed(token) : this.#opened());
    this.kept.write({ token: data.token, at: Date.now(), hours: data.shopperPhotoHours ?? 0 });
    return data.token;
  }

  /** Return the hours for which the service keeps a shopper's photo, 0 if it does not tell. */
  async hours() {
    const token = await this.token();
    if (this.kept.read()?.hours === undefined) await this.token(token); // a page's own token comes without
    return this.kept.read()?.hours;
  }

  // After its day, or when the key is another one, a session can't be renewed: a new visitor begins.
  #renewed(token) {
    return exchange(`${this.api}sessions`, `Bearer ${token}`, { json: {} }).catch((error) => {
      if (!error.isUnknownCaller) throw error;
      return this.#opened();
    });
  }

  #opened() {
    if (!this.key) throw new ApiError({ code: "session_over", status: 401, retryable: false });
    return exchange(`${this.api}sessions`, `Api-Key ${this.key}`, { json: {} });
  }
}

// Several elements of a page are one visitor.
const sessions = new Map();

/** The calls that the widget makes. `language` returns that of the answers. */
export class Client {
  #seen = new Map();

  constructor({ api, key, token, language }) {
    const name = `${api} ${key} ${token}`;
    if (!sessions.has(name)) sessions.set(name, new Session(api, key, token));
    Object.assign(this, { api, language, session: sessions.get(name) });
  }

  async call(path, { headers, ...options } = {}) {
    const send = (token) =>
      exchange(this.api + path, `Bearer ${token}`, { headers: { "Accept-Language": this.language(), ...headers }, ...options });
    const token = await this.session.token();
    try {
      return await send(token);
    } catch (error) {
      if (!error.isUnknownCaller) throw error;
      return send(await this.session.token(token));
    }
  }

  async data(path, options) {
    return (await this.call(path, options)).data;
  }

  /** Make a request that acts once for each key, however often it is sent. */
  once(key, path, options) {
    const sent = { ...options, headers: { "Idempotency-Key": key } };
    return repeated(
      () => this.data(path, sent),
      ({ code }) => code === IN_PROGRESS,
    );
  }

  /** Cancel a job, also from a page that is being left. Without a connection it is tried again and again. */
  cancel(id) {
    return repeated(
      () => this.data(`jobs/${id}/cancel`, { json: {}, keepalive: true }),
      ({ isPassing }) => isPassing,
    );
  }

  /** Return the photo of a product to try on, undefined if it has none. */
  async productPhoto(product) {
    const photos = await this.data(`product-photos?${new URLSearchParams({ productId: product })}`);
    return photos.find(({ view }) => view === "" || view === "front") ?? photos[0];
  }

  /** Return a page of the library: `{ data, meta }`. */
  models(query) {
    return this.call(`models?${new URLSearchParams(query)}`);
  }

  /** Return the model photo or the shopper's own photo of a try-on, undefined for one that is gone. */
  person({ modelImageId, shopperPhotoId }) {
    const path = modelImageId ? `models/${modelImageId}` : `shopper-photos/${shopperPhotoId}`;
    return this.data(path).then(
      ({ id, imageUrl, processedUrl, name, expiresAt }) => ({ id, name, expiresAt, picture: imageUrl ?? processedUrl, isOwn: !modelImageId }),
      (error) => {
        if (error.status !== 404) throw error;
      },
    );
  }

  /** Send the shopper's photo, after they have agreed to the text of this version. */
  sendPhoto(key, blob, consentVersion) {
    const body = new FormData();
    body.append("file", blob, "photo");
    body.append("consentVersion", consentVersion);
    return this.once(key, "shopper-photos", { method: "POST", body, ms: UPLOAD_MS });
  }

  /** Return a job, and the pause until it makes sense to ask again, 0 if the service does not say. */
  async job(id, signal) {
    const earlier = this.#seen.get(id);
    const headers = earlier ? { "If-None-Match": earlier.tag } : {};
    const { data = earlier?.data, tag, pauseMs } = await this.call(`jobs/${id}`, { headers, signal });
    if (tag) this.#seen.set(id, { data, tag });
    return { job: data, pauseMs };
  }
}
