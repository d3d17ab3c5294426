// Requests to the service, and its refusals.

// Of a request whose first attempt is not done.
export const IN_PROGRESS = "idempotency_in_progress";
const UNKNOWN_CALLER = 401;
const USUAL_MS = 30_000;

/** A refusal of the service, or a missing answer. `message` is for the shopper, empty where the widget has the words. */
export class ApiError extends Error {
  constructor({ code, message = "", status = 0, retryable = true, pauseMs = 0, details = {} }) {
    super(message);
    Object.assign(this, { code, status, retryable, pauseMs, details, fallbacks: details.fallbacks ?? [] });
  }

  /** Return whether to ask again without a person: no connection, a busy or a broken server. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get isUnknownCaller() {
    return this.status === UNKNOWN_CALLER;
  }

  /** Return whether the request may have acted, or may still act, although no answer says so. */
  get isOpen() {
    return this.status === 0 || this.status >= 500 || this.code === IN_PROGRESS;
  }
}

/** Call the service. Return `{ data, meta, tag, pauseMs }`; no data if what the caller has is still right. */
export async function exchange(address, authorization, { json, headers, signal, ms = USUAL_MS, ...options }) {
  const sent = { Accept: "application/json", Authorization: authorization, ...headers };
  if (json !== undefined) {
    sent["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(json) });
  }
  const ends = [AbortSignal.timeout(ms), ...(signal ? [signal] : [])];
  let response;
  let body;
  try {
    response = await fetch(address, { ...options, headers: sent, credentials: "omit", signal: AbortSignal.any(ends) });
    if (response.status !== 304) body = response.status === 204 ? { success: true } : await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ code: response ? "unexpected" : "offline", status: response?.ok ? 0 : response?.status });
  }
  const facts = { tag: response.headers.get("ETag"), pauseMs: 1000 * Number(response.headers.get("Retry-After")) || 0 };
  if (response.status === 304 || (response.ok && body.success)) return { ...facts, ...body };
  throw new ApiError({ code: "unexpected", ...body.error, status: response.status, ...facts });
}
