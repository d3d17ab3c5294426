// Watching a job until it ends. The job goes on without us, so nothing here can lose it.

import { fetchJob } from "./api.js";

const USUAL_PAUSE_MS = 1_000;
const LONGEST_TROUBLE_MS = 6_000;
const HIDDEN_PAUSE_MS = 5_000;
// A page that is hidden for this time stops asking until it is shown again.
const HIDDEN_LONG_MS = 120_000;
const ACTIVE = new Set(["queued", "processing"]);

/**
 * Ask for the job, as often as the API wishes, until it is finished. `onJob` gets each answer, and `onTrouble` each passing error. Any
 * other error is thrown. An abort of `signal` ends it without an error.
 */
export async function follow(jobId, { signal, onJob, onTrouble }) {
  let failures = 0;
  while (!signal.aborted) {
    let askedToWait;
    try {
      const { job, pauseMs } = await fetchJob(jobId, signal);
      if (signal.aborted) return;
      onJob(job);
      if (!ACTIVE.has(job.status)) return;
      askedToWait = pauseMs;
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!error.isPassing) throw error;
      onTrouble(error);
      failures += 1;
      askedToWait = error.retryAfterMs;
    }
    const backOff = failures && Math.min(USUAL_PAUSE_MS * 2 ** failures, LONGEST_TROUBLE_MS);
    await nextTurn(Math.max(backOff, askedToWait || USUAL_PAUSE_MS), signal);
  }
}

/** Resolve after the pause, later while the page is hidden, at once when it is shown or back online. */
function nextTurn(pauseMs, signal) {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const began = performance.now();
    let timer;

    const finish = () => {
      clearTimeout(timer);
      listening.abort();
      resolve();
    };
    const wait = () => {
      clearTimeout(timer);
      if (!document.hidden) {
        timer = setTimeout(finish, Math.max(0, pauseMs - (performance.now() - began)));
      } else if (hiddenForMs() < HIDDEN_LONG_MS) {
        timer = setTimeout(finish, Math.max(pauseMs, HIDDEN_PAUSE_MS));
      }
    };
    document.addEventListener("visibilitychange", wait, { signal: listening.signal });
    addEventListener("online", finish, { signal: listening.signal });
    signal.addEventListener("abort", finish, { signal: listening.signal });
    wait();
  });
}

let hiddenSince = document.hidden ? performance.now() : null;
document.addEventListener("visibilitychange", () => {
  hiddenSince = document.hidden ? performance.now() : null;
});

function hiddenForMs() {
  return hiddenSince === null ? 0 : performance.now() - hiddenSince;
}
