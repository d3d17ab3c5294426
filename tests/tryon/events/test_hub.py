"""The live door where Redis, listeners and the process itself misbehave. States are written by hand."""

import asyncio
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
import requests
from django.conf import settings as django_settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from config.core.redis.newest import WRITE, name_of, order_of
from config.core.tickets import Ticket, TicketInvalid, viewer_of
from tests.tryon.events.conftest import Live, Visit
from tests.waiting import LONGEST_SECONDS, eventually
from tryon.demo.broker import LOOPBACK, PrivateRedis, free_port
from tryon.events import hub, rooms, streams

ROOT: Final = Path(__file__).resolve().parents[3]


def tell(url: str, job: UUID, version: int, **seen: Any) -> None:
    """Write a state as the product does."""
    body = json.dumps({"job": {"id": str(job), "status": "queued", "progress": 0, **seen}})
    with Redis.from_url(url) as redis:
        redis.eval(WRITE, 1, name_of(job), order_of(version, version), body, 60_000)


def address(job: UUID, *, viewer: str = "shopper:1", seconds: int = 600) -> str:
    ticket = Ticket(job, viewer_of(viewer), int(time.time()) + seconds, frozenset())
    return f"/events/jobs/{job}?ticket={ticket.text(django_settings.SECRET_KEY)}"


@pytest.fixture
def broker(tmp_path: Path) -> PrivateRedis:
    return PrivateRedis(tmp_path / "redis")


