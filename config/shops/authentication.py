"""Three ways in: an API key, a staff session, and the demo shop's visitor session."""

from typing import override

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from config.shops.callers import Caller
from config.shops.keys import key_check

SCHEME = "Api-Key"
VISITOR_SESSION_KEY = "demo_visitor"


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """``Authorization: Api-Key <key>``."""

    @override
    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        caller = key_check(text.strip())
        if caller is None:
            raise exceptions.AuthenticationFailed
        return caller, None

    @override
    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class SessionAuthentication(authentication.SessionAuthentication):
    """Staff signed in to the admin act as managers; visitors of the demo shop act for themselves.

    Both carry a cookie, so both need Django's CSRF token on every unsafe request.
    """

    @override
    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        caller = self._staff(request) or self._visitor(request)
        if caller is None:
            return None
        self.enforce_csrf(request)
        return caller, None

    def _staff(self, request: Request) -> Caller | None:
        user: User | AnonymousUser | None = getattr(request._request, "user", None)
        if isinstance(user, User) and user.is_active and user.is_staff:
            return Caller(requester=f"user:{user.pk}", is_manager=True)
        return None

    def _visitor(self, request: Request) -> Caller | None:
        if not settings.DEMO_SHOP:
            return None
        visitor = request._request.session.get(VISITOR_SESSION_KEY)
        return Caller(requester=f"visitor:{visitor}") if visitor else None
