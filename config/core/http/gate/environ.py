"""The environment of a WSGI application, from an ASGI scope."""

import sys
from collections.abc import Iterable
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from config.core.http.gate.answers import Header, Scope


def path_below(prefix: str, path: str) -> str:
    """Return a path without the prefix. A proxy may have taken it away already."""
    if path == prefix or path.startswith(f"{prefix}/"):
        return path.removeprefix(prefix) or "/"
    return path


def environ_of(scope: Scope, body: IO[bytes], length: int | None, prefix: str) -> dict[str, Any]:
    """Return the environment of a request whose whole body is at hand. ``length`` is None without one."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": prefix,
        "PATH_INFO": path_below(prefix, _path(scope)),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    host, port = scope.get("server") or ("localhost", 80)
    environ |= {"SERVER_NAME": str(host), "SERVER_PORT": str(port or 80)}
    if client := scope.get("client"):
        environ |= {"REMOTE_ADDR": client[0], "REMOTE_PORT": str(client[1])}
    environ |= _headers(scope["headers"])
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    return environ


def _path(scope: Scope) -> str:
    """Return the decoded path as WSGI has it: one character for each byte, so that any byte is possible."""
    raw = scope.get("raw_path")
    path = unquote_to_bytes(raw.partition(b"?")[0]) if raw else scope["path"].encode()
    return str(path.decode("latin-1"))


def joined(headers: Iterable[Header]) -> dict[bytes, bytes]:
    """Return one value for each name. Proxies add lines, and HTTP/2 sends a line for each cookie."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        between = b"; " if name == b"cookie" else b","
        found[name] = found[name] + between + value if name in found else value
    return found


def _headers(headers: Iterable[Header]) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, value in joined(headers).items():
        # An underscore would pass for a hyphen: X_Forwarded_For for the header that only a proxy sets.
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
        found[key] = value.decode("latin-1")
    found.pop("HTTP_TRANSFER_ENCODING", None)  # the body is whole
    return found
