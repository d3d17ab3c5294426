"""A person's language and time zone: on each page of the admin, and in what is written to them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from config.people.models import preferences_of

ADMIN: Final = "/admin/"
CACHE_SECONDS: Final = 3600


class Choices(NamedTuple):
    """A person's choices. Empty texts mean that they have not chosen."""

    time_zone: str
    language: str


def cache_key(user: User | AnonymousUser) -> str:
    """Return the name under which a person's choices are cached. Who changes them deletes it."""
    return f"people:preferences:{user.pk}"


def choices_of(user: User | AnonymousUser) -> Choices:
    """Return a person's choices. They are cached, so that a page takes no query for them."""
    known = cache.get(key := cache_key(user))
    if known is None:
        row = preferences_of(user)
        known = [row.time_zone, row.language]
        cache.set(key, known, CACHE_SECONDS)
    return Choices(*known)


def zone_of(choices: Choices) -> ZoneInfo:
    """Return the person's time zone, or the service's where they have none that this machine knows."""
    return zone_named(choices.time_zone) or ZoneInfo(settings.TIME_ZONE)


def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone with an IANA name such as ``Asia/Seoul``. None if there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a text from outside may name a folder
        return None


def is_spoken(language: str) -> bool:
    """Return whether the product has its texts in a language."""
    return language in dict(settings.LANGUAGES)


@contextmanager
def writing_to(user: User) -> Iterator[None]:
    """Write in the person's language, with times in their zone: for an e-mail."""
    choices = choices_of(user)
    language = choices.language if is_spoken(choices.language) else settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_of(choices)):
        yield


class PreferencesMiddleware:
    """Show the admin in the person's language and time zone. It goes after Django's LocaleMiddleware.

    ``request.preferences`` has the choices. Answers of the API keep the language that the request asks for,
    and UTC.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(ADMIN) or not request.user.is_authenticated:
            return self.get_response(request)
        choices = choices_of(request.user)
        request.preferences = choices  # type: ignore[attr-defined]
        if is_spoken(choices.language):
            translation.activate(choices.language)
            request.LANGUAGE_CODE = choices.language
        with timezone.override(zone_of(choices)):
            return self.get_response(request)
