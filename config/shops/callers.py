"""The caller of a request, from a key or a session."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast
from uuid import UUID, uuid5

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from config.core.errors import DomainError
from config.shops.abilities import LIVE_ONLY, SHOPPING, Ability, abilities_of


class NotAllowed(DomainError):
    code: ClassVar[str] = "permission_denied"
    status: ClassVar[int] = 403
    message: Any = _("You may not do this. Ask for the permission.")


SHOP: Final = "shop:"
PERSON: Final = "user:"


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller. ``requester`` is the stable name that owns rows.

    It begins with its kind, such as ``shop:<id>`` or ``user:<id>``. ``shop`` is the name of the shop whose
    key, ``key_id``, was used, and empty for a person. ``is_manager`` is that of a key, and stands for every
    ability that its kind of key can have. ``is_test`` is that of a test key, and ``is_publishable`` that of
    a key for browsers. A visitor comes with a session's token in place of a key.
    """

    requester: str
    is_manager: bool = False
    abilities: frozenset[Ability] = SHOPPING
    shop: str = ""
    key_id: UUID | None = None
    is_test: bool = False
    is_publishable: bool = False
    is_visitor: bool = False

    is_authenticated: ClassVar[bool] = True  # DRF's IsAuthenticated reads it

    @property
    def owner(self) -> str:
        """Return the shop, or the person: fair shares and limits go by it."""
        return self.shop or self.requester

    @property
    def is_shop(self) -> bool:
        """Return whether the caller is a whole shop, not one shopper of it, and not a person."""
        return self.requester == self.shop

    @property
    def is_shopper(self) -> bool:
        """Return whether the caller is one shopper of a shop."""
        return self.shop not in ("", self.requester)

    @property
    def levels(self) -> tuple[str, ...]:
        """Return the requesters that see what the caller asks for: a shop sees its shoppers' jobs."""
        return (self.requester, self.shop) if self.is_shopper else (self.requester,)

    @property
    def repeats_as(self) -> str:
        """Return the name of the caller, by one key of the shop: idempotency keys belong to it."""
        return f"{self.requester} {self.key_id}" if self.key_id else self.requester

    @property
    def has_rows(self) -> bool:
        """Return whether the caller may see and use rows of their own: not a key for other things only."""
        return self.key_id is None or self.may(Ability.START_TRYONS)

    def may(self, ability: Ability) -> bool:
        """Return whether the caller has the ability."""
        if self.is_test and ability in LIVE_ONLY:
            return False
        return self.is_manager or ability in self.abilities


def shop_name(shop_id: UUID, *, is_test: bool = False) -> str:
    """Return the requester that a shop is. For its test keys it is another shop, with rows of its own."""
    return f"{SHOP}{uuid5(shop_id, 'test') if is_test else shop_id}"


def caller_of(request: Request) -> Caller:
    """Return the caller of an authenticated API request."""
    return cast(Caller, request.user)


def person_calling(user: User | AnonymousUser) -> Caller:
    """Return the caller that a person of the staff is, with the abilities of their permissions."""
    return Caller(requester=f"{PERSON}{user.pk}", abilities=abilities_of(user))
