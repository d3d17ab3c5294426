"""One prediction: what was asked, when it changes state, and how it ended."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import uuid4

from .account import Account
from .catalogue import Model, cost, duration
from .clock import timestamp
from .errors import PredictionError
from .faults import Fault

REDACTED = "<base64>"


@dataclass(frozen=True)
class Timeline:
    """Sandbox times at which the states end: starting, in_queue, then processing until ``done``."""

    started: float
    queued: float
    done: float

    @classmethod
    def draw(cls, now: float, seconds: float, dice: Random) -> "Timeline":
        """Split ``seconds``; now and then a state lasts no time at all, as a poller of FASHN may see it."""
        starting = seconds * dice.choice((0.0, 0.04, 0.06))
        queue = seconds * dice.choice((0.0, 0.05, 0.1))
        return cls(now + starting, now + starting + queue, now + seconds)

    def later(self, seconds: float) -> "Timeline":
        """Return the same with a longer last state."""
        return replace(self, done=self.done + seconds)

    def status(self, now: float) -> str:
        """Return the state of an unfinished prediction."""
        if now < self.started:
            return "starting"
        return "in_queue" if now < self.queued else "processing"


@dataclass(frozen=True)
class Outcome:
    """The end of a prediction. ``error`` is FASHN's ``{name, message}``; ``credits`` is its price."""

    status: str
    at: float
    error: dict[str, str] | None = None
    credits: int = 0


@dataclass
class Prediction:
    """Guarded by the lock of the lifecycle; ``compose_lock`` lets one download compose while others wait."""

    id: str
    model: Model
    inputs: dict[str, Any]
    created_at: float
    timeline: Timeline
    cost: int
    account: Account
    webhook_url: str | None = None
    flaw: PredictionError | None = None
    fault: Fault | None = None
    media_fault: Fault | None = None
    webhook_fault: Fault | None = None
    pictures: dict[str, str] = field(default_factory=dict)
    """Input field to the key of its checked bytes."""
    loaded_at: float | None = None
    outcome: Outcome | None = None
    compose_lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def as_base64(self) -> bool:
        """Return whether the output goes out as data URIs."""
        return bool(self.inputs.get("return_base64"))

    @property
    def extension(self) -> str:
        """File ending of the output: a cut-out is always PNG."""
        return "jpg" if self.inputs.get("output_format") == "jpeg" else "png"

    def status(self, now: float) -> str:
        """Return the state that a status read shows."""
        return self.outcome.status if self.outcome else self.timeline.status(now)

    def forget_base64(self) -> None:
        """Drop inline pictures once they are checked: FASHN's history keeps only a placeholder too."""
        for name in self.model.images:
            if str(self.inputs.get(name)).startswith("data:"):
                self.inputs[name] = REDACTED

    def to_json(self, now: float) -> dict[str, Any]:
        """Return the prediction as the ledger shows it."""
        return {
            "id": self.id,
            "modelName": self.model.name,
            "status": self.status(now),
            "error": self.outcome.error if self.outcome else None,
            "credits": self.outcome.credits if self.outcome else 0,
            "createdAt": timestamp(self.created_at),
            "completedAt": timestamp(self.outcome.at) if self.outcome else None,
            "webhookUrl": self.webhook_url,
        }


def new_prediction(
    number: int,
    account: Account,
    model: Model,
    inputs: dict[str, Any],
    now: float,
    flaw: PredictionError | None,
) -> Prediction:
    """Return a fresh prediction. Its times are seeded by ``number``, so that a run can be repeated."""
    dice = Random(number)  # noqa: S311 (timing only)
    timeline = Timeline.draw(now, duration(model, inputs, dice), dice)
    return Prediction(_new_id(number), model, inputs, now, timeline, cost(model, inputs), account, flaw=flaw)


def retry_key(model: Model, inputs: Mapping[str, Any]) -> str:
    """Return what two tries of one job have in common: a signed URL is new each time, its path is not."""
    parts = [str(inputs.get(name)).partition("?")[0] for name in model.images]
    return hashlib.sha256("\n".join([model.name, str(inputs.get("seed")), *parts]).encode()).hexdigest()


def _new_id(number: int) -> str:
    """Return an id that no other sandbox gives: a shop remembers the ids of the last one it used."""
    new = str(uuid4())
    # FASHN shows both forms, so code that stores a UUID breaks here and not in production.
    return new if number % 2 else f"{new[:-4]}-u1"
