"""Authentication by session in the demo: staff as everywhere, or a visitor of the shop."""

import secrets
from dataclasses import replace
from typing import Final, override

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from config.shops.abilities import SHOPPING, Ability
from config.shops.authentication import SessionAuthentication
from config.shops.callers import Caller
from tryon.services.limits import VISITOR

SESSION_KEY: Final = "demo_visitor"
VISIT_SECONDS: Final = 86_400


class VisitorAuthentication(SessionAuthentication):
    """Visitors of the demo shop act for themselves, while DEMO_SHOP is on. Staff may do what they may.

    Staff who may not start try-ons do so as visitors, with a visitor's limit.
    """

    @override
    def session_caller(self, request: Request) -> Caller | None:
        visitor = request._request.session.get(SESSION_KEY) if settings.DEMO_SHOP else None
        person = super().session_caller(request)
        if not visitor:
            return person
        guest = Caller(requester=f"{VISITOR}{visitor}")
        if person is None:
            return guest
        one = person if person.may(Ability.START_TRYONS) else guest
        return replace(one, abilities=person.abilities | SHOPPING)


def is_visiting(request: HttpRequest) -> bool:
    """Return whether the session has a visitor's name."""
    return SESSION_KEY in request.session


def welcome(request: HttpRequest) -> None:
    """Give the session an unguessable visitor's name, if it has none. A visitor's session lives for a day."""
    request.session.setdefault(SESSION_KEY, secrets.token_urlsafe(24))
    if not request.user.is_authenticated:
        request.session.set_expiry(VISIT_SECONDS)
