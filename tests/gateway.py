"""The web process as its server has it: test clients ask its ASGI application, in one event loop."""

import asyncio
import functools
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test.client import ClientHandler
from django.urls import Resolver404, resolve

from tests.config.core.http.gated import Client as RawClient


class Gateway:
    """Asks the application, and knows which requests reached Django."""

    def __init__(self) -> None:
        from config.asgi import application  # it starts a decoding child, as a web process does

        self.gate = application
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.reached: list[str] = []
        self._django = application._application
        application._application = self._reach

    def _reach(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.reached.append(environ["PATH_INFO"])
        return self._django(environ, start_response)

    def ask(self, client: RawClient) -> "Future[RawClient]":
        """Let a client ask, and do not wait for the answer."""
        return asyncio.run_coroutine_threadsafe(client.ask(self.gate), self._loop)

    def answer(self, environ: dict[str, Any]) -> HttpResponse:
        """Return the answer to a request of a test client."""
        client = self.ask(raw_client(environ)).result()
        response = HttpResponse(client.body, status=client.status)
        del response["Content-Type"]
        for name, value in client.sent[0]["headers"]:
            assert name.decode() not in response
            response[name.decode()] = value.decode("latin-1")
        return response


def raw_client(environ: dict[str, Any]) -> RawClient:
    """Return the request with this environment as the gate gets it."""
    headers = {
        name.removeprefix("HTTP_").lower().replace("_", "-").encode(): str(value).encode("latin-1")
        for name, value in environ.items()
        if name.startswith(("HTTP_", "CONTENT_")) and value
    }
    body = environ["wsgi.input"].read()
    return RawClient(
        path=environ["PATH_INFO"],
        method=environ["REQUEST_METHOD"],
        query=environ["QUERY_STRING"].encode(),
        headers=list(({b"host": b"testserver"} | headers).items()),
        parts=[body] if body else [],
        address=environ["REMOTE_ADDR"],
    )


@functools.cache
def gateway() -> Gateway:
    """Return the one of this process: questions to Redis belong to one event loop."""
    return Gateway()


@contextmanager
def clients_at_the_gate() -> Iterator[Gateway]:
    """Let all test clients of Django ask the application of the web process."""
    found = gateway()
    found.reached.clear()

    def handle(_handler: ClientHandler, environ: dict[str, Any]) -> Any:
        request = WSGIRequest(environ)
        with suppress(Resolver404):
            request.resolver_match = resolve(request.path_info)
        response: Any = found.answer(environ)
        response.wsgi_request = request
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "__call__", handle)
        yield found
