"""What FASHN's answers mean to us: plain values, no I/O."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple


class Phase(enum.StrEnum):
    """Our reading of a prediction's status text; everything not known to be final counts as running."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class _Reading(NamedTuple):
    code: str
    attempts: int


# "As often as the caller's own retry limit allows": above any sensible QUEUE_MAX_RETRIES.
_UNBOUNDED: Final = 99

# FASHN's error guide and its SDK's list of names. Failed predictions cost nothing, so a new run risks only
# time.
_READINGS: Final[Mapping[str, _Reading]] = MappingProxyType(
    {
        # A new run helps only where the picture was fetched from a URL that was briefly down.
        "ImageLoadError": _Reading("image_not_loaded", 1),
        "ContentModerationError": _Reading("content_refused", 0),
        "PoseError": _Reading("pose_not_found", 0),
        "InputValidationError": _Reading("input_refused", 0),
        # May hide a refusal of the content by FASHN's own supplier, so it is not tried for ever.
        "ThirdPartyError": _Reading("third_party_failed", 2),
        "3rdPartyProviderError": _Reading("third_party_failed", 2),
        "UnavailableError": _Reading("provider_unavailable", _UNBOUNDED),
        "PipelineError": _Reading("provider_pipeline_error", _UNBOUNDED),
        "InternalServerError": _Reading("provider_internal_error", 2),
        # Final statuses that come without an error of their own.
        "canceled": _Reading("provider_canceled", 1),
        "time_out": _Reading("provider_timed_out", 1),
    }
)

# FASHN's list of names is open-ended: some have come and gone between versions.
_UNKNOWN: Final = _Reading("provider_unknown_error", 1)


@dataclass(frozen=True, slots=True)
class PredictionFailure:
    """Why a prediction failed.

    ``name`` is FASHN's own word (`PoseError`), or the status text where a failed prediction named no error,
    or empty. ``message`` is for people and support only: at most 500 characters, addresses and pictures
    taken out.
    """

    name: str
    message: str

    @property
    def code(self) -> str:
        """Our stable name of the cause, in snake case."""
        return _READINGS.get(self.name, _UNKNOWN).code

    @property
    def attempts(self) -> int:
        """How many new runs of the same input may be tried at most.

        The caller's own limit applies as well.
        """
        return _READINGS.get(self.name, _UNKNOWN).attempts

    @property
    def permanent(self) -> bool:
        """Whether the same input would fail again."""
        return self.attempts == 0

    @property
    def known(self) -> bool:
        """Whether the name is in our table. Log the others: FASHN's list grows without notice."""
        return self.name in _READINGS


@dataclass(frozen=True, slots=True)
class PredictionStatus:
    """One reading of a prediction.

    ``status`` is FASHN's raw text. ``outputs`` are https URLs, data URIs or the literal
    ``<base64>_expired``, in FASHN's order; empty until it succeeded. A succeeded prediction without outputs
    is possible on paper: it was paid, so ask again rather than run again. ``error`` is always set when
    ``phase`` is FAILED. ``credits_used`` is None where FASHN did not say, which is allowed for everything
    but a completed prediction.
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
