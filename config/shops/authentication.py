"""Three ways in: an API key, the token of a visitor, and a staff session."""

from collections.abc import Mapping
from typing import Any, override

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from config.shops.callers import Caller, person_calling
from config.shops.keys import key_check
from config.shops.sessions import Session, check_session, origin_of, session_in, visitor_by
from config.shops.shoppers import SHOPPER_HEADER, SecretKeyNeeded, as_shopper

SCHEME = "Api-Key"
TOKEN_SCHEME = "Bearer"  # noqa: S105  (a word, no secret)


def key_in(request: HttpRequest | Request) -> str | None:
    """Return the key that a request comes with, right or wrong. None for a request with another scheme."""
    return key_of(request.META)


def key_of(environ: Mapping[str, Any]) -> str | None:
    """Return the key in the environment of a request, as ``key_in``."""
    return _word(environ, SCHEME)


def token_of(environ: Mapping[str, Any]) -> str | None:
    """Return the token of a visitor in the environment of a request, right or wrong. None without one."""
    return _word(environ, TOKEN_SCHEME)


def _word(environ: Mapping[str, Any], wanted: str) -> str | None:
    scheme, _, text = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return text.strip() if scheme.lower() == wanted.lower() else None


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


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer <token>``, of a visitor whose session ``POST /sessions`` has opened.

    A view that ``renews_sessions`` takes tokens that have expired, and looks at the page by itself.
    """

    @override
    def authenticate(self, request: Request) -> tuple[Caller, Session] | None:
        token = token_of(request.META)
        if token is None:
            return None
        if SHOPPER_HEADER in request.META:
            raise SecretKeyNeeded
        session = session_in(token)
        if not getattr(request.parser_context.get("view"), "renews_sessions", False):
            check_session(session, origin_of(request._request))
        return visitor_by(session), session

    @override
    def authenticate_header(self, request: Request) -> str:
        return TOKEN_SCHEME


class SessionAuthentication(authentication.SessionAuthentication):
    """A session: staff signed in to the admin act with their permissions, as they do there.

    The browser sends their cookie by itself, so every unsafe request needs Django's CSRF token too.
    """

    @override
    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        user: User | AnonymousUser | None = getattr(request._request, "user", None)
        if not (isinstance(user, User) and user.is_active and user.is_staff):
            return None
        self.enforce_csrf(request)
        return person_calling(user), None
