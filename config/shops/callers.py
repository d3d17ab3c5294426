"""The caller of a request, from a key or a session."""

from dataclasses import dataclass
from typing import ClassVar, cast

from rest_framework.request import Request


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller. ``requester`` is the stable name that owns rows.

    It begins with its kind, such as ``key:<id>`` or ``user:<id>``, and never comes from the client's headers.
    """

    requester: str
    is_manager: bool = False

    is_authenticated: ClassVar[bool] = True  # DRF's IsAuthenticated reads it


def caller_of(request: Request) -> Caller:
    """Return the caller of an authenticated API request."""
    return cast(Caller, request.user)
