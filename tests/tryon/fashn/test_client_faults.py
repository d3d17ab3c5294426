"""Broken networks, with real sockets: what is known about a run afterwards, and what the errors give away."""

import errno
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NoReturn

import pytest

from tests.tryon.fashn.calls import INPUTS, KEY, STARTED, WEBHOOK, client_for, failed_read, failed_run
from tests.tryon.fashn.loopback import (
    Loopback,
    Step,
    answer,
    broken_off,
    closes,
    drips,
    hangs,
    reset,
    resets,
)
from tests.waiting import LONGEST_SECONDS
from tryon.fashn.client import FashnClient
from tryon.fashn.errors import NotSent, ServerError, Unanswered, UnexpectedAnswer

BALANCE = answer({"credits": {"total": 3, "subscription": 1, "on_demand": 2}})

# More than loopback sockets buffer, so that a cut can strike before the end.
LARGE = {"model_image": "x" * 16_000_000}

type Network = Callable[[], AbstractContextManager[str]]


@contextmanager
def refused_port() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else can take it
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def full_backlog() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            assert client.connect_ex(listener.getsockname()) == errno.EINPROGRESS
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for client in waiting:
            client.close()


@contextmanager
def no_tls() -> Iterator[str]:
    with Loopback() as server:
        server.answers(STARTED)
        yield server.url.replace("http:", "https:")
        assert server.seen == []


@contextmanager
def cut_while_sending() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LONGEST_SECONDS)

        def take_a_little() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            reset(connection)

        thread = threading.Thread(target=take_a_little)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("network", [refused_port, full_backlog, no_tls, cut_while_sending])
def test_run_that_never_left_completely_is_not_sent(network: Network) -> None:
    with network() as url:
        error = failed_run(client_for(url, connect_timeout=0.3), LARGE)

    assert isinstance(error, NotSent)
    assert (error.may_have_run, error.permanent, error.http_status) == (False, False, None)
    assert error.cause


@pytest.mark.parametrize("network", [refused_port, full_backlog, no_tls])
def test_read_that_reached_nobody_is_not_sent(network: Network) -> None:
    with network() as url:
        error = failed_read(client_for(url, connect_timeout=0.3))

    assert isinstance(error, NotSent)
    assert not error.may_have_run


def test_unknown_host_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    error = failed_run(client_for("http://fashn.test"))

    assert isinstance(error, NotSent)
    assert error.cause == "NameResolutionError"


def test_refusing_proxy_means_not_sent(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", server.url)

    error = failed_run(client_for("https://api.fashn.ai"))

    assert isinstance(error, NotSent)
    assert server.seen == []


def test_each_piece_of_an_upload_has_the_connect_timeout_to_itself(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time-out is one sendall()'s: sent as a whole, a large upload over a slow line would never arrive."""
    pieces: list[tuple[int, float | None]] = []
    send = socket.socket.sendall

    def noted(connection: socket.socket, data: bytes, *flags: int) -> None:
        if connection.getpeername()[1] == server.server_port:  # not what the server answers
            pieces.append((len(data), connection.gettimeout()))
        send(connection, data, *flags)

    monkeypatch.setattr(socket.socket, "sendall", noted)
    server.answers(STARTED)

    provider_id = client_for(server.url, connect_timeout=7).run("tryon-v1.6", LARGE)

    assert provider_id == "3f0c9a52-u1"
    assert sum(size for size, _ in pieces) > 16_000_000
    assert max(size for size, _ in pieces) <= 64 * 1024
    assert {timeout for _, timeout in pieces} == {7}


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(closes, id="closed without an answer"),
        pytest.param(resets, id="reset without an answer"),
        pytest.param(hangs, id="no answer in time"),
        pytest.param(drips, id="a body without end"),
        pytest.param(broken_off(b'{"id": "abc"'), id="half a body"),
        pytest.param(
            answer(b"not gzip", headers={"Content-Encoding": "gzip"}), id="a body that does not decode"
        ),
    ],
)
def test_run_that_was_sent_and_not_answered_may_have_been_paid(server: Loopback, step: Step) -> None:
    server.answers(step)

    error = failed_run(client_for(server.url, read_timeout=0.2))

    assert isinstance(error, Unanswered)
    assert (error.may_have_run, error.permanent) == (True, False)
    assert server.requests() == 1


def test_run_never_travels_on_a_connection_that_may_be_stale(server: Loopback, client: FashnClient) -> None:
    server.answers(BALANCE, STARTED, BALANCE, STARTED)

    client.credits()
    client.run("tryon-v1.6", INPUTS)
    client.credits()
    client.run("tryon-v1.6", INPUTS)

    read, first_run, again_read, second_run = (seen.port for seen in server.seen)
    assert read == again_read
    assert len({read, first_run, second_run}) == 3


def test_read_on_a_stale_connection_is_asked_again(server: Loopback, client: FashnClient) -> None:
    server.answers(BALANCE, resets, BALANCE)

    assert client.credits() == client.credits()

    assert len({seen.port for seen in server.seen}) == 2


def test_read_that_fails_twice_is_unanswered(server: Loopback, client: FashnClient) -> None:
    server.answers(closes)

    error = failed_read(client)

    assert isinstance(error, Unanswered)
    assert not error.may_have_run
    assert len(server.seen) == 2


@pytest.mark.parametrize("step", [hangs, drips])
def test_read_that_timed_out_is_not_asked_again(server: Loopback, step: Step) -> None:
    server.answers(step)

    error = failed_read(client_for(server.url, read_timeout=0.2))

    assert isinstance(error, Unanswered)
    assert not error.may_have_run
    assert server.requests() == 1


def test_one_client_serves_many_threads(server: Loopback, client: FashnClient) -> None:
    server.answers(BALANCE)
    totals: list[int] = []
    threads = [threading.Thread(target=lambda: totals.append(client.credits().total)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert totals == [3] * 8


def test_cookies_of_a_content_network_are_not_kept(server: Loopback, client: FashnClient) -> None:
    server.answers(
        answer({"credits": {"total": 0, "subscription": 0, "on_demand": 0}}, headers={"Set-Cookie": "cf=1"}),
        BALANCE,
    )

    client.credits()
    client.credits()

    assert "Cookie" not in server.seen[1].headers


@pytest.mark.parametrize(
    "step", [closes, hangs, answer(b"<p>", status=502), answer(b"<p>"), broken_off(b"{")]
)
def test_no_error_gives_away_key_address_or_picture(
    server: Loopback, caplog: pytest.LogCaptureFixture, step: Step
) -> None:
    server.answers(step)
    caplog.set_level(logging.INFO)

    error = failed_run(client_for(server.url, read_timeout=0.2))

    assert isinstance(error, (Unanswered, ServerError, UnexpectedAnswer))
    # The frames of the test itself quote its source; what counts is what every exception in the chain says.
    chain = "".join(traceback.TracebackException.from_exception(error, limit=0).format())
    shown = f"{chain} {error!r} {caplog.text}"
    assert error.code in shown
    for secret in (KEY, WEBHOOK, server.url, "private", "webhook_url"):
        assert secret not in shown
