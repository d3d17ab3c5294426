"""The meaning of FASHN's answers, as plain values without I/O."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple


class Phase(enum.StrEnum):
    """Our reading of a prediction's status text. A status not known to be final counts as running."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class _Reading(NamedTuple):
    code: str
    attempts: int


# "As often as the caller's own retry limit allows": above any sensible QUEUE_MAX_RETRIES.
_UNBOUNDED: Final = 99

# From FASHN's error guide and its SDK's list of names. Failed predictions are free, so a new run costs only
# time.
_READINGS: Final[Mapping[str, _Reading]] = MappingProxyType(
    {
        # A new run helps only if FASHN fetched the picture from a URL that was briefly down.
        "ImageLoadError": _Reading("image_not_loaded", 1),
        "ContentModerationError": _Reading("content_refused", 0),
        "PoseError": _Reading("pose_not_found", 0),
        "InputValidationError": _Reading("input_refused", 0),
        # This may hide a content refusal by FASHN's own supplier, so the retries are limited.
        "ThirdPartyError": _Reading("third_party_failed", 2),
        "3rdPartyProviderError": _Reading("third_party_failed", 2),
        "UnavailableError": _Reading("provider_unavailable", _UNBOUNDED),
        "PipelineError": _Reading("provider_pipeline_error", _UNBOUNDED),
        "InternalServerError": _Reading("provider_internal_error", 2),
        # These final statuses come without an error.
        "canceled": _Reading("provider_canceled", 1),
        "time_out": _Reading("provider_timed_out", 1),
    }
)

# FASHN's list of names is open: some have come and gone between versions.
_UNKNOWN: Final = _Reading("provider_unknown_error", 1)


@dataclass(frozen=True, slots=True)
class PredictionFailure:
    """The reason why a prediction failed.

    ``name`` is FASHN's own word (`PoseError`), or the status text if a failed prediction named no error, or
    empty. ``message`` is for people and support only: at most 500 characters, without addresses and pictures.
    """

    name: str
    message: str

    @property
    def code(self) -> str:
        """Return our stable name of the cause, in snake case."""
        return _READINGS.get(self.name, _UNKNOWN).code

    @property
    def attempts(self) -> int:
        """Return the maximum number of new runs of the same input.

        The caller's own limit applies as well.
        """
        return _READINGS.get(self.name, _UNKNOWN).attempts

    @property
    def permanent(self) -> bool:
        """Return whether the same input would fail again."""
        return self.attempts == 0

    @property
    def known(self) -> bool:
        """Return whether the name is in our table. Log the others: FASHN's list grows without notice."""
        return self.name in _READINGS


@dataclass(frozen=True, slots=True)
class PredictionStatus:
    """One status reading of a prediction.

    ``status`` is FASHN's raw text. ``outputs`` are https URLs, data URIs or the literal
    ``<base64>_expired``, in FASHN's order, and empty until success. The protocol allows a succeeded
    prediction without outputs: it was paid, so ask again instead of running again. ``error`` is always set
    when ``phase`` is FAILED. ``credits_used`` is None if FASHN did not say, which it may omit unless the
    prediction completed.
    """

    provider_id: str
    status: str
    phase: Phase
    outputs: tuple[str, ...]
    error: PredictionFailure | None
    credits_used: int | None


@dataclass(frozen=True, slots=True)
class Credits:
    """The account's balance in credits.

    FASHN spends the subscription part first and resets it every month.
    """

    total: int
    subscription: int
    on_demand: int
