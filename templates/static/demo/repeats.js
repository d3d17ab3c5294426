// Requests that cost something: whatever happens to the answer, a repeat acts no second time.

import { stored } from "./stored.js";

const IN_PROGRESS = "idempotency_in_progress";
const MOST_TRIES = 60;

/**
 * Call `act` with the idempotency key of a request, which `wanted` tells apart from others.
 *
 * A second click, a reload and a try after a lost answer send the same key: it is kept until an answer says
 * how the request has ended.
 */
export async function once(wanted, act) {
  const kept = stored("sessionStorage", `tryon-request:${wanted}`);
  const key = kept.read() ?? randomKey();
  kept.write(key);
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await act({ "Idempotency-Key": key });
      kept.clear();
      return answer;
    } catch (error) {
      if (error.code !== IN_PROGRESS || tries === MOST_TRIES) {
        if (error.isOpen === false) kept.clear();
        throw error;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, error.retryAfterMs);
      });
    }
  }
}

// Without crypto.randomUUID, which a page over plain http does not have.
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
