"""The log of the whole test run, as a shop would have it, and the secrets that must not be in it."""

import logging
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, override
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.utils import crypto

from config.core.logs import formatter_of
from config.core.storage import local
from config.core.storage.s3 import PrivateS3Storage

# Shorter ones are no secrets: a test may choose such a text.
LEAST: Final = 16
SIGNATURES: Final = ("X-Amz-Signature", "X-Amz-Security-Token")
_RUNS: Final = re.compile(rf"[A-Za-z0-9_-]{{{LEAST},}}")


class LogWatch(logging.Handler):
    """Formats each record by the product's own formatters, and looks for secrets made so far."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.leaks: list[str] = []
        self.lines = 0
        self._secrets: dict[int, set[str]] = {}
        self._formatters = [formatter_of("json"), formatter_of("text")]

    def keep(self, secret: str) -> str:
        """Remember a secret, and return it."""
        if len(secret) >= LEAST:
            self._secrets.setdefault(len(secret), set()).add(secret)
        return secret

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        for formatter in self._formatters:
            line = formatter.format(record)
            if self.secrets_in(line):
                self.leaks.append(line)

    def secrets_in(self, line: str) -> set[str]:
        """Return the secrets in a line, also inside longer words."""
        words = _RUNS.findall(line)
        return {
            part
            for length, known in self._secrets.items()
            for word in words
            for start in range(len(word) - length + 1)
            if (part := word[start : start + length]) in known
        }


@contextmanager
def watched() -> Iterator[LogWatch]:
    """Watch the log in the block, from the level that shops have, and remember each secret that is made."""
    watch, root = LogWatch(), logging.getLogger()
    for known in (settings.SECRET_KEY, settings.FASHN_API_KEY, settings.S3_SECRET_KEY):
        watch.keep(known)
    level = root.level
    for handler in root.handlers:
        handler.setLevel(level)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_urlsafe", _kept(watch, secrets.token_urlsafe))
        patch.setattr(crypto, "get_random_string", _kept(watch, crypto.get_random_string))
        patch.setattr(local, "sign", _kept(watch, local.sign))
        patch.setattr(PrivateS3Storage, "url", _signatures_kept(watch, PrivateS3Storage.url))
        root.addHandler(watch)
        root.setLevel(logging.INFO)
        try:
            yield watch
        finally:
            root.removeHandler(watch)
            root.setLevel(level)


def _kept(watch: LogWatch, make: Callable[..., str]) -> Callable[..., str]:
    return lambda *args, **kwargs: watch.keep(make(*args, **kwargs))


def _signatures_kept(watch: LogWatch, make: Callable[..., str]) -> Callable[..., str]:
    def url(*args: Any, **kwargs: Any) -> str:
        address = make(*args, **kwargs)
        query = parse_qs(urlsplit(address).query)
        for name in SIGNATURES:
            watch.keep(query.get(name, [""])[0])
        return address

    return url
