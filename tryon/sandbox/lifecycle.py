"""Predictions from acceptance to their end, by the clock."""

import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from .account import Account
from .clock import Clock
from .errors import PredictionError, Refusal
from .faults import RUNTIME_ERRORS, UNKNOWN_ERROR_NAME, UNKNOWN_STATUS, Fault, Faults
from .inputs import load_input
from .outputs import Outputs
from .predictions import Outcome, Prediction, new_prediction, retry_key
from .scheduler import Scheduler
from .settings import Settings
from .store import Store
from .validation import RunRequest
from .webhooks import Webhooks

ENDINGS = {"canceled": "canceled", "time_out": "time_out", "unknown_status": UNKNOWN_STATUS}


class Lifecycle:
    """Holds every prediction and the balances, under one lock that is never held over I/O or image work."""

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        store: Store,
        outputs: Outputs,
        webhooks: Webhooks,
        view: Callable[[], tuple[Settings, str]],
    ) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._store = store
        self._outputs = outputs
        self._webhooks = webhooks
        self._view = view
        self._lock = threading.RLock()
        self._predictions: dict[str, Prediction] = {}
        self._running: dict[str, Prediction] = {}
        self._failed_once: set[str] = set()
        self._count = 0

    def accept(
        self, account: Account, run: RunRequest, webhook_url: str | None, order: Callable[[], Faults]
    ) -> Prediction:
        """Start a prediction of an account. Raise Refusal (OutOfCredits, then ConcurrencyLimitExceeded).

        ``order`` is asked for the ordered faults once the prediction is admitted.
        Two equal requests start two predictions: FASHN has no idempotency key.
        """
        with self._lock:
            now = self._clock.now()
            prediction = new_prediction(self._count + 1, account, run.model, run.inputs, now, run.flaw)
            self._admit(prediction)
            self._count += 1
            prediction.webhook_url = webhook_url
            faults = order()
            prediction.fault = self._fail_once(prediction, faults.prediction)
            if prediction.fault and prediction.fault.name == "slow":
                prediction.timeline = prediction.timeline.later(prediction.fault.number("seconds", 60))
            prediction.media_fault, prediction.webhook_fault = faults.media, faults.webhook
            self._predictions[prediction.id] = self._running[prediction.id] = prediction
        if webhook_url and prediction.webhook_fault and prediction.webhook_fault.name == "early":
            self._finish_at_once(prediction, webhook_url)
        else:
            self._scheduler.call_at(
                prediction.timeline.started,
                lambda: self._scheduler.load_input(partial(self._load_and_plan, prediction)),
            )
        return prediction

    def find(self, prediction_id: str, account: Account | None = None) -> Prediction:
        """Return the prediction, brought up to date. Raise Refusal (NotFound), also for a forgotten one.

        An account finds its own only.
        """
        settings, _ = self._view()
        with self._lock:
            prediction = self._predictions.get(prediction_id)
            if account is not None and prediction and prediction.account is not account:
                prediction = None
            if prediction and self._clock.now() - prediction.created_at <= settings.id_hours * 3600:
                self._settle(prediction)
                return prediction
        raise Refusal("NotFound", "Prediction not found")

    def in_flight(self, account: Account | None = None) -> int:
        """Return how many predictions have not ended, of an account or of all."""
        return len(self._unfinished(account))

    def balance(self, account: Account) -> dict[str, int]:
        """Return the credits left."""
        with self._lock:
            return account.to_json()

    def set_balance(self, account: Account, subscription: int, on_demand: int) -> None:
        """Set the credits."""
        with self._lock:
            account.subscription, account.on_demand = subscription, on_demand

    def answer(self, prediction: Prediction, *, force_base64: bool = False) -> dict[str, Any]:
        """Return the body of a status answer or a webhook."""
        outcome, now = prediction.outcome, self._clock.now()
        if outcome is None:
            # FASHN's examples show both forms of "no output yet".
            body: dict[str, Any] = {"id": prediction.id, "status": prediction.status(now), "error": None}
            return body if body["status"] == "starting" else {**body, "output": None}
        if outcome.status != "completed":
            return {"id": prediction.id, "status": outcome.status, "error": outcome.error}
        if force_base64:
            output: Any = self._outputs.inline(prediction)
        else:
            output = self._outputs.entries(prediction, *self._view())
        return {"id": prediction.id, "status": "completed", "output": output, "error": None}

    def to_json(self) -> list[dict[str, Any]]:
        """Return every prediction for the ledger, oldest first."""
        self.in_flight()
        with self._lock:
            now = self._clock.now()
            return [prediction.to_json(now) for prediction in self._predictions.values()]

    def forget(self, *, before: float) -> None:
        """Forget the predictions that ended and began before a time, with their pictures."""
        with self._lock:
            known = self._predictions.values()
            gone = [old for old in known if old.outcome and old.created_at < before]
            for old in gone:
                del self._predictions[old.id]
            used = {key for kept in known for key in kept.pictures.values()}
        self._store.drop({key for old in gone for key in self._outputs.keys(old)} - used)

    def clear(self) -> None:
        """Forget every prediction; those under way end unseen."""
        with self._lock:
            self._predictions.clear()
            self._running.clear()
            self._failed_once.clear()

    def _admit(self, prediction: Prediction) -> None:
        settings, _ = self._view()
        running = self._unfinished(prediction.account)
        # What is under way has its credits reserved: nothing that was accepted may find the account empty.
        if prediction.account.total - sum(other.cost for other in running) < prediction.cost:
            raise Refusal("OutOfCredits")
        if len(running) >= settings.concurrency:
            raise Refusal("ConcurrencyLimitExceeded")

    def _unfinished(self, account: Account | None) -> list[Prediction]:
        with self._lock:
            for prediction in list(self._running.values()):
                self._settle(prediction)
            return [running for running in self._running.values() if account in (None, running.account)]

    def _fail_once(self, prediction: Prediction, fault: Fault | None) -> Fault | None:
        if fault is None or fault.name != "fail_once":
            return fault
        key = retry_key(prediction.model, prediction.inputs)
        if key in self._failed_once:
            self._failed_once.remove(key)
            return None
        self._failed_once.add(key)
        return Fault("prediction", "PipelineError")

    def _load(self, prediction: Prediction) -> None:
        """Fetch and check the inputs, without the lock."""
        try:
            if prediction.flaw:
                raise prediction.flaw
            for name in prediction.model.images:
                if value := prediction.inputs.get(name):
                    prediction.pictures[name] = self._store.put(load_input(name, value))
        except PredictionError as error:
            prediction.flaw = error
        with self._lock:
            prediction.forget_base64()
            prediction.loaded_at = self._clock.now()

    def _load_and_plan(self, prediction: Prediction) -> None:
        self._load(prediction)
        self._scheduler.call_at(prediction.timeline.done, partial(self._settle, prediction))

    def _settle(self, prediction: Prediction) -> None:
        """End the prediction if its time has come. Any reader may call this; it ends once."""
        with self._lock:
            due = prediction.loaded_at is not None and self._clock.now() >= prediction.timeline.done
            if due and prediction.outcome is None and not _endless(prediction):
                self._end(prediction, max(prediction.timeline.done, prediction.loaded_at or 0))
                if prediction.webhook_url:
                    self._scheduler.send_webhook(partial(self._notify, prediction, prediction.webhook_url))

    def _end(self, prediction: Prediction, now: float) -> None:
        fault = prediction.fault
        error = prediction.flaw or _ordered_error(fault)
        if error:
            prediction.outcome = Outcome("failed", now, {"name": error.name, "message": error.message})
        elif fault and fault.name in ENDINGS:
            prediction.outcome = Outcome(ENDINGS[fault.name], now)
        else:
            prediction.outcome = Outcome("completed", now, credits=prediction.cost)
            prediction.account.charge(prediction.cost)
        self._running.pop(prediction.id, None)

    def _finish_at_once(self, prediction: Prediction, webhook_url: str) -> None:
        self._load(prediction)
        with self._lock:
            self._end(prediction, self._clock.now())
        self._webhooks.send_now(prediction.id, webhook_url, self._webhook_body(prediction))

    def _notify(self, prediction: Prediction, webhook_url: str) -> None:
        if prediction.outcome and prediction.outcome.status in ("completed", "failed"):
            body = self._webhook_body(prediction)
            self._webhooks.send(prediction.id, webhook_url, body, prediction.webhook_fault)

    def _webhook_body(self, prediction: Prediction) -> bytes:
        settings, host = self._view()
        forced = prediction.webhook_fault is not None and prediction.webhook_fault.name == "base64"
        body = self.answer(prediction, force_base64=forced)
        if prediction.as_base64 and not settings.webhook_base64 and "output" in body:
            body["output"] = self._outputs.urls(prediction, host)
        return json.dumps(body).encode()


def _endless(prediction: Prediction) -> bool:
    return prediction.fault is not None and prediction.fault.name == "never_ends"


def _ordered_error(fault: Fault | None) -> PredictionError | None:
    if fault is None or fault.name not in RUNTIME_ERRORS:
        return None
    name = UNKNOWN_ERROR_NAME if fault.name == "unknown_error" else fault.name
    return PredictionError(fault.text("name", name), fault.text("message", RUNTIME_ERRORS[fault.name]))
