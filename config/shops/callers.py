"""The caller of a request, from a key or a session."""

from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from config.core.errors import DomainError
from config.shops.abilities import SHOPPING, Ability, abilities_of


class NotAllowed(DomainError):
    code: ClassVar[str] = "permission_denied"
    status: ClassVar[int] = 403
    message: Any = _("You may not do this. Ask for the permission.")


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller. ``requester`` is the stable name that owns rows.

    It begins with its kind, such as ``key:<id>`` or ``user:<id>``, and never comes from the client's headers.
    ``is_manager`` is that of a key, and stands for every ability.
    """

    requester: str
    is_manager: bool = False
    abilities: frozenset[Ability] = SHOPPING

    is_authenticated: ClassVar[bool] = True  # DRF's IsAuthenticated reads it

    def may(self, ability: Ability) -> bool:
        """Return whether the caller has the ability."""
        return self.is_manager or ability in self.abilities


def caller_of(request: Request) -> Caller:
    """Return the caller of an authenticated API request."""
    return cast(Caller, request.user)


def person_calling(user: User | AnonymousUser) -> Caller:
    """Return the caller that a person of the staff is, with the abilities of their permissions."""
    return Caller(requester=f"user:{user.pk}", abilities=abilities_of(user))
