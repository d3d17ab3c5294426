"""Files and long answers through the gate."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, override

import pytest
from django.http import FileResponse, StreamingHttpResponse

from config.core.http.long import LongAnswer
from tests.config.core.http.gated import Client, Message, ask, gate_for
from tests.waiting import LONGEST_SECONDS


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
