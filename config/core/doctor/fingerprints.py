"""Fingerprints of what all machines share, to compare machines without telling a secret.

A fingerprint of a secret is short and slow to make. So even who reads it can't find a secret by guessing.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from django.conf import settings
from django.db import DatabaseError

from config.core.storage import StorageUnavailable, shared_place
from config.core.upkeep.identity import cluster_identity
from config.core.upkeep.installation import installation

DIGITS: Final = 8
ROUNDS: Final = 50_000


def fingerprints() -> dict[str, str]:
    """Return the fingerprints of all that machines share, by the names of their settings.

    The database and the place of the pictures are left out while they do not answer.
    """
    told = {name: fingerprint(_text(getattr(settings, name))) for name in settings.SHARED_SECRETS}
    told["FASHN_API_URL"] = _digest(settings.FASHN_API_URL)
    with suppress(DatabaseError):
        told["DATABASE_URL"] = _digest(f"{installation().id} {cluster_identity()}")
        with suppress(StorageUnavailable):
            told["S3_BUCKET"] = _digest(shared_place())
    return told


def differences(found: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the names of the settings in which others differ from this process."""
    own = fingerprints()
    return sorted({name for others in found for name in own if others.get(name, own[name]) != own[name]})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _text(setting: str | list[str]) -> str:
    return setting if isinstance(setting, str) else ",".join(setting)


@functools.lru_cache(maxsize=16)
def fingerprint(secret: str) -> str:
    """Return the fingerprint of a secret, a dash for an empty one."""
    if not secret:
        return "-"
    digest = hashlib.pbkdf2_hmac("sha256", secret.encode(), b"tryon-studio.fingerprint", ROUNDS)
    return digest.hex()[:DIGITS]
