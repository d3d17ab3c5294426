"""Tickets: short signed texts, each of which opens one thing to one viewer for minutes. Plain Python.

A ticket is for an address that a browser opens without headers, such as a stream of events. It names the
pages that may use it: a browser tells the page's origin by itself, and another page gets no answer. Where
its holder is let in no more, a mark (config/core/redis/marks.py) ends the tickets written until then.
"""

import functools
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from struct import Struct
from struct import error as StructError
from typing import Final, NamedTuple, Self
from uuid import UUID

SECONDS: Final = 600
# Any viewer who sees everything.
EVERYTHING: Final = bytes(8)

_SALT: Final = b"tryon-studio.ticket:"
_SIGNATURE_BYTES: Final = 16
_ORIGIN_BYTES: Final = 6
_HOLDER_BYTES: Final = 8
_HEAD: Final = Struct(">16s8sI")
_LONGEST: Final = 4096


class TicketInvalid(ValueError):
    """A text that we have not signed."""


class Ticket(NamedTuple):
    """``subject`` is what it opens, ``until`` its end in seconds since 1970.

    ``viewer`` is a digest of who asks, and ``origins`` has digests of the origins of their pages. ``holder``
    is a digest of the credential that it was written for, empty in a ticket of the release before.
    """

    subject: UUID
    viewer: bytes
    until: int
    origins: frozenset[bytes]
    holder: bytes = b""

    @classmethod
    def read(cls, text: str, secret: str) -> Self:
        """Return the ticket of a text, also an expired one. Raise TicketInvalid."""
        if len(text) > _LONGEST:
            raise TicketInvalid
        try:
            whole = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            content, signature = whole[:-_SIGNATURE_BYTES], whole[-_SIGNATURE_BYTES:]
            subject, viewer, until = _HEAD.unpack_from(content)
        except (ValueError, StructError) as error:
            raise TicketInvalid from error
        if not hmac.compare_digest(_signature(content, secret), signature):
            raise TicketInvalid
        rest = content[_HEAD.size :]
        end = len(rest) - (_HOLDER_BYTES if len(rest) % _ORIGIN_BYTES else 0)
        origins = (rest[at : at + _ORIGIN_BYTES] for at in range(0, end, _ORIGIN_BYTES))
        return cls(UUID(bytes=subject), viewer, until, frozenset(origins), rest[end:])

    def text(self, secret: str) -> str:
        """Return the signed text."""
        head = _HEAD.pack(self.subject.bytes, self.viewer, self.until)
        # The release before takes the holder, at the end, for origins that no page has.
        content = head + b"".join(sorted(self.origins)) + self.holder
        return urlsafe_b64encode(content + _signature(content, secret)).rstrip(b"=").decode()


def viewer_of(name: str) -> bytes:
    """Return the digest of a viewer's name."""
    return hashlib.sha256(name.encode()).digest()[:8]


def origin_of(origin: str) -> bytes:
    """Return the digest of an origin."""
    return hashlib.sha256(origin.encode()).digest()[:_ORIGIN_BYTES]


def end_at(now: float) -> int:
    """Return the end of a ticket that is written now: the same for all of a minute."""
    return (int(now) // 60) * 60 + SECONDS


def _signature(content: bytes, secret: str) -> bytes:
    return hmac.digest(_key(secret), content, "sha256")[:_SIGNATURE_BYTES]


@functools.lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return hashlib.sha256(_SALT + secret.encode()).digest()