@pytest.fixture
def own(broker: PrivateRedis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A live door on a Redis of its own, of which it asks often whether it is there."""
    monkeypatch.setattr(hub, "PING_SECONDS", 0.05)
    with broker:
        live = Live(broker.url)
        try:
            yield live
        finally:
            live.close()


def test_listeners_hear_that_redis_is_away_and_what_was_written_after_it_came_back(
    own: Live, broker: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LONGEST_WAIT_SECONDS", 0.05)
    job = uuid4()
    tell(broker.url, job, 1)
    stream = own.listen(address(job))
    eventually(lambda: stream.events)
    broker.__exit__(None, None, None)
    eventually(lambda: stream.statuses == ["queued", "degraded"])
    assert own.get(address(job)).code == "live_unavailable"
    assert own.get("/healthz").status == 200
    assert own.get("/readyz").status == 503
    early = own.listen(address(job))
    eventually(lambda: early.statuses == ["degraded"])
    with broker:
        eventually(lambda: not own.hub.is_away)
        tell(broker.url, job, 2, status="completed")
        eventually(lambda: stream.is_over and early.is_over)
    assert (stream.statuses[2:], early.statuses[1:]) == (["completed"], ["completed"])


def test_a_message_that_overtakes_the_first_look_counts(
    own: Live, broker: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, look = uuid4(), AsyncRedis.mget

    async def look_and_be_late(redis: AsyncRedis, names: list[str]) -> Any:
        found = await look(redis, names)
        await asyncio.to_thread(tell, broker.url, job, 1)
        while own.hub.room(str(job)).heard == 0:
            await asyncio.sleep(0.005)
        return found

    monkeypatch.setattr(AsyncRedis, "mget", look_and_be_late)
    assert own.get(address(job)).status == 200


def test_an_older_state_that_an_emptied_redis_takes_is_not_told(own: Live, broker: PrivateRedis) -> None:
    job, other = uuid4(), uuid4()
    tell(broker.url, job, 2, status="processing")
    stream, others = own.listen(address(job)), own.listen(address(other))
    eventually(lambda: stream.events and others.events)
    with Redis.from_url(broker.url) as redis:
        redis.flushall()
    tell(broker.url, job, 1)
    tell(broker.url, other, 1)  # messages come in their order
    eventually(lambda: "queued" in others.statuses)
    tell(broker.url, job, 3, status="completed")
    eventually(lambda: stream.is_over)
    assert stream.statuses == ["processing", "completed"]


def test_a_redis_that_says_nothing_is_away(
    own: Live, broker: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SILENCE_SECONDS", 0.1)
    with Redis.from_url(broker.url) as redis:
        process_id = redis.info()["process_id"]
    os.kill(process_id, signal.SIGSTOP)
    try:
        eventually(lambda: own.hub.is_away)
    finally:
        os.kill(process_id, signal.SIGCONT)
    eventually(lambda: not own.hub.is_away)


def test_a_slow_reader_gets_the_newest_state_and_holds_nobody(own: Live, broker: PrivateRedis) -> None:
    job = uuid4()
    tell(broker.url, job, 1)
    slow, quick = own.listen(address(job), reads=False), own.listen(address(job))
    eventually(lambda: quick.events)
    for version in range(2, 6):
        tell(broker.url, job, version, progress=version)
        eventually(functools.partial(has_heard, quick, version))
    tell(broker.url, job, 4, progress=99)  # late, and older
    slow.reads.set()
    eventually(lambda: slow.events)
    tell(broker.url, job, 6, status="failed")
    eventually(lambda: slow.is_over and quick.is_over)
    assert [event["progress"] for event in slow.events] == [5, 0]
    assert [event["progress"] for event in quick.events] == [0, 2, 3, 4, 5, 0]


def test_one_process_takes_a_number_of_listeners_and_a_viewer_a_share_of_them(
    own: Live, broker: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "MOST_OF_A_VIEWER", 2)
    job = uuid4()
    tell(broker.url, job, 1)
    streams_ = [own.listen(address(job)) for _ in range(2)]
    eventually(lambda: all(stream.events for stream in streams_))
    third = own.listen(address(job))
    eventually(lambda: third.is_over)
    assert (third.status, third.code) == (429, "too_many_at_once")
    another = own.listen(address(job, viewer="shopper:2"))
    eventually(lambda: another.events)
    monkeypatch.setattr(own.door, "_most_streams", 3)
    late = own.listen(address(job, viewer="shopper:3"))
    eventually(lambda: late.is_over)
    assert (late.status, late.code) == (503, "service_busy")
    assert own.get(address(job)).status == 200


def test_a_silent_stream_has_signs_of_life_and_an_end(
    own: Live, broker: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = uuid4()
    tell(broker.url, job, 1)
    with monkeypatch.context() as patch:
        patch.setattr(streams, "HEARTBEAT_SECONDS", 0.02)
        silent = own.listen(address(job))
        eventually(lambda: "\n:\n\n" in silent.body)
    monkeypatch.setattr(streams, "LIFE_SECONDS", 0.05)
    ending = own.listen(address(job))
    eventually(lambda: ending.is_over)
    assert silent.statuses == ending.statuses == ["queued"]


def test_a_room_that_nobody_uses_is_left(
    own: Live, broker: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = uuid4()
    tell(broker.url, job, 1)
    assert own.get(address(job)).status == 200
    with Redis.from_url(broker.url) as redis, monkeypatch.context() as patch:
        patch.setattr(hub, "LINGER_SECONDS", 0.05)
        eventually(lambda: not redis.pubsub_channels("*"))
    tell(broker.url, job, 2, progress=50)
    assert own.get(address(job)).data["progress"] == 50


def test_a_text_that_is_no_ticket_is_refused() -> None:
    good = Ticket(uuid4(), viewer_of("a"), 1, frozenset()).text("secret")
    assert Ticket.read(good, "secret").until == 1
    for text in ("", "A", "é", good * 100, f"{good}A"):
        with pytest.raises(TicketInvalid):
            Ticket.read(text, "secret")
    with pytest.raises(TicketInvalid):
        Ticket.read(good, "another secret")


@pytest.mark.slow
def test_the_process_serves_streams_and_ends_them_when_it_is_told_to(
    broker: PrivateRedis, tmp_path: Path
) -> None:
    port, job = free_port(), uuid4()
    environment = {
        **os.environ, "REDIS_URL": broker.url, "SECRET_KEY": django_settings.SECRET_KEY,
        "EVENTS_CONNECTIONS": "200", "VAR_DIR": str(tmp_path),
    }  # fmt: skip
    command = [sys.executable, "-m", "tryon.events", "--port", str(port)]
    log = tmp_path / "events.log"
    with (
        broker,
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            url = f"http://{LOOPBACK}:{port}"
            eventually(lambda: is_ready(url))
            tell(broker.url, job, 1)
            opened = requests.get(
                url + address(job),
                headers={"Accept": "text/event-stream"},
                stream=True,
                timeout=LONGEST_SECONDS,
            )
            lines = opened.iter_lines()
            assert next(line for line in lines if line.startswith(b"event:")) == b"event: status"
            assert requests.get(url + address(job), timeout=LONGEST_SECONDS).json()["success"] is True
            process.send_signal(signal.SIGTERM)
            assert b"data: " in b"".join(lines)  # to a whole end
            assert process.wait(LONGEST_SECONDS) == 0
        finally:
            process.kill()
    assert "ticket" not in log.read_text()


def has_heard(stream: Visit, progress: int) -> bool:
    return bool(stream.events[-1]["progress"] == progress)


def is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=LONGEST_SECONDS).status_code == 200
    except requests.RequestException:
        return False
