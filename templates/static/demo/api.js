// The public API, called with the visitor's session.

import { say } from "./texts.js";

const UUID_IN_ADDRESS = "00000000-0000-0000-0000-000000000000";
const addresses = document.getElementById("shop").dataset;

/** A refusal of the API, or a missing answer. `message` is for the shopper. */
export class ApiError extends Error {
  constructor(message, { code = "", status = 0, retryable = false, retryAfterMs = 0 } = {}) {
    super(message);
    Object.assign(this, { code, status, retryable, retryAfterMs });
  }

  /** Return whether the page may ask again by itself: no connection, a busy or a broken server. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Send a garment photo with a name. Return the photo and its warnings. */
export function upload(file, name) {
  const form = new FormData();
  form.append("file", file);
  form.append("productId", "own-garment");
  form.append("metadata", JSON.stringify({ name }));
  return call(addresses.uploadUrl, { method: "POST", body: form });
}

/** Ask for a try-on. An identical request gets the job that is under way or done, so a second request is safe. */
export function generate({ garment, model, mode }) {
  return send(addresses.generateUrl, { productImageId: garment.id, modelImageId: model.id, options: { mode } });
}

export function fetchJob(id, signal) {
  return call(addresses.jobUrl.replace(UUID_IN_ADDRESS, id), { signal });
}

/** Cancel a try-on. Return the job as it is now. */
export function cancel(id) {
  return call(`${addresses.jobUrl.replace(UUID_IN_ADDRESS, id)}/cancel`, { method: "POST" });
}

/** Say whether the visitor would show a picture: "yes", "almost" or "no". */
export function judge(resultId, verdict) {
  return send(addresses.feedbackUrl.replace(UUID_IN_ADDRESS, resultId), { verdict });
}

/** Return one page of the library: `{ data, meta }`. */
export function fetchModels({ category, page, pageSize }) {
  const query = new URLSearchParams({ page, pageSize });
  if (category) query.set("category", category);
  return callForAll(`${addresses.modelsUrl}?${query}`);
}

/** Return a piece of HTML that this site renders. */
export async function fetchHtml(address) {
  const response = await reach(address);
  if (!response.ok) throw new ApiError(say("unexpected"), { status: response.status, retryable: true });
  return response.text();
}

function send(address, wanted) {
  const headers = { "Content-Type": "application/json" };
  return call(address, { method: "POST", body: JSON.stringify(wanted), headers });
}

async function call(address, options) {
  return (await callForAll(address, options)).data;
}

let visit = addresses.visitUrl ? undefined : Promise.resolve();

/** Begin the visit with the first call: who only looks at the page leaves nothing behind. */
function visited() {
  visit ??= beginVisit().catch((error) => {
    visit = undefined;
    throw error;
  });
  return visit;
}

async function beginVisit() {
  const response = await reach(addresses.visitUrl, { method: "POST" });
  if (!response.ok) throw refusal(response);
}

async function callForAll(address, options = {}) {
  await visited();
  const headers = { Accept: "application/json", ...options.headers };
  const response = await reach(address, { ...options, headers });
  const body = await response.json().catch(() => null);
  if (response.ok && body?.success) return body;
  throw refusal(response, body?.error);
}

async function reach(address, options = {}) {
  const headers = { ...options.headers };
  if (options.method === "POST") headers["X-CSRFToken"] = cookie(addresses.csrfCookie);
  try {
    return await fetch(address, { credentials: "same-origin", ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(say("offline"), { code: "offline", retryable: true });
  }
}

function refusal({ status, headers }, error) {
  if (status === 401 || status === 403) return new ApiError(say("visitOver"), { code: "visit_over", status });
  const known = error?.message !== undefined;
  return new ApiError(known ? [error.message, ...fieldMessages(error)].join(" ") : say("unexpected"), {
    code: error?.code,
    status,
    retryable: known ? error.retryable : true,
    retryAfterMs: 1000 * Number(headers.get("Retry-After") ?? 0) || 0,
  });
}

function fieldMessages(error) {
  return Object.values(error.details?.fields ?? {}).flat();
}

// Read it at each request, because a sign-in to the admin in another tab changes it.
function cookie(name) {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
