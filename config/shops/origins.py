"""The origins of web pages, as browsers write them in the header ``Origin``."""

import re
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = {"http": 80, "https": 443}
HOST: Final = re.compile(r"[a-z0-9.-]{1,253}|\[[0-9a-f:]+\]")
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


def origin_in(text: str) -> str:
    """Return the origin that a person has written, as browsers write it. Raise ValueError.

    It is https, or http on the developer's own machine.
    """
    parts = urlsplit(text.strip())
    host, port = parts.netloc.lower(), parts.port
    if port is not None:
        host = host.removesuffix(f":{port}")
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL)
    if not (is_bare and is_safe and HOST.fullmatch(host)):
        raise ValueError(text)
    is_usual = port in (None, PORTS[parts.scheme])
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")
