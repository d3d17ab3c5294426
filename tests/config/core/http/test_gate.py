"""The gate before Django: bodies, places and answers, asked as a server asks it."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, override

import pytest
from django.http import FileResponse, StreamingHttpResponse
from pytest_django import Settings

from config.core import host_clock
from config.core.host_clock import HOST_CLOCK
from config.core.http.gate import BodyLimits, Gate, Places, Room, Rooms, places
from config.core.http.long import LongAnswer
from config.shops.keys import key_issue
from tests.waiting import LONGEST_SECONDS

type Message = dict[str, Any]

FORM = (b"content-type", b"multipart/form-data; boundary=b")
LENGTH = b"content-length"


@dataclass
class Client:
    """One request, the parts of its body, and what comes back. After its last part it stays silent."""

    path: str = "/api/tryon/jobs"
    method: str = "GET"
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    ends: bool = True
    address: str = "127.0.0.1"
    leaves: bool = False
    extensions: dict[str, Any] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    reads: int = 0

    async def ask(self, gate: Gate) -> "Client":
        scope = {
            "type": "http", "http_version": "1.1", "method": self.method, "scheme": "http", "path": self.path,
            "raw_path": self.path.encode(), "query_string": self.query, "headers": self.headers,
            "client": (self.address, 40_000), "server": ("127.0.0.1", 80), "extensions": self.extensions,
        }  # fmt: skip
        await gate(scope, self._receive, self._send)
        return self

    async def _receive(self) -> Message:
        self.reads += 1
        if self.parts:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts) or not self.ends}
        if self.leaves:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def header(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with what arrived."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", "none"))])
    return [body]


def gate_for(application: Any = echo, **changes: Any) -> Gate:
    rooms = Rooms(
        pages=Room("pages", threads=2, waiting=4, per_caller=6),
        uploads=Room("uploads", threads=1, waiting=2, per_caller=2),
        fetches=Room("fetches", threads=1, waiting=0, per_caller=1),
        logins=Room("logins", threads=1, waiting=0, per_caller=1),
        searches=Room("searches", threads=1, waiting=0, per_caller=1),
        downloads=Room("downloads", threads=1, waiting=0, per_caller=1),
        login_path="/admin/login/",
        upload_path="/api/tryon/upload",
    )
    options: dict[str, Any] = {
        "rooms": rooms,
        "bodies": Places(places=3, waiting=0, per_caller=2),
        "files": BodyLimits(size=1000, seconds=60),
        "texts": BodyLimits(size=100, seconds=60),
        "health_path": "/healthz",
    }
    return Gate(application, **{**options, **changes})


def ask(client: Client, gate: Gate | None = None) -> Client:
    return asyncio.run(client.ask(gate or gate_for()))


def post(*parts: bytes, **more: Any) -> Client:
    headers = more.pop("headers", [(b"transfer-encoding", b"chunked")])
    return Client(method="POST", parts=list(parts), headers=headers, **more)


class Door:
    """An application that holds its requests until it is opened, and counts who is inside."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.inside: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.inside.append(environ["REMOTE_ADDR"])
        self.opened.wait(60)
        start_response("200 OK", [])
        return [b""]

    async def has(self, number: int) -> None:
        async with asyncio.timeout(LONGEST_SECONDS):
            while len(self.inside) < number:
                await asyncio.sleep(0.001)


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


def test_slow_bodies_hold_no_thread_and_have_places_of_their_own() -> None:
    async def story() -> None:
        gate = gate_for()
        slow = [
            asyncio.create_task(post(b"a", ends=False, address=f"10.0.0.{n}").ask(gate)) for n in range(3)
        ]
        await asyncio.sleep(0)
        assert (await Client().ask(gate)).status == 200
        late = await post(b"a").ask(gate)
        assert (late.status, late.code) == (503, "service_busy")
        assert late.header[b"retry-after"]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert (await post(b"a").ask(gate)).status == 200

    asyncio.run(story())


def test_one_caller_has_a_share_of_the_bodies() -> None:
    async def story() -> None:
        gate = gate_for()
        slow = [asyncio.create_task(post(b"a", ends=False).ask(gate)) for _ in range(2)]
        await asyncio.sleep(0)
        assert (await post(b"a").ask(gate)).code == "too_many_at_once"
        assert (await post(b"a", address="10.0.0.1").ask(gate)).status == 200
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(story())


