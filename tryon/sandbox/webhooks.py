"""Webhooks: one POST per finished prediction, tried again while the receiver does not answer 2xx."""

import threading
from functools import partial

import requests

from .clock import Clock
from .faults import Fault
from .ledger import Delivery, Ledger
from .scheduler import Scheduler

ATTEMPT_TIMEOUT_SECONDS = 10
# FASHN: up to 5 retries within about 5 minutes. The spacing is ours.
RETRY_AFTER_SECONDS = (10, 20, 40, 80, 150)
DELAY_SECONDS = 120


class Webhooks:
    """Sends in the scheduler's pool; the retries wait on the sandbox clock."""

    def __init__(self, clock: Clock, scheduler: Scheduler, ledger: Ledger) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._ledger = ledger
        self._closing = threading.Event()

    def send(self, prediction_id: str, url: str, body: bytes, fault: Fault | None) -> None:
        """Deliver ``body`` (JSON) to ``url``, with the ordered fault."""
        name = fault.name if fault else ""
        if name == "never":
            return
        copies = int(fault.number("count", 2)) if fault and name == "duplicate" else 1
        wait = fault.number("seconds", DELAY_SECONDS) if fault and name == "delayed" else 0.0
        for _ in range(copies):
            delivery = self._ledger.open_delivery(prediction_id, url)
            if wait:
                self._later(delivery, body, 0, wait)
            else:
                self._scheduler.send_webhook(partial(self._attempt, delivery, body, 0))

    def send_now(self, prediction_id: str, url: str, body: bytes) -> None:
        """Deliver at once and wait for the first answer: the webhook that overtakes the run response."""
        self._attempt(self._ledger.open_delivery(prediction_id, url), body, 0)

    def stop(self) -> None:
        """Plan no more retries."""
        self._closing.set()

    def _later(self, delivery: Delivery, body: bytes, tries: int, seconds: float) -> None:
        due = self._clock.now() + seconds
        self._scheduler.call_at(
            due, lambda: self._scheduler.send_webhook(lambda: self._attempt(delivery, body, tries))
        )

    def _attempt(self, delivery: Delivery, body: bytes, tries: int) -> None:
        at = self._clock.now()
        status = _post(delivery.url, body)
        self._ledger.record_attempt(delivery, at, status)
        delivered = status is not None and 200 <= status < 300
        if not delivered and tries < len(RETRY_AFTER_SECONDS) and not self._closing.is_set():
            self._later(delivery, body, tries + 1, RETRY_AFTER_SECONDS[tries])


def _post(url: str, body: bytes) -> int | None:
    """Return the HTTP status; None when the receiver could not be reached or did not answer in time."""
    headers = {"Content-Type": "application/json"}
    try:
        response = requests.post(
            url, data=body, headers=headers, timeout=ATTEMPT_TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException:
        return None
    with response:
        return response.status_code
