"""The record of the sandbox's calls and predictions, for tests and for readers."""

import json
import threading
from collections import Counter, deque
from typing import Any

from .clock import timestamp
from .messages import Reply, Request
from .predictions import REDACTED

KEPT_REQUESTS = 5_000
KEPT_DELIVERIES = 5_000
LONGEST_TEXT = 2_000


class Delivery:
    """One webhook and its attempts."""

    def __init__(self, prediction_id: str, url: str) -> None:
        self.prediction_id = prediction_id
        self.url = url
        self.attempts: list[dict[str, Any]] = []

    def to_json(self) -> dict[str, Any]:
        """Return the delivery as the ledger shows it; an attempt without an answer has the status null."""
        return {"predictionId": self.prediction_id, "url": self.url, "attempts": list(self.attempts)}


class Ledger:
    """Counts and logs. Every method is safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._refusals: dict[str, Counter[str]] = {}
        self._overruns: Counter[str] = Counter()
        self._log: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self.peak_in_flight = 0

    def count_request(self, endpoint: str) -> None:
        """Count a call."""
        with self._lock:
            self._requests[endpoint] += 1

    def count_refusal(self, endpoint: str, name: str, *, genuine: bool) -> None:
        """Count a refused call; a genuine 429 also counts as a limit that the client overran."""
        with self._lock:
            self._refusals.setdefault(endpoint, Counter())[name] += 1
            if genuine and name in ("RateLimitExceeded", "ConcurrencyLimitExceeded", "OutOfCredits"):
                self._overruns[name] += 1

    def see_in_flight(self, count: int) -> None:
        """Keep the highest number of predictions in flight."""
        with self._lock:
            self.peak_in_flight = max(self.peak_in_flight, count)

    def open_delivery(self, prediction_id: str, url: str) -> Delivery:
        """Start the record of one webhook."""
        delivery = Delivery(prediction_id, url)
        with self._lock:
            self._deliveries.append(delivery)
        return delivery

    def record_attempt(self, delivery: Delivery, at: float, status: int | None) -> None:
        """Add one attempt: sandbox time, and the HTTP status that came back."""
        with self._lock:
            delivery.attempts.append({"at": timestamp(at), "status": status})

    def record(self, request: Request, reply: Reply, at: float) -> None:
        """Log a call without its key and without its pictures."""
        entry = {
            "at": timestamp(at),
            "method": request.method,
            "target": request.target,
            "headers": {k: v for k, v in request.headers.items() if k != "authorization"},
            "body": _redacted(_readable(request.body)),
            "status": reply.status,
            "manner": reply.manner.value,
        }
        with self._lock:
            self._log.append(entry)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for store in (self._requests, self._refusals, self._overruns, self._log, self._deliveries):
                store.clear()
            self.peak_in_flight = 0

    def to_json(self) -> dict[str, Any]:
        """Return the counts and logs; predictions and credits are added by the service."""
        with self._lock:
            return {
                "requests": dict(self._requests),
                "refusals": {endpoint: dict(names) for endpoint, names in self._refusals.items()},
                "limitsExceeded": dict(self._overruns),
                "peakInFlight": self.peak_in_flight,
                "webhooks": [delivery.to_json() for delivery in self._deliveries],
                "log": list(self._log),
            }


def _readable(body: bytes) -> object:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body[:LONGEST_TEXT].decode(errors="replace")


def _redacted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    if isinstance(value, str) and (value.startswith("data:") or len(value) > LONGEST_TEXT):
        return REDACTED
    return value
