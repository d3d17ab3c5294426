"""The gate before Django: bodies, addresses and refusals, asked as a server asks it."""

import asyncio
import json
from typing import Any

import pytest

from config.core import host_clock
from config.core.host_clock import HOST_CLOCK
from config.core.http.gate import BodyLimits
from config.shops.keys import key_issue
from tests.config.core.http.gated import FORM, LENGTH, Client, Message, ask, echo, gate_for, post
from tests.waiting import LONGEST_SECONDS


def test_a_body_arrives_whole_and_with_its_length() -> None:
    client = ask(post(b"a" * 40, b"b" * 40))
    assert (client.status, client.body, client.header[b"x-length"]) == (200, b"a" * 40 + b"b" * 40, b"80")


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/shop/tryon/api/docs", "/api/docs"),
        ("/api/docs", "/api/docs"),  # the proxy has taken the prefix away
        ("/shop/tryon", "/"),
        ("/shop/tryons", "/shop/tryons"),
    ],
)
def test_a_prefix_is_not_part_of_the_path(path: str, inside: str) -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return echo(environ, start_response)

    gate = gate_for(application, prefix="/shop/tryon")
    assert ask(Client(path=path), gate).status == 200
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/shop/tryon", inside)


def test_below_a_prefix_the_gate_finds_its_own_doors() -> None:
    gate = gate_for(prefix="/shop")
    for path in ("/healthz", "/shop/healthz"):
        assert ask(Client(path=path), gate).body == b'{"status": "ok"}'
    refused = ask(post(b"a", path="/shop/api/tryon/jobs", headers=[(LENGTH, b"101")]), gate)
    assert refused.code == "request_too_large"
    page = ask(post(b"a", path="/shop/admin/", headers=[(LENGTH, b"101")]), gate)
    assert b'href="/shop/favicon.ico"' in page.body


def test_a_request_without_a_body_is_not_waited_for() -> None:
    client = ask(Client())
    assert (client.status, client.header[b"x-length"], client.reads) == (200, b"none", 0)


def test_a_body_that_says_that_it_is_far_too_large_is_not_read() -> None:
    client = ask(post(b"a", headers=[(LENGTH, b"201")]))
    assert (client.status, client.code, client.reads) == (413, "request_too_large", 0)
    assert client.header[b"connection"] == b"close"
    assert client.header[b"x-request-id"]


def test_a_body_that_is_a_little_too_large_is_thrown_away_before_the_answer() -> None:
    client = ask(post(*[b"a" * 50] * 3, headers=[(LENGTH, b"150")]))
    assert (client.status, client.code, client.reads) == (413, "request_too_large", 3)


def test_a_body_that_does_not_say_so_is_read_up_to_the_limit() -> None:
    client = ask(post(*[b"a" * 60] * 50))
    assert (client.status, client.code, client.reads) == (413, "request_too_large", 2)


def test_a_form_with_files_may_be_larger() -> None:
    assert ask(post(b"a" * 900, headers=[FORM, (LENGTH, b"900")])).status == 200


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"", b"9" * 19, b"\xb2"])
def test_an_unreadable_length_is_refused(length: bytes) -> None:
    assert ask(post(b"a", headers=[(LENGTH, length)])).status == 400


@pytest.mark.parametrize("limits", [{"seconds": 0.05}, {"seconds": 1e6, "silence": 0.05}])
def test_a_body_that_does_not_come_is_not_waited_for(limits: dict[str, float]) -> None:
    gate = gate_for(texts=BodyLimits(size=100, **limits))
    client = asyncio.run(asyncio.wait_for(post(b"a", ends=False).ask(gate), LONGEST_SECONDS))
    assert (client.status, client.code) == (408, "request_too_slow")


def test_a_body_that_drips_has_no_more_time_than_others() -> None:
    gate = gate_for(texts=BodyLimits(size=10_000, seconds=0.05, silence=1e6))
    drips = post(*[b"a"] * 10_000, ends=False)
    assert asyncio.run(asyncio.wait_for(drips.ask(gate), LONGEST_SECONDS)).status == 408


def test_whoever_leaves_in_the_middle_gets_no_answer_and_no_request_is_made() -> None:
    client = ask(post(b"a", ends=False, leaves=True))
    assert client.sent == []


