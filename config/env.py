"""Readers of one setting each, for config/settings. A value that can't be used stops the start with one line.

The line names the setting and what is allowed. It never repeats the value, which may be a secret or a part of
one. An empty value counts as none, because compose files hand one on where nothing is set. ``NAME_FILE``
names a file to read the value from; the new line at its end does not count. A value is one line.
"""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import FileAwareMapping

from config.core.quiet_hours import Span, quiet_hours
from config.core.redis.addresses import AddressUnreadable, check_address
from config.core.secrets import read_or_create_secret

# Larger numbers have no use in any setting, and overflow a clock or a database column.
MOST: Final = 1_000_000_000

_TRUE: Final = frozenset({"1", "true", "yes", "on", "y", "ok"})
_FALSE: Final = frozenset({"0", "false", "no", "off", "n"})
# A name or an IPv4 address, or an IPv6 address in brackets.
_HOST: Final = r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])"
_SERVED_HOST: Final = re.compile(rf"\*|\.?{_HOST}", re.ASCII | re.IGNORECASE)
_NETLOC: Final = re.compile(rf"{_HOST}(?::[0-9]{{1,5}})?", re.ASCII | re.IGNORECASE)
_PLACE: Final = re.compile(rf"{_HOST}:[0-9]{{1,5}}", re.ASCII)
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
# What S3, R2 and servers with their protocol take as a name.
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", re.ASCII)
_REGION: Final = re.compile(r"[A-Za-z0-9-]{2,64}", re.ASCII)
_FOLDER: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)


def text(name: str, default: str = "") -> str:
    """Return a text of one line, without the blanks around it."""
    try:
        value: str = FileAwareMapping().get(name, "")
    except (OSError, UnicodeDecodeError):
        raise ImproperlyConfigured(f"{name}_FILE must name a file of UTF-8 text that can be read.") from None
    value = value.strip()
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise _refusal(name, "one line, without control characters")
    return value or default


def secret(name: str, kept_in: Path) -> str:
    """Return a secret: the one that is set, or one that is made once and kept in a file."""
    try:
        return text(name) or read_or_create_secret(kept_in)
    except OSError:
        raise ImproperlyConfigured(
            f"{name} must be set, or VAR_DIR must be a folder that can keep one."
        ) from None


def number[N: (int, float)](name: str, default: N, least: N, most: N = MOST) -> N:
    """Return a number from ``least`` to ``most``, whole where the default is."""
    given = text(name)
    if not given:
        return default
    kind = type(default)
    with suppress(ValueError):
        value = kind(given)
        if least <= value <= most:  # nan is neither
            return value
    raise _refusal(name, f"{'a whole number' if kind is int else 'a number'} from {least} to {most}")


def flag(name: str, default: bool) -> bool:
    """Return True or False."""
    given = text(name).lower()
    if given and given not in _TRUE | _FALSE:
        raise _refusal(name, "one of true, yes, on, 1, false, no, off, 0")
    return given in _TRUE if given else default


def choice[C: str](name: str, default: C, choices: Sequence[C]) -> C:
    """Return one of ``choices``, in any capitalization."""
    given = text(name, default).lower()
    for known in choices:
        if known.lower() == given:
            return known
    raise _refusal(name, f"one of {', '.join(choices)}")


def host_names(name: str, default: Sequence[str]) -> list[str]:
    """Return the host names of a list with commas."""
    names = [part.strip() for part in text(name).split(",") if part.strip()] or list(default)
    if not all(_SERVED_HOST.fullmatch(host) for host in names):
        raise _refusal(name, "host names with commas between, without scheme and port")
    return names


def places(name: str) -> list[str]:
    """Return the hosts with their ports of a list with commas, in lower case."""
    found = [part.strip().lower() for part in text(name).split(",") if part.strip()]
    if not all(_PLACE.fullmatch(place) for place in found):
        raise _refusal(name, "hosts with ports and commas between, such as pim.internal:8080")
    return found


def secrets_of_places(name: str, place: str, first: int) -> list[str]:
    """Return the secrets of a list with commas by their places, the first one's number being ``first``.

    A secret's place follows that of the one before it, unless it begins with its name: ``live-4=secret``. A
    place without one has an empty text.
    """
    found: dict[int, str] = {}
    number = first
    for part in filter(None, map(str.strip, text(name).split(","))):
        named = re.fullmatch(rf"{place}-(\d{{1,2}})=(.+)", part)
        number = int(named[1]) if named else number
        if number < first or number in found:
            raise _refusal(name, f"keys of different accounts with commas between, from {place}-{first} on")
        found[number] = named[2].strip() if named else part
        number += 1
    if len(set(found.values())) != len(found):
        raise _refusal(name, "different keys with commas between")
    return [found.get(place, "") for place in range(first, max(found, default=first - 1) + 1)]


def web_address(name: str, default: str, *, example: str) -> str:
    """Return an http or https address without the slash at its end."""
    address = text(name, default).rstrip("/")
    if address and not _is_web_address(address):
        raise _refusal(name, f"an http or https address without login, query or fragment, such as {example}")
    return address


def emails(name: str) -> list[str]:
    """Return the e-mail addresses of a list with commas."""
    found = [part.strip() for part in text(name).split(",") if part.strip()]
    if not all(re.fullmatch(r"[^@\s]+@[^@\s]+", one) for one in found):
        raise _refusal(name, "e-mail addresses with commas between")
    return found


def webhook(name: str) -> str:
    """Return an http or https address, which may have a query: it is a secret of the receiver's."""
    address = text(name)
    if address and (not _is_web_address(address.partition("?")[0]) or "#" in address):
        raise _refusal(name, "an http or https address without login and fragment")
    return address


def hours(name: str) -> Span | None:
    """Return a span of the day, None where none is set."""
    try:
        return quiet_hours(text(name))
    except ValueError:
        raise _refusal(name, "times such as 22:00-07:00 Asia/Seoul, with a known time zone") from None


def redis_address(name: str, default: str) -> str:
    """Return an address of Redis."""
    try:
        return check_address(text(name, default))
    except AddressUnreadable as error:
        raise ImproperlyConfigured(str(error)) from None


def bucket(name: str) -> str:
    """Return the name of a bucket, or an empty text."""
    given = text(name)
    if given and not _BUCKET.fullmatch(given):
        raise _refusal(name, "the bucket's name, such as shop-pictures, without s3:// and without a folder")
    return given


def region(name: str, default: str) -> str:
    """Return the name of a region."""
    given = text(name, default)
    if not _REGION.fullmatch(given):
        raise _refusal(name, "the name of a region, such as eu-central-1")
    return given


def folder(name: str) -> str | None:
    """Return a folder of a bucket, without slashes around it. Empty for ``/``, None without one."""
    given = text(name)
    path = given.strip("/")
    if path and not _FOLDER.fullmatch(path):
        raise _refusal(
            name, "a path of letters, digits, dots, - and _, such as shop/production, or / for the root"
        )
    return path if given else None


def _refusal(name: str, allowed: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} must be {allowed}.")


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port_is_valid = parts.port != 0  # reading it raises ValueError above 65535
    except ValueError:
        return False
    return (
        port_is_valid
        and address.startswith(("http://", "https://"))
        and _NETLOC.fullmatch(parts.netloc) is not None
        and _PATH.fullmatch(parts.path) is not None
        and not re.search(r"[?#]", address)
    )
