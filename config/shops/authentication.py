"""Two ways in: an API key and a staff session."""

from collections.abc import Mapping
from typing import Any, override

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from config.shops.callers import Caller, person_calling
from config.shops.keys import key_check
from config.shops.shoppers import SHOPPER_HEADER, as_shopper

SCHEME = "Api-Key"


def key_in(request: HttpRequest | Request) -> str | None:
    """Return the key that a request comes with, right or wrong. None for a request with another scheme."""
    return key_of(request.META)


def key_of(environ: Mapping[str, Any]) -> str | None:
    """Return the key in the environment of a request, as ``key_in``."""
    scheme, _, text = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return text.strip() if scheme.lower() == SCHEME.lower() else None


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """``Authorization: Api-Key <key>``. A server names the shopper for whom it asks in ``X-Shopper-Id``."""

    @override
    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        key = key_in(request)
        if key is None:
            return None
        caller = key_check(key)
        if caller is None:
            raise exceptions.AuthenticationFailed
        shopper_id: str | None = request.META.get(SHOPPER_HEADER)
        return caller if shopper_id is None else as_shopper(caller, shopper_id), None

    @override
    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class SessionAuthentication(authentication.SessionAuthentication):
    """A session: staff signed in to the admin act with their permissions, as they do there.

    The browser sends their cookie by itself, so every unsafe request needs Django's CSRF token too.
    """

    @override
    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        caller = self.session_caller(request)
        if caller is None:
            return None
        self.enforce_csrf(request)
        return caller, None

    def session_caller(self, request: Request) -> Caller | None:
        """Return who acts by this session, or None."""
        user: User | AnonymousUser | None = getattr(request._request, "user", None)
        if isinstance(user, User) and user.is_active and user.is_staff:
            return person_calling(user)
        return None
