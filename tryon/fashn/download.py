"""The download of a result picture.

Its address comes from FASHN's answer, over the network. It must be on an allow-list like any foreign input.
"""

import base64
import binascii
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urljoin

import requests
from requests.utils import get_environ_proxies

from config.core.outgoing.guard import AddressRefused, PublicAdapter
from tryon.fashn.errors import (
    ResultExpired,
    ResultGone,
    ResultHostRefused,
    ResultNotAnImage,
    ResultTooLarge,
    ResultUnavailable,
)
from tryon.fashn.hosts import HostMatch, match_host
from tryon.fashn.transport import TRANSPORT_ERRORS, BodyTooLarge, PlainSession, describe, read_body

# The pixels of a 4k result (16 MP, three bytes each) are 48 MB, and no lossless file of one is larger.
MAX_RESULT_BYTES: Final = 60 * 1024 * 1024

_MAX_REDIRECTS: Final = 3
# Of a length that a server tells. Python reads no number of thousands of them.
_MOST_DIGITS: Final = 18
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_UNKNOWN_TYPES: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_GONE: Final = frozenset({404, 410})


def download(
    url: str,
    *,
    allowed_hosts: Sequence[str],
    plain_http: bool = True,
    max_bytes: int = MAX_RESULT_BYTES,
    connect_timeout: float = 5.0,
    read_timeout: float = 30.0,
    total_timeout: float = 120.0,
) -> bytes:
    """Return the bytes of one result, not decoded: PNG, JPEG or WebP by their first bytes.

    ``url`` is an entry of ``PredictionStatus.outputs``: a URL, a ``data:image/...;base64,`` URI, or FASHN's
    placeholder for an expired inline picture. ``allowed_hosts`` holds ``*.domain`` entries (https, public
    addresses) and ``host:port`` entries (any address; http too, with ``plain_http``). Times are in seconds;
    ``total_timeout`` covers redirects and body together. Raise DownloadError, and ValueError for a malformed
    ``allowed_hosts`` entry.
    """
    if url.startswith("<base64>"):
        raise ResultExpired
    if is_inline(url):
        return inline_picture(url, max_bytes=max_bytes)
    deadline = time.monotonic() + total_timeout
    for _ in range(1 + _MAX_REDIRECTS):
        match = match_host(url, allowed_hosts, plain_http=plain_http)
        try:
            body_or_location = _fetch(url, match, max_bytes, (connect_timeout, read_timeout), deadline)
        except AddressRefused as error:
            raise ResultHostRefused(cause=str(error)) from None
        except TRANSPORT_ERRORS as error:
            raise ResultUnavailable(cause=describe(error).cause) from None
        if isinstance(body_or_location, bytes):
            return _checked_picture(body_or_location)
        url = _next_hop(url, body_or_location)
    raise ResultHostRefused(cause="too many redirects")


def is_inline(output: str) -> bool:
    """Return whether an entry of ``PredictionStatus.outputs`` is the picture itself, as a data URI."""
    return output[:5].lower() == "data:"


def is_address(output: str) -> bool:
    """Return whether an entry of ``PredictionStatus.outputs`` is the address of the picture."""
    return output[:8].lower().startswith(("https://", "http://"))


def inline_picture(uri: str, *, max_bytes: int = MAX_RESULT_BYTES) -> bytes:
    """Return the bytes in a data URI, as ``download``. Raise ResultNotAnImage and ResultTooLarge."""
    return _checked_picture(_decode_data_uri(uri, max_bytes))


def extension_of(picture: bytes) -> str:
    """Return the extension for bytes that ``download`` has returned."""
    return {b"\x89PNG": "png", b"RIFF": "webp"}.get(picture[:4], "jpg")


def _fetch(
    url: str, match: HostMatch, max_bytes: int, timeouts: tuple[float, float], deadline: float
) -> bytes | str:
    """Follow one hop. Return the body, or the address of the next hop."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise ResultUnavailable(cause="out of time")
    with (
        _session(match) as session,
        session.get(
            url,
            headers={"User-Agent": "tryon-studio", "Accept": "image/*", "Accept-Encoding": "identity"},
            proxies=_proxies(url, match),
            timeout=(min(timeouts[0], left), min(timeouts[1], left)),
            allow_redirects=False,
            stream=True,
        ) as response,
    ):
        if response.status_code in _REDIRECTS:
            return response.headers.get("Location", "")
        _check_head(response, max_bytes)
        try:
            return read_body(response, max_bytes=max_bytes, deadline=deadline)
        except BodyTooLarge:
            raise ResultTooLarge from None


def _next_hop(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise ResultHostRefused(cause="malformed redirect") from None


def _session(match: HostMatch) -> requests.Session:
    """Return a session for one hop. A job fetches one picture, so no connection is worth keeping."""
    session = PlainSession()
    # This is off so that no ~/.netrc entry adds credentials. ``_proxies`` reads the proxies instead.
    session.trust_env = False
    if match is HostMatch.WILDCARD:
        session.mount("https://", PublicAdapter(max_retries=0))
    return session


def _proxies(url: str, match: HostMatch) -> dict[str, str]:
    """Return the environment's proxies, for public hosts only.

    If the only way out is a proxy, paid pictures must use it as the API calls do. The proxy then resolves the
    name, and its own rules guard the inner network. The certificate check still verifies the name. An exact
    entry is an address from the operator, often on this machine, which a proxy can't reach.
    """
    return get_environ_proxies(url, no_proxy=None) if match is HostMatch.WILDCARD else {}


def _check_head(response: requests.Response, max_bytes: int) -> None:
    status = response.status_code
    if status in _GONE:
        raise ResultGone(http_status=status)
    if status != 200:
        raise ResultUnavailable(http_status=status)
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # Buckets and CDNs often don't know what they serve: then the first bytes tell.
    if media_type not in _UNKNOWN_TYPES and not media_type.startswith("image/"):
        raise ResultNotAnImage(http_status=status, cause="content type")
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length[:_MOST_DIGITS]) > max_bytes:
        raise ResultTooLarge(http_status=status)


def _decode_data_uri(uri: str, max_bytes: int) -> bytes:
    head, _, text = uri.partition(",")
    if not (head.lower().startswith("data:image/") and head.lower().endswith(";base64")):
        raise ResultNotAnImage(cause="content type")
    if (
        len(text) // 4 * 3 - text[-2:].count("=") > max_bytes
    ):  # before decoding, which nearly doubles the memory
        raise ResultTooLarge
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # the second for text outside ASCII
        raise ResultNotAnImage(cause="base64") from None


def _checked_picture(body: bytes) -> bytes:
    is_webp = body[:4] == b"RIFF" and body[8:12] == b"WEBP"
    if not is_webp and not body.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise ResultNotAnImage(cause="first bytes")
    return body
