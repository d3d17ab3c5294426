"""The texts of keys: random, with their kind in front and a checksum at the end, as GitHub's tokens have it.

A scanner finds a leaked key by its beginning, and knows by the checksum that it is one. A mistyped key is
refused before the database is asked.
"""

import re
import secrets
import zlib
from typing import Final

BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LETTERS: Final = 43  # 256 bits
CHECK_LETTERS: Final = 6  # 32 bits
SHOWN_LETTERS: Final = 4
PUBLISHABLE: Final = "tos_pk_"
KIND: Final = re.compile(r"tos_(?:sk|pk)_(?:live|test)_")


def key_text(*, is_publishable: bool = False, is_test: bool) -> str:
    """Return the text of a new key, such as ``tos_sk_live_`` and 49 letters and digits."""
    start = PUBLISHABLE if is_publishable else "tos_sk_"
    secret = "".join(secrets.choice(BASE62) for _ in range(RANDOM_LETTERS))
    return with_checksum(f"{start}{'test' if is_test else 'live'}_{secret}")


def with_checksum(text: str) -> str:
    """Return the text and its CRC-32 in base 62."""
    return text + base62(zlib.crc32(text.encode()), CHECK_LETTERS)


def base62(number: int, letters: int) -> str:
    """Return the last digits of a number in base 62."""
    digits = ""
    for _ in range(letters):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def is_mistyped(text: str) -> bool:
    """Return whether the text has the beginning of a key and not its checksum. Old keys have none."""
    return KIND.match(text) is not None and with_checksum(text[:-CHECK_LETTERS]) != text


def shown_start(text: str) -> str:
    """Return the beginning of a key that may be shown. It tells keys apart."""
    kind = KIND.match(text)
    return text[: kind.end() + SHOWN_LETTERS] if kind else text[:8]
