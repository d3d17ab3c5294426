"""The middleware for people's sessions. A call with a key or a token passes it by."""

import re
from typing import Any, Final, override

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

from config.shops.authentication import key_of, token_of

API: Final = "/api/tryon/"
SESSION_NAME: Final = re.compile(r"[a-z0-9]+")


def is_call_with_key(request: HttpRequest) -> bool:
    """Return whether a key or a visitor's token decides on the request, so nobody asks for a session."""
    has_own = key_of(request.META) is not None or token_of(request.META) is not None
    return request.path_info.startswith(API) and has_own


class _ForPeople:
    """Goes before a middleware of Django's, in a class made of both."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_call_with_key(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # the middleware's


class PeopleSessionMiddleware(_ForPeople, SessionMiddleware):
    """Django's, for requests without a key. It asks for no session whose name Django never gives.

    PostgreSQL takes no text with a NUL.
    """

    @override
    def process_request(self, request: HttpRequest) -> None:
        if not SESSION_NAME.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        super().process_request(request)


class PeopleAuthenticationMiddleware(_ForPeople, AuthenticationMiddleware):
    """Django's, for requests without a key."""


class PeopleMessageMiddleware(_ForPeople, MessageMiddleware):
    """Django's, for requests without a key."""
