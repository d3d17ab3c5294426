"""Object keys, and what is told of an object when it is served."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# What lies under each kind: photos as uploaded, their clean copies, the library, its releases, what was paid
# for, and both of a shopper's own photos.
KINDS: Final = ("originals", "products", "models", "releases", "results", "shoppers")
OUR_KEY: Final = re.compile(rf"(?:{'|'.join(KINDS)})/([0-9a-f]{{2}})/\1[0-9a-f]{{30}}\.[a-z]{{3,4}}")

# Written out: what the system's own table says of the newer ones differs between machines.
CONTENT_TYPES: Final = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "heic": "image/heic",
    "pdf": "application/pdf",
}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One file in storage: its key, its size in bytes, and when it was last written."""

    key: str
    bytes: int
    modified_at: datetime


def random_key(kind: str, extension: str) -> str:
    """A new object key, ``<kind>/<2 hex>/<32 hex>.<extension>``: nothing in it comes from a client."""
    name = secrets.token_hex(16)
    return f"{kind}/{name[:2]}/{name}.{extension}"


def folders() -> list[str]:
    """Every ``<kind>/<2 hex>`` that keys lie in, in order."""
    return [f"{kind}/{number:02x}" for kind in sorted(KINDS) for number in range(256)]


def content_type(key: str) -> str:
    """The media type of an object, by its key's extension, which is ours and tells the content."""
    return CONTENT_TYPES.get(key.rpartition(".")[2], "application/octet-stream")


def content_disposition(key: str) -> str:
    """Pictures are shown, anything else is saved to disk; the file name has nothing of a client's in it."""
    shown = "inline" if content_type(key).startswith("image/") else "attachment"
    name = re.sub(r"[^0-9A-Za-z.]", "", key.rpartition("/")[2])
    return f'{shown}; filename="{name}"'
