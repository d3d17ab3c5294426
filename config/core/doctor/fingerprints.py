"""Fingerprints of secrets, to compare machines without telling a secret.

A fingerprint is short and slow to make. So even who reads it can't find a secret by guessing.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from django.conf import settings

DIGITS: Final = 8
ROUNDS: Final = 50_000


def fingerprints() -> dict[str, str]:
    """Return the fingerprints of the secrets that all machines share, by the names of their settings."""
    return {name: _fingerprint(str(getattr(settings, name))) for name in settings.SHARED_SECRETS}


def other_secrets(found: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the names of the settings in which others differ from this process."""
    own = fingerprints()
    return sorted({name for others in found for name in own if others.get(name, own[name]) != own[name]})


@functools.lru_cache(maxsize=16)
def _fingerprint(secret: str) -> str:
    if not secret:
        return "-"
    digest = hashlib.pbkdf2_hmac("sha256", secret.encode(), b"tryon-studio.fingerprint", ROUNDS)
    return digest.hex()[:DIGITS]
