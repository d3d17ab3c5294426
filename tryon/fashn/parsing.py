"""The defensive parser of FASHN's answers. It does not trust any body to have its documented shape."""

import json
import re
from collections.abc import Mapping
from typing import Final, TypeGuard

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from tryon.fashn.types import Credits, Phase, PredictionFailure, PredictionStatus

_FAILED_STATUSES: Final = frozenset({"failed", "canceled", "time_out"})

# An id is opaque text (documented both as a UUID and as hex groups with a suffix). The cap fits a database
# column.
MAX_PROVIDER_ID_CHARS: Final = 200
_MAX_MESSAGE_CHARS: Final = 500
_MAX_STATUS_CHARS: Final = 64
# The governor decides on longer waits. A date in the far future must not park a job for years.
MAX_RETRY_AFTER_SECONDS: Final = 600
_RETRY: Final = Retry(retry_after_max=MAX_RETRY_AFTER_SECONDS)

_ERROR_NAME: Final = re.compile(r"\w{1,64}", re.ASCII)
# Messages quote our signed URLs ("Error loading model image: ...") and could quote a data URI.
_ADDRESS: Final = re.compile(r"(?:https?://|data:)\S+", re.IGNORECASE)


class WrongShape(Exception):
    """A body that does not follow the protocol."""


def parse_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in ``body``. Raise WrongShape for anything else."""
    try:
        value = json.loads(body)
    except (
        ValueError,
        RecursionError,
    ):  # bad UTF-8 and endless digits raise ValueError, deep nesting the other one
        raise WrongShape from None
    if not isinstance(value, dict):
        raise WrongShape
    return value


def parse_error_name(body: bytes) -> str:
    """Return the ``error`` of FASHN's flat error body, or "" for anything else (a gateway's page)."""
    try:
        error = parse_object(body).get("error")
    except WrongShape:
        return ""
    return error if isinstance(error, str) and _ERROR_NAME.fullmatch(error) else ""


def usable_provider_id(value: object) -> TypeGuard[str]:
    """Return whether a prediction id can be stored and put into a path, where "." and ".." would climb."""
    return isinstance(value, str) and 0 < len(value) <= MAX_PROVIDER_ID_CHARS and bool(value.strip(". "))


def parse_prediction(
    payload: Mapping[str, object], *, provider_id: str, credits_used: int | None = None
) -> PredictionStatus:
    """Read a status answer or a webhook body, which have the same shape. Raise WrongShape.

    An unknown status counts as running, so that a new word in FASHN's vocabulary costs time and not a result.
    """
    status = payload.get("status")
    if not isinstance(status, str) or not status:
        raise WrongShape
    if payload.get("id", provider_id) not in (provider_id, None):
        # Someone else's prediction (a confused cache) would show one shopper's photo to another.
        raise WrongShape
    phase = _phase(status)
    error = _parse_failure(payload.get("error"))
    if phase is Phase.FAILED and error is None:
        error = PredictionFailure(name=status, message="")
    return PredictionStatus(
        provider_id=provider_id,
        status=status[:_MAX_STATUS_CHARS],
        phase=phase,
        outputs=_parse_outputs(payload.get("output")) if phase is Phase.SUCCEEDED else (),
        error=error,
        credits_used=credits_used,
    )


def _phase(status: str) -> Phase:
    if status == "completed":
        return Phase.SUCCEEDED
    return Phase.FAILED if status in _FAILED_STATUSES else Phase.RUNNING


def _parse_outputs(output: object) -> tuple[str, ...]:
    # The try-on models send a flat list. Other models' pages show {"images": [...]}.
    if isinstance(output, dict):
        output = output.get("images")
    entries = output if isinstance(output, list) else [output]
    return tuple(entry for entry in entries if isinstance(entry, str) and entry)


def _parse_failure(error: object) -> PredictionFailure | None:
    if isinstance(error, dict):
        return PredictionFailure(
            name=_failure_name(error.get("name")), message=_clean_message(error.get("message"))
        )
    if isinstance(error, str) and error:
        return PredictionFailure(name=_failure_name(error), message=_clean_message(error))
    return None


def _failure_name(name: object) -> str:
    return name if isinstance(name, str) and _ERROR_NAME.fullmatch(name) else ""


def _clean_message(message: object) -> str:
    text = message if isinstance(message, str) else ""
    return _ADDRESS.sub("[address]", text)[:_MAX_MESSAGE_CHARS]


def parse_credits(payload: Mapping[str, object]) -> Credits:
    """Read the credits answer. Raise WrongShape."""
    balance = payload.get("credits")
    if not isinstance(balance, dict):
        raise WrongShape
    return Credits(
        total=_whole(balance.get("total")),
        subscription=_whole(balance.get("subscription")),
        on_demand=_whole(balance.get("on_demand")),
    )


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongShape
    return value


def parse_credits_used(header: str | None) -> int | None:
    """Read ``x-fashn-credits-used``, a whole number as text. Return None if it is absent or anything else."""
    text = (header or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, between 0 and MAX_RETRY_AFTER_SECONDS.

    It reads both forms of RFC 9110, seconds and an HTTP date. Return None without a usable header. FASHN
    documents no such header, so nothing may depend on it.
    """
    try:
        return float(_RETRY.parse_retry_after(header)) if header else None
    except (InvalidHeader, ValueError, OverflowError):  # the last two: endless digits and absurd years
        return None
