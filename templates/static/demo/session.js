// The visitor's session: opened with the shop's publishable key, and renewed before it ends.

import { exchange } from "./http.js";
import { stored } from "./stored.js";

const { publishableKey } = document.getElementById("shop").dataset;
// A token lives for 15 minutes. The clock of the shopper may be wrong, but its minutes are right.
const RENEW_AFTER_MS = 12 * 60_000;

const kept = stored("localStorage", "tryon-session");
let renewing;

/** Return whether the visitor has been here before, and may have photos and try-ons of their own. */
export function isOpen() {
  return Boolean(kept.read());
}

/** Forget the visitor. */
export function close() {
  kept.clear();
}

/** Call the API as the visitor. The first call opens their session: who only looks leaves nothing behind. */
export async function asVisitor(path, options) {
  const token = await currentToken();
  try {
    return await exchange(path, `Bearer ${token}`, options);
  } catch (error) {
    if (!error.isUnknownCaller) throw error;
    return exchange(path, `Bearer ${await currentToken(token)}`, options);
  }
}

/** Return a token that works, as far as we know: not the one that was refused. */
async function currentToken(refused) {
  const session = kept.read();
  const age = Date.now() - session?.at;
  if (session && session.token !== refused && age >= 0 && age < RENEW_AFTER_MS) return session.token;
  renewing ??= renew(session?.token).finally(() => {
    renewing = undefined;
  });
  return renewing;
}

async function renew(token) {
  const { data } = await (token ? renewed(token) : opened());
  kept.write({ token: data.token, at: Date.now() });
  return data.token;
}

/** After its day, or when the key is another one, a session can't be renewed: a new visitor begins. */
function renewed(token) {
  return exchange("sessions", `Bearer ${token}`, { json: {} }).catch((error) => {
    if (!error.isUnknownCaller) throw error;
    return opened();
  });
}

function opened() {
  return exchange("sessions", `Api-Key ${publishableKey}`, { json: {} });
}
