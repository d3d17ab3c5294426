"""One thread with a heap of due times, and two small pools: no prediction costs a thread."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from .clock import Clock

logger = logging.getLogger(__name__)

INPUT_WORKERS = 4
WEBHOOK_WORKERS = 8


class Scheduler:
    """Calls small functions at sandbox times; slow work goes to one of the pools."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._busy = 0
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="sandbox-scheduler", daemon=True)
        self._inputs = ThreadPoolExecutor(INPUT_WORKERS, "sandbox-input")
        self._webhooks = ThreadPoolExecutor(WEBHOOK_WORKERS, "sandbox-webhook")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Drop what is not yet due, let running work end, and end every thread."""
        with self._changed:
            self._closing = True
            self._heap.clear()
            self._changed.notify_all()
        self._thread.join()
        self._inputs.shutdown(cancel_futures=True)
        self._webhooks.shutdown(cancel_futures=True)

    def call_at(self, when: float, action: Callable[[], None]) -> None:
        """Call ``action`` (quick, never blocking) at this sandbox time."""
        with self._changed:
            heapq.heappush(self._heap, (when, next(self._order), action))
            self._changed.notify_all()

    def load_input(self, action: Callable[[], None]) -> None:
        """Run ``action`` in the pool that fetches and checks input pictures."""
        self._submit(self._inputs, action)

    def send_webhook(self, action: Callable[[], None]) -> None:
        """Run ``action`` in the pool that posts webhooks."""
        self._submit(self._webhooks, action)

    def push(self, seconds: float, patience: float = 60.0) -> None:
        """Move the clock and wait until everything now due is done, at most ``patience`` real seconds.

        Without the wait the first status read after a push would still say "processing".
        """
        self._clock.push(seconds)
        give_up = time.monotonic() + patience
        with self._changed:
            self._changed.notify_all()
            while not self._idle() and (left := give_up - time.monotonic()) > 0:
                self._changed.wait(left)

    def _submit(self, pool: ThreadPoolExecutor, action: Callable[[], None]) -> None:
        with self._changed:
            if self._closing:
                return
            self._busy += 1
            pool.submit(action).add_done_callback(self._finished)

    def _finished(self, future: Future[None]) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()
        if not future.cancelled() and (error := future.exception()):
            logger.error("sandbox_task_failed", exc_info=error)

    def _idle(self) -> bool:
        return not self._busy and not (self._heap and self._heap[0][0] <= self._clock.now())

    def _loop(self) -> None:
        while True:
            with self._changed:
                if self._closing:
                    return
                if not self._heap:
                    self._changed.wait()
                    continue
                wait = self._heap[0][0] - self._clock.now()
                if wait > 0:
                    self._changed.wait(self._clock.real_seconds(wait))
                    continue
                _, _, action = heapq.heappop(self._heap)
                self._busy += 1
            try:
                action()
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()
