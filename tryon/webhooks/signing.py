"""The contract of Standard Webhooks: secrets, and the headers that prove who has sent a body."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Return a random secret as receivers take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(event_id: UUID, at: datetime, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """Return the headers of a delivery, with one signature for each secret."""
    name, second = f"msg_{event_id.hex}", str(int(at.timestamp()))
    content = f"{name}.{second}.".encode() + body
    signatures = (f"v1,{_signature(key, content)}" for key in keys)
    return {
        "webhook-id": name,
        "webhook-timestamp": second,
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
