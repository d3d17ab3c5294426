"""The mapping from an answer that is not 2xx to the error that says what to do next."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tryon.fashn.errors import (
    BadRequest,
    ConcurrencyLimited,
    FashnError,
    NotFound,
    OutOfCredits,
    RateLimited,
    ServerError,
    Unauthorized,
    UnexpectedAnswer,
)
from tryon.fashn.parsing import parse_error_name, parse_retry_after

_BY_STATUS: Final[Mapping[int, type[FashnError]]] = MappingProxyType(
    {
        401: Unauthorized,
        # FASHN sends 429 for an empty balance. Third-party descriptions say 402: it has no other meaning.
        402: OutOfCredits,
        404: NotFound,
        # The server gave up waiting for our request. It accepted nothing, and the input is not to blame.
        408: ServerError,
    }
)

_BY_429_NAME: Final[Mapping[str, type[FashnError]]] = MappingProxyType(
    {"ConcurrencyLimitExceeded": ConcurrencyLimited, "OutOfCredits": OutOfCredits}
)

# A gateway answered after it had passed the request on, so FASHN may have accepted the run (520 and 524 are
# Cloudflare's "odd answer" and "no answer in time"). 500 and 503 are refusals: FASHN documents that an
# answered error never leaves a prediction behind, and 503 and Cloudflare's other codes mean that nobody
# took the request.
_MAY_HIDE_A_RUN: Final = frozenset({502, 504, 520, 524})


def refusal(http_status: int, headers: Mapping[str, str], body: bytes, *, paid: bool) -> FashnError:
    """Return the error for an answer outside 2xx.

    ``body`` may be empty, cut short or a gateway's HTML page. ``paid`` is true if the request would start a
    paid run.
    """
    name = parse_error_name(body)
    return _kind(http_status, name)(
        http_status=http_status,
        provider_error=name,
        retry_after=parse_retry_after(headers.get("Retry-After")),
        may_have_run=paid and _may_hide_a_run(http_status, name),
    )


def _kind(http_status: int, name: str) -> type[FashnError]:
    if http_status == 429:
        return _BY_429_NAME.get(name, RateLimited)
    if http_status in _BY_STATUS:
        return _BY_STATUS[http_status]
    if http_status >= 500:
        return ServerError
    return BadRequest if http_status >= 400 else UnexpectedAnswer


def _may_hide_a_run(http_status: int, name: str) -> bool:
    if http_status == 303:  # "see the outcome there": the one redirect that says the POST was carried out
        return True
    # FASHN's own error body proves that FASHN answered, with any code.
    return http_status in _MAY_HIDE_A_RUN and not name