@pytest.mark.parametrize(
    "client",
    [
        Client(method="POST", path="/admin/login/"),
        Client(query=b"q=shirt"),
        Client(query=b"page=2&%71=%26shirt"),
        Client(method="POST", headers=[FORM]),
        Client(method="POST", path="/admin/tryon/productimage/add/", headers=[FORM]),
    ],
)
def test_a_dear_door_that_is_held_holds_no_other(client: Client) -> None:
    async def story() -> None:
        door = Door()
        gate = gate_for(door)
        held = asyncio.create_task(client.ask(gate))
        await door.has(1)
        pages = [asyncio.create_task(Client().ask(gate)) for _ in range(2)]
        await door.has(3)  # the pages have their own two threads
        assert (await Client(path="/healthz").ask(gate)).body == b'{"status": "ok"}'
        door.opened.set()
        assert [done.status for done in await asyncio.gather(held, *pages)] == [200] * 3

    asyncio.run(story())


def test_waiting_is_bounded_and_each_caller_has_a_share() -> None:
    async def story() -> None:
        door = Door()
        gate = gate_for(door)

        def upload(address: str, token: bytes = b"a") -> asyncio.Task[Client]:
            headers = [FORM, (b"authorization", b"Bearer tos_vt_" + token)]
            return asyncio.create_task(
                Client(method="POST", headers=headers, address=address).ask(gate), name=address
            )

        first = [upload("10.0.0.1"), upload("10.0.0.1")]
        await door.has(1)
        assert (await upload("10.0.0.1", b"b")).code == "too_many_at_once"  # tokens cost nothing
        second = upload("10.0.0.2")
        await asyncio.sleep(0)
        for _ in range(2):  # a refusal does not count against the caller
            assert (await upload("10.0.0.3")).code == "service_busy"
        door.opened.set()
        await asyncio.gather(*first, second)
        assert door.inside == ["10.0.0.1", "10.0.0.1", "10.0.0.2"]
        assert (await upload("10.0.0.3")).status == 200

    asyncio.run(story())


def test_a_free_place_goes_to_the_caller_with_the_fewest() -> None:
    async def story() -> list[str]:
        room = Places(places=2, waiting=9, per_caller=9)
        order: list[str] = []

        async def enter(caller: str) -> None:
            await room.enter(caller)
            order.append(caller)

        await enter("many")
        await enter("many")
        waiting = [asyncio.create_task(enter(caller)) for caller in ("many", "many", "one")]
        await asyncio.sleep(0)
        room.leave("many")
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return order

    assert asyncio.run(story()) == ["many", "many", "one"]


def test_a_place_that_comes_to_somebody_who_leaves_goes_to_the_next() -> None:
    async def story() -> None:
        room = Places(places=1, waiting=9, per_caller=9)
        await room.enter("first")
        second = asyncio.create_task(room.enter("second"))
        await asyncio.sleep(0)
        room.leave("first")
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await asyncio.wait_for(room.enter("third"), LONGEST_SECONDS)

    asyncio.run(story())


def test_a_place_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(places, "WAIT_SECONDS", 0.05)
        door = Door()
        gate = gate_for(door)
        held = asyncio.create_task(Client(method="POST", headers=[FORM]).ask(gate))
        await door.has(1)
        late = await Client(method="POST", headers=[FORM]).ask(gate)
        assert late.code == "service_busy"
        door.opened.set()
        await held
        assert (await Client(method="POST", headers=[FORM]).ask(gate)).status == 200

    asyncio.run(story())


