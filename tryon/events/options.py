"""The settings of the live door, from the environment, by the names that the rest of the product has."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from config.core.redis.addresses import AddressUnreadable, check_address
from config.core.secrets import read_or_create_secret

PROJECT: Final = Path(__file__).resolve().parents[2]
CONNECTIONS: Final = 16_000
MOST_CONNECTIONS: Final = 1_000_000


class OptionWrong(ValueError):
    """A setting that can't be used. Its value is not in the text."""


@dataclass(frozen=True, slots=True)
class Options:
    """``connections`` is the most that are open at once, of this process."""

    redis_url: str = field(repr=False)
    secret: str = field(repr=False)
    connections: int
    log_format: str
    log_level: str

    @classmethod
    def read(cls) -> Self:
        """Read them. Raise OptionWrong."""
        try:
            redis_url = check_address(text("REDIS_URL", "redis://127.0.0.1:6379/0"))
        except AddressUnreadable as error:
            raise OptionWrong(str(error)) from None
        return cls(
            redis_url,
            secret=_secret(),
            connections=_number("EVENTS_CONNECTIONS", CONNECTIONS, least=100, most=MOST_CONNECTIONS),
            log_format=text("LOG_FORMAT", "json"),
            log_level=text("LOG_LEVEL", "INFO"),
        )


def text(name: str, default: str = "") -> str:
    """Return a variable, or the content of the file that ``NAME_FILE`` names. Raise OptionWrong."""
    file = os.environ.get(f"{name}_FILE")
    try:
        value = Path(file).read_text() if file else os.environ.get(name, "")
    except (OSError, UnicodeDecodeError):
        raise OptionWrong(f"{name}_FILE must name a file of UTF-8 text that can be read.") from None
    return value.strip() or default


def _secret() -> str:
    kept_in = Path(text("VAR_DIR", str(PROJECT / "var"))) / "secret-key"
    try:
        return text("SECRET_KEY") or read_or_create_secret(kept_in)
    except OSError:
        raise OptionWrong("SECRET_KEY must be set, or VAR_DIR must be a folder that can keep one.") from None


def _number(name: str, default: int, *, least: int, most: int) -> int:
    given = text(name, str(default))
    if not given.isdecimal() or not least <= int(given) <= most:
        raise OptionWrong(f"{name} must be a whole number from {least} to {most}.")
    return int(given)
