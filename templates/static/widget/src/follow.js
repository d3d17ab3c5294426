// Watching a job until it ends. The job goes on without us, so nothing here can lose it.

const USUAL_PAUSE_MS = 1000;
const LONGEST_TROUBLE_MS = 8000;
const HIDDEN_PAUSE_MS = 5000;
// While events come, a question now and then finds a connection that is dead and does not say so.
const SILENCE_MS = 45_000;
// After events did not work, so long questions alone.
const WITHOUT_EVENTS_MS = 60_000;
const ACTIVE = ["queued", "processing"];

export const isActive = ({ status }) => ACTIVE.includes(status);

/**
 * Follow a job until it ends, by events where the service offers them, else by questions as often as it wishes. `onJob` gets each
 * state, `onTrouble` each passing error. Any other error is thrown. An abort of `signal` ends it without an error.
 */
export async function follow(client, id, { signal, onJob, onTrouble }) {
  let failures = 0;
  let eventsFrom = 0;
  while (!signal.aborted) {
    let pauseMs;
    try {
      const answer = await client.job(id, signal);
      if (signal.aborted) return;
      failures = 0;
      onJob(answer.job);
      if (signal.aborted || !isActive(answer.job)) return; // the page may have reset it
      pauseMs = Math.max(answer.pauseMs || USUAL_PAUSE_MS, document.hidden ? HIDDEN_PAUSE_MS : 0);
      const { eventsUrl } = answer.job;
      if (eventsUrl && !document.hidden && Date.now() >= eventsFrom) {
        const heard = await listen(eventsUrl, signal, (snapshot) => onJob({ ...answer.job, ...snapshot }));
        if (heard === "end") continue;
        if (heard === "trouble") eventsFrom = Date.now() + WITHOUT_EVENTS_MS;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!error.isPassing) throw error;
      onTrouble(error);
      failures += 1;
      pauseMs = Math.max(error.pauseMs, Math.min(USUAL_PAUSE_MS * 2 ** failures, LONGEST_TROUBLE_MS));
    }
    await nextTurn(pauseMs, signal);
  }
}

/** Hear of a job's changes. Resolve to "end" after the last one, to "trouble" where events do not work, else to "pause". */
function listen(url, signal, onSnapshot) {
  return new Promise((resolve) => {
    const source = new EventSource(url);
    const over = new AbortController();
    let timer;
    let heard = false;
    const finish = (how) => {
      clearTimeout(timer);
      source.close();
      over.abort();
      resolve(how);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(finish, SILENCE_MS, "pause");
    };
    source.addEventListener("status", ({ data }) => {
      try {
        const snapshot = JSON.parse(data);
        heard = true;
        // The whole answer, with the addresses of the picture, is the service's to give.
        if (isActive(snapshot)) onSnapshot(snapshot);
        else finish("end");
        wait();
      } catch {
        finish("trouble");
      }
    });
    source.addEventListener("degraded", () => finish("trouble"));
    source.addEventListener("error", () => finish(heard ? "pause" : "trouble"));
    signal.addEventListener("abort", () => finish("pause"), { signal: over.signal });
    document.addEventListener("visibilitychange", () => document.hidden && finish("pause"), { signal: over.signal });
    wait();
  });
}

/** Resolve after the pause, at once when the page is shown again or back online. */
function nextTurn(ms, signal) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const finish = () => {
      over.abort();
      resolve();
    };
    const timer = setTimeout(finish, ms);
    over.signal.addEventListener("abort", () => clearTimeout(timer));
    document.addEventListener("visibilitychange", () => document.hidden || finish(), { signal: over.signal });
    addEventListener("online", finish, { signal: over.signal });
    signal.addEventListener("abort", finish, { signal: over.signal });
  });
}
