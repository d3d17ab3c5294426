// Requests to this site, and the refusals of the API.

import { say } from "./texts.js";

const { api } = document.getElementById("shop").dataset;
const UNKNOWN_CALLER = 401;
const NOT_MODIFIED = 304;

/** A refusal of the API, or a missing answer. `message` is for the shopper. */
export class ApiError extends Error {
  constructor(message, { code = "", status = 0, retryable = false, retryAfterMs = 0, fallbacks = [] } = {}) {
    super(message);
    Object.assign(this, { code, status, retryable, retryAfterMs, fallbacks });
  }

  /** Return whether the page may ask again by itself: no connection, a busy or a broken server. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Return whether the API has not let the caller in. */
  get isUnknownCaller() {
    return this.status === UNKNOWN_CALLER;
  }

  /** Return whether the request may have acted, or may still act, although no answer says so. */
  get isOpen() {
    return this.status === 0 || this.status >= 500;
  }
}

/** Call the API. Return `{ data, meta }` and the pause that it asks for; no data if what the page has is right. */
export async function exchange(path, authorization, { json, headers, ...options } = {}) {
  const sent = { Accept: "application/json", Authorization: authorization, ...headers };
  if (json !== undefined) {
    sent["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(json) });
  }
  const response = await reach(api + path, { ...options, headers: sent });
  const facts = { retryAfterMs: pauseOf(response), tag: response.headers.get("ETag") };
  if (response.status === NOT_MODIFIED) return facts;
  const body = response.status === 204 ? { success: true } : await response.json().catch(() => null);
  if (response.ok && body?.success) return { ...facts, ...body };
  throw refusal(response, body?.error);
}

/** Return a piece of HTML that this site renders. */
export async function fetchHtml(address) {
  const response = await reach(address);
  if (!response.ok) throw new ApiError(say("unexpected"), { status: response.status, retryable: true });
  return response.text();
}

async function reach(address, options) {
  try {
    return await fetch(address, { credentials: "omit", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(say("offline"), { code: "offline", retryable: true });
  }
}

function refusal(response, error) {
  const { status } = response;
  if (status === UNKNOWN_CALLER) return new ApiError(say("visitOver"), { code: error?.code, status });
  const known = error?.message !== undefined;
  return new ApiError(known ? [error.message, ...fieldMessages(error)].join(" ") : say("unexpected"), {
    code: error?.code,
    status,
    retryable: known ? error.retryable : true,
    retryAfterMs: pauseOf(response),
    fallbacks: error?.details?.fallbacks,
  });
}

function pauseOf({ headers }) {
  return 1000 * Number(headers.get("Retry-After") ?? 0) || 0;
}

function fieldMessages(error) {
  return Object.values(error.details?.fields ?? {}).flat();
}
