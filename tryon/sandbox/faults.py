"""Faults to order: by seed, by header, or for the next calls."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import STATUS_OF_REFUSAL, Refusal

SEED_BASE = 424200
RUNTIME_ERRORS = {
    "ContentModerationError": "The image was blocked by content moderation.",
    "ImageLoadError": "Error loading model image: Invalid URL format",
    "PoseError": "No body pose was detected in the model image.",
    "InputValidationError": "The inputs are inconsistent.",
    "ThirdPartyError": "A third-party service refused the request.",
    "UnavailableError": "A required service is temporarily unavailable.",
    "PipelineError": "An unexpected pipeline error occurred.",
    "3rdPartyProviderError": "The provider failed.",
    "InternalServerError": "An unexpected server error occurred.",
    "unknown_error": "A kind of error that no document names.",
}
UNKNOWN_ERROR_NAME = "FabricTooShinyError"
UNKNOWN_STATUS = "rehearsing"

_REFUSED = tuple(STATUS_OF_REFUSAL)
_TRANSPORT = ("bad_gateway", "service_unavailable", "hang", "reset_before", "reset_after", "slow_body")
_ENDINGS = (*RUNTIME_ERRORS, "canceled", "time_out", "unknown_status", "never_ends", "fail_once", "slow")
_OUTPUT_SHAPES = ("wrong_host", "images_object")
_PICTURES = ("truncated", "wrong_type", "transparent", "redirect", "huge_pixels", "huge_file", "missing")
_DELIVERIES = ("duplicate", "early", "delayed", "never", "base64")
_ANY_CALL = (*_REFUSED, *_TRANSPORT, "gateway_not_found")
FAULTS: Mapping[str, frozenset[str]] = {
    "run": frozenset((*_ANY_CALL, "no_id")),
    "status": frozenset(_ANY_CALL),
    "credits": frozenset(_ANY_CALL),
    "prediction": frozenset((*_ENDINGS, *_OUTPUT_SHAPES)),
    "media": frozenset((*_ANY_CALL, *_PICTURES, "empty")),
    "webhook": frozenset(_DELIVERIES),
}
"""Where a fault acts, and the names known there."""

SEEDS: Mapping[int, tuple[str, str]] = {
    SEED_BASE + offset: (endpoint, name)
    for endpoint, first, names in (
        ("prediction", 1, _ENDINGS),
        ("run", 20, ("RateLimitExceeded", "ConcurrencyLimitExceeded", "OutOfCredits", "InternalServerError")),
        ("run", 24, _TRANSPORT),
        ("run", 30, ("no_id", "BadRequest", "UnauthorizedAccess")),
        ("media", 40, _PICTURES),
        ("prediction", 47, _OUTPUT_SHAPES),
        ("webhook", 50, _DELIVERIES),
        ("media", 60, ("empty",)),
    )
    for offset, name in enumerate(names, first)
}
"""Seed to fault: the one marker that passes through any client unchanged."""


@dataclass(frozen=True)
class Fault:
    """One ordered fault. ``model`` limits it to runs of that model; ``parameters`` depend on the name."""

    endpoint: str
    name: str
    model: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1

    def number(self, key: str, default: float) -> float:
        """Return a numeric parameter. Raise Refusal (BadRequest) for another type."""
        value = self.parameters.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise Refusal("BadRequest", f"{key} must be a number, 0 or more")
        return value

    def text(self, key: str, default: str) -> str:
        """Return a text parameter."""
        return str(self.parameters.get(key, default))


def from_seed(seed: object) -> Fault | None:
    """Return the fault that this seed stands for."""
    known = SEEDS.get(seed) if isinstance(seed, int) else None
    return Fault(*known) if known else None


def from_header(value: str, endpoint: str) -> Fault:
    """Return the fault that ``X-Sandbox-Fault`` names: ``name`` or ``endpoint:name`` (``media:truncated``).

    A bare name is looked up for the called endpoint first. Raise Refusal (BadRequest) when unknown.
    """
    place, colon, name = value.strip().partition(":")
    if colon:
        return _known(place, name)
    for candidate in (endpoint, *FAULTS):
        if place in FAULTS.get(candidate, ()):
            return Fault(candidate, place)
    raise Refusal("BadRequest", f"Unknown fault {place}")


def from_json(body: Mapping[str, Any]) -> Fault:
    """Return the fault that ``POST /_sandbox/faults`` orders. Raise Refusal (BadRequest)."""
    extra = {key: value for key, value in body.items() if key not in ("endpoint", "fault", "times", "model")}
    times, model = body.get("times", 1), body.get("model")
    if type(times) is not int or times < 1:
        raise Refusal("BadRequest", "times must be a whole number from 1")
    if model is not None and not isinstance(model, str):
        raise Refusal("BadRequest", "model must be the name of a model")
    fault = _known(str(body.get("endpoint")), str(body.get("fault")))
    fault = replace(fault, model=model, parameters=extra, times=times)
    for key in ("seconds", "count"):
        fault.number(key, 0)
    return fault


def _known(endpoint: str, name: str) -> Fault:
    if name not in FAULTS.get(endpoint, ()):
        names = ", ".join(sorted(FAULTS[endpoint])) if endpoint in FAULTS else ""
        hint = f"Faults of {endpoint}: {names}" if names else f"endpoint must be one of: {', '.join(FAULTS)}"
        raise Refusal("BadRequest", hint)
    return Fault(endpoint, name)


@dataclass(frozen=True)
class Faults:
    """The faults that one prediction carries with it."""

    prediction: Fault | None = None
    media: Fault | None = None
    webhook: Fault | None = None


class FaultQueue:
    """Faults ordered for the next calls, used up in the order in which they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order this fault for the next ``fault.times`` calls that it fits."""
        with self._lock:
            self._waiting.append(fault)

    def take(self, endpoint: str, model: str | None = None) -> Fault | None:
        """Use up and return the first fault waiting for this endpoint and model."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.endpoint == endpoint and fault.model in (None, model):
                    left = replace(fault, times=fault.times - 1)
                    self._waiting[place : place + 1] = [left] if left.times else []
                    return fault
        return None

    def clear(self) -> None:
        """Drop every waiting fault."""
        with self._lock:
            self._waiting.clear()

    def to_json(self) -> list[dict[str, Any]]:
        """Return the waiting faults as they were ordered, with the times left."""
        with self._lock:
            return [
                {"endpoint": f.endpoint, "fault": f.name, "times": f.times, "model": f.model, **f.parameters}
                for f in self._waiting
            ]