@pytest.mark.parametrize(
    ("language", "sentence"),
    [(b"en", "Send at most 2.5 MB at a time."), (b"ko", "한 번에 2.5MB까지만 보내세요.")],
)
def test_a_page_is_refused_with_a_page_in_the_language_of_the_reader(language: bytes, sentence: str) -> None:
    limited = gate_for(texts=BodyLimits(size=2_621_440, seconds=60))
    client = ask(
        post(path="/admin/", headers=[(LENGTH, b"2621441"), (b"accept-language", language)]), limited
    )
    assert client.header[b"content-type"].startswith(b"text/html")
    assert sentence in client.body.decode()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (b"text/plain; charset=rot13", 415),
        (b"multipart/form-data; boundary=b; charset=undefined", 415),
        (b"application/x-www-form-urlencoded; charset=latin-1", 415),
        (b"application/json; charset=no-such", 415),
        (b"text/plain; " + b"a" * 20_000, 400),
        (b'application/json; charset="UTF8"', 200),
    ],
    ids=["no text", "form with files", "form", "unknown", "too long", "UTF-8"],
)
def test_text_is_read_in_utf_8_only(kind: bytes, status: int) -> None:
    for path, answer in (
        ("/api/tryon/models", b"application/json"),
        ("/admin/", b"text/html; charset=utf-8"),
    ):
        client = ask(Client(path=path, headers=[(b"content-type", kind)]))
        assert client.status == status
        if status != 200:
            assert client.header[b"content-type"] == answer
            assert client.header[b"x-request-id"]


def test_what_fails_past_django_is_logged_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise RuntimeError("the reason")

    client = ask(Client(), gate_for(broken))
    assert (client.status, client.code) == (500, "internal_error")
    assert json.loads(client.body)["error"]["requestId"].encode() == client.header[b"x-request-id"]
    assert "the reason" not in client.body.decode()
    assert "the reason" in caplog.text
    assert ask(Client(path="/admin/"), gate_for(broken)).header[b"content-type"].startswith(b"text/html")


def test_headers_of_a_client_do_not_pass_for_those_of_a_proxy() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return [b""]

    headers = [
        (b"x_forwarded_proto", b"https"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x"),
        (b"accept", b"y"),
    ]  # fmt: skip
    ask(Client(path="/caf%C3%A9/%ff", headers=headers), gate_for(application))
    assert "HTTP_X_FORWARDED_PROTO" not in seen
    assert (seen["HTTP_COOKIE"], seen["HTTP_ACCEPT"]) == ("a=1; b=2", "x,y")
    assert seen["PATH_INFO"].encode("latin-1") == b"/caf\xc3\xa9/\xff"


@pytest.mark.django_db(transaction=True)
def test_django_answers_behind_the_gate_of_the_web_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.asgi import application  # it starts a decoding child, as a web process does

    client = ask(Client(path="/api/tryon/models"), application)
    assert (client.status, client.code) == (401, "not_authenticated")
    monkeypatch.setattr("socket.gethostname", lambda: "web-7")
    HOST_CLOCK.forget()
    assert ask(Client(path="/readyz"), application).status == 200
    assert "web-7" in host_clock.known()  # so that the other machines know of its clock
    for headers, parts, reads in [
        ([FORM, (LENGTH, b"300000000")], [], 0),
        ([FORM, (b"transfer-encoding", b"chunked")], [bytes(1 << 20)] * 300, 22),
    ]:
        client = ask(post(*parts, path="/api/tryon/upload", headers=headers), application)
        assert (client.status, client.code, client.reads) == (413, "request_too_large", reads)
        assert json.loads(client.body)["error"]["message"] == "Send at most 21 MB at a time."
    headers = [
        (b"authorization", f"Api-Key {key_issue(name='Owner')[1]}".encode()),
        (b"content-type", b"application/json"),
        (b"transfer-encoding", b"chunked"),
    ]
    client = ask(post(b'{"col', b'our": 1}', path="/api/tryon/generate", headers=headers), application)
    assert "colour" in json.loads(client.body)["error"]["details"]["fields"]


def test_the_server_may_start_and_stop_it() -> None:
    async def story() -> list[Message]:
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent: list[Message] = []

        async def receive() -> Message:
            return next(messages)

        async def send(message: Message) -> None:
            sent.append(message)

        await gate_for()({"type": "lifespan"}, receive, send)
        await gate_for()({"type": "websocket"}, receive, send)
        return sent

    assert [message["type"] for message in asyncio.run(story())] == [
        "lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close",
    ]  # fmt: skip
