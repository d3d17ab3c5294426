"""The key at the doors: an APIView's method, or a plain view."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from config.core.http.idempotency.answers import Outcome
from config.core.http.idempotency.once import Attempt, Repeatable, once
from config.core.http.idempotency.requests import HEADER, PATTERN, fingerprint_of, key_in

REPLAYED: Final = "Idempotent-Replayed"
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": PATTERN, "minLength": 1, "maxLength": 130},
    OpenApiParameter.HEADER,
    description=_(
        "A new random text for each new request, of at most 64 characters. For 24 hours, a repeat of the "
        "request with this text acts no second time and gets the same answer."
    ),
)


def repeatable(statuses: Sequence[int], *, acts: bool) -> list[OpenApiParameter]:
    """Return the headers of a request that may be repeated, and of its answers."""
    if not acts:
        return [IDEMPOTENCY_KEY]
    replayed = OpenApiParameter(
        REPLAYED,
        {"type": "string", "enum": ["true"]},
        OpenApiParameter.HEADER,
        description=_("There when the answer is that of an earlier request with the same key."),
        response=list(statuses),
    )
    return [IDEMPOTENCY_KEY, replayed]


class Owner(Protocol):
    """A caller. ``repeats_as`` is a name that no other caller has."""

    @property
    def repeats_as(self) -> str: ...


def answered_once(request: Request, answer: Callable[[], Response]) -> Response:
    """Return the answer to a request of an APIView. With a key it is made once, and then repeated.

    Call it when the caller is known. Raise as ``once``, IdempotencyKeyInvalid, and as DRF's ``data``.
    """
    key = key_in(request.headers)
    if key is None:
        return answer()
    asked = request._request
    wanted = Repeatable(
        owner=cast(Owner, request.user).repeats_as,
        route=asked.resolver_match.route if asked.resolver_match else "",
        key=key,
        fingerprint=fingerprint_of(str(asked.method), asked.path_info, request.data),
    )

    def act(attempt: Attempt) -> Outcome:
        set_attempt(request, attempt)
        made = answer()
        return Outcome(made.status_code, made.data, dict(made.items()))

    outcome = once(wanted, asked, act)
    headers = {**outcome.headers, REPLAYED: "true"} if outcome.is_replayed else outcome.headers
    return Response(outcome.data, status=outcome.status, headers=headers)


def set_attempt(request: Request, attempt: Attempt) -> None:
    cast(Any, request._request).idempotency_attempt = attempt


def row_id_of(request: Request) -> UUID | None:
    """Return the id for the row that a request with a key makes, None without a key.

    It is the same for each attempt, so a later one finds the row of one that was cut off.
    """
    attempt: Attempt | None = getattr(request._request, "idempotency_attempt", None)
    return None if attempt is None else attempt.id