def test_behind_a_proxy_a_caller_is_whom_the_proxy_names(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1

    async def story() -> None:
        door = Door()
        gate = gate_for(door)

        def search(forwarded: bytes) -> Client:
            lines = [(b"x-forwarded-for", line) for line in forwarded.split(b"|")]
            return Client(method="POST", headers=[FORM, *lines])

        held = [asyncio.create_task(search(b"1.1.1.1, 2001:db8::1").ask(gate)) for _ in range(2)]
        await door.has(1)
        assert (await search(b"2.2.2.2, 2001:db8::2").ask(gate)).code == "too_many_at_once"  # one /64
        other = asyncio.create_task(search(b"2001:db8::1, 3.3.3.3").ask(gate))
        await asyncio.sleep(0)
        settings.TRUSTED_PROXIES = 2  # each with a line of its own
        assert (await search(b"2001:db8::1|10.0.0.1").ask(gate)).code == "too_many_at_once"
        door.opened.set()
        assert (await other).status == 200
        await asyncio.gather(*held)

    asyncio.run(story())


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


def view_with(answer: Callable[[], Any]) -> Callable[..., Any]:
    """An application that answers as Django does: the response is the iterable."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        response = answer()
        start_response("200 OK", list(response.items()))
        if getattr(response, "file_to_stream", None) is not None:
            response.file_to_stream.close = response.close
            return environ["wsgi.file_wrapper"](response.file_to_stream, response.block_size)
        return response

    return application


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(b"p" * 200_000)
    return path


def test_a_file_is_handed_to_the_server_by_its_path(file: Path) -> None:
    gate = gate_for(view_with(lambda: FileResponse(file.open("rb"))))
    client = ask(Client(extensions={"http.response.pathsend": {}}), gate)
    assert client.sent[1:] == [{"type": "http.response.pathsend", "path": str(file)}]
    assert client.header[b"content-length"] == b"200000"


def test_a_file_is_sent_where_the_server_takes_no_paths(file: Path) -> None:
    assert ask(Client(), gate_for(view_with(lambda: FileResponse(file.open("rb"))))).body == b"p" * 200_000


def test_a_part_of_a_file_is_sent_as_that_part(file: Path) -> None:
    def rest() -> FileResponse:
        opened = file.open("rb")
        opened.seek(199_990)
        return FileResponse(opened)

    client = ask(Client(extensions={"http.response.pathsend": {}}), gate_for(view_with(rest)))
    assert client.body == b"p" * 10


def test_an_answer_of_many_parts_is_sent_whole() -> None:
    parts = [b"a" * 700_000, b"b" * 700_000]
    assert ask(Client(), gate_for(view_with(lambda: StreamingHttpResponse(parts)))).body == b"".join(parts)


class Slow(Client):
    """Takes one piece, and the next ones when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = asyncio.Event()

    @override
    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        if message.get("body"):
            await self.may_go_on.wait()


def test_a_long_answer_is_made_while_it_is_sent_in_a_room_of_its_own() -> None:
    made: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"piece"

    async def story() -> None:
        gate = gate_for(view_with(lambda: LongAnswer(pieces())))
        slow = Slow()
        reading = asyncio.create_task(slow.ask(gate))
        async with asyncio.timeout(LONGEST_SECONDS):
            while len(slow.sent) < 2:
                await asyncio.sleep(0)
            # No more is made than is read. Another one is refused, before anything of it is sent.
            assert made == [0]
            refused = await Client(path="/admin/").ask(gate)
            assert (refused.status, made) == (429, [0])
            slow.may_go_on.set()
            assert (await reading).body == b"piece" * 3
            assert (await Client().ask(gate)).body == b"piece" * 3

    asyncio.run(story())


def test_who_reads_no_more_of_a_long_answer_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.core.http.gate.answers.READER_SECONDS", 0.05)
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield from (b"piece", b"piece")
        finally:
            closed.append(True)

    async def story() -> None:
        gate = gate_for(view_with(lambda: LongAnswer(pieces())))
        await Slow().ask(gate)
        assert closed == [True]
        assert (await Client().ask(gate)).body == b"piece" * 2

    asyncio.run(story())


def test_a_reader_that_stops_reading_holds_no_thread(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck(Client):
        @override
        async def _send(self, message: Message) -> None:
            self.sent.append(message)
            if message.get("body"):
                await asyncio.Event().wait()

    async def story() -> None:
        monkeypatch.setattr("config.core.http.gate.answers.READER_SECONDS", 0.05)
        gate = gate_for(view_with(lambda: FileResponse(file.open("rb"))))
        stuck = [asyncio.create_task(Stuck().ask(gate)) for _ in range(2)]
        while not all(task.done() for task in stuck):
            assert len((await Client().ask(gate)).body) == 200_000
            await asyncio.sleep(0.01)

    asyncio.run(story())


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


def test_uploads_by_address_have_threads_of_their_own() -> None:
    async def story() -> None:
        door = Door()
        gate = gate_for(door)
        path = "/api/tryon/upload"
        form = b'--b\r\nContent-Disposition: form-data; name="fileUrl"\r\n\r\nhttp://a\r\n--b--'
        held = [asyncio.create_task(post(b"{}", path=path).ask(gate))]
        await door.has(1)
        by_form = await post(form, path=path, headers=[FORM, (b"transfer-encoding", b"chunked")]).ask(gate)
        assert by_form.code == "too_many_at_once"
        for others in (
            post(b"{}", path="/api/tryon/jobs"),
            post(b"x", path=path, headers=[FORM, (b"transfer-encoding", b"chunked")]),
        ):
            held += [asyncio.create_task(others.ask(gate))]
        await door.has(3)
        door.opened.set()
        await asyncio.gather(*held)

    asyncio.run(story())
