"""Who is calling: what a key or a session boils down to."""

from dataclasses import dataclass
from typing import ClassVar, cast

from rest_framework.request import Request


@dataclass(frozen=True, slots=True)
class Caller:
    """``requester`` is the stable name that rows are owned by.

    It begins with its kind, such as ``key:<id>`` or ``user:<id>``, and never comes from the client's headers.
    """

    requester: str
    is_manager: bool = False

    is_authenticated: ClassVar[bool] = True  # what DRF's IsAuthenticated asks for


def caller_of(request: Request) -> Caller:
    """The caller of an authenticated API request."""
    return cast(Caller, request.user)
