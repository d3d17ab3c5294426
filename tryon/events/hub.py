"""The hub: all rooms of a process, and its one connection to Redis that listens for all of them.

Who enters a room is first subscribed to the job's channel, then the job's state is read, so no change is
missed. Where Redis goes away, everybody is told, and the hub connects again by itself, subscribes to all
rooms and reads all states: what was written in between is found.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from itertools import batched
from typing import Any, Final

import structlog
from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from config.core.redis import marks
from config.core.redis.newest import State, name_of
from config.core.tickets import Ticket
from tryon.events.rooms import Listener, Room
from tryon.events.states import Job

logger = structlog.stdlib.get_logger(__name__)

BATCH: Final = 500
# A room without listeners stays for those who ask again and again. Seconds.
LINGER_SECONDS: Final = 15.0
TICK_SECONDS: Final = 1.0
PING_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 12.0
ANSWER_SECONDS: Final = 5.0
FIRST_WAIT_SECONDS: Final = 0.1
LONGEST_WAIT_SECONDS: Final = 5.0
AWAY: Final = (RedisError, OSError, TimeoutError)


class Hub:
    """It belongs to one event loop. ``connect`` returns a client of Redis for it."""

    def __init__(self, connect: Callable[[], Redis]) -> None:
        self._connect = connect
        self._rooms: dict[str, Room] = {}
        self._moving: set[Room] = set()
        self._wanted: list[Room] = []
        self._is_wanted = asyncio.Event()
        self._unread: list[Room] = []
        self._is_unread = asyncio.Event()
        self._heard_at = 0.0
        self._marks: marks.Marks = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.listeners = 0
        self.is_away = True
        self.is_ending = False

    def start(self) -> None:
        """Begin to work."""
        work: Iterable[Coroutine[Any, Any, None]] = (self._stay_connected(), self._tick())
        self._tasks = [asyncio.create_task(one) for one in work]

    def end(self) -> None:
        """Let all streams end: the process stops."""
        self.is_ending = True
        for room in self._rooms.values():
            room.wake()

    async def close(self) -> None:
        """Stop the work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def room(self, job_id: str) -> Room:
        """Return the room of a job. It may not be ready yet."""
        name, now = name_of(job_id), asyncio.get_running_loop().time()
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, now)
            self._wanted.append(room)
            self._is_wanted.set()
        room.used_at = now
        return room

    async def ready(self, room: Room) -> None:
        """Wait until a room's state has been read, or Redis is away."""
        if not (room.is_ready.is_set() or self.is_away):
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await room.is_ready.wait()

    def enter(self, room: Room, listener: Listener) -> None:
        """Let somebody listen."""
        room.listeners.add(listener)
        self.listeners += 1

    def leave(self, room: Room, listener: Listener) -> None:
        """Let somebody go."""
        room.listeners.discard(listener)
        self.listeners -= 1
        room.used_at = asyncio.get_running_loop().time()

    def has_ended(self, ticket: Ticket) -> bool:
        """Return whether a ticket has ended before its time."""
        return marks.is_ended(ticket, self._marks)

    async def _stay_connected(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while True:
            try:
                await self._listen()
            except AWAY as error:
                if not self.is_away:
                    wait = FIRST_WAIT_SECONDS
                    logger.warning("live_redis_away", error=type(error).__name__, listeners=self.listeners)
            except Exception:  # a fault of ours must not leave everybody without news for good
                logger.exception("live_hub_failed")
            self._lose()
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  (no secret)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    def _lose(self) -> None:
        """Tell everybody that no news comes. Who waits for a state waits no more."""
        self.is_away = True
        self._wanted.clear()
        self._unread.clear()
        for room in self._rooms.values():
            room.is_ready.set()
            room.wake()

    async def _listen(self) -> None:
        """Listen to all rooms until something breaks. Raise what broke."""
        async with self._connect() as redis, redis.pubsub() as pubsub:
            await pubsub.connect()
            await pubsub.ping()
            self._heard_at = asyncio.get_running_loop().time()
            await self._read_marks(redis)
            for room in self._rooms.values():
                room.is_ready.clear()
            self._wanted = [*self._rooms.values()]
            self._is_wanted.set()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._hear(pubsub))
                    group.create_task(self._subscribe(pubsub))
                    group.create_task(self._read(redis))
                    group.create_task(self._follow_marks(redis))
                    group.create_task(self._keep_alive(pubsub))
            except* AWAY as broken:
                raise broken.exceptions[0] from None

    async def _hear(self, pubsub: PubSub) -> None:
        while True:
            kind, channel, value = _told(await pubsub.parse_response())
            self._heard_at = asyncio.get_running_loop().time()
            if kind == b"pong":
                self._find()
                continue
            room = self._rooms.get(channel.decode())
            if room is None:
                continue
            if kind == b"subscribe":
                self._unread.append(room)
                self._is_unread.set()
            elif kind == b"message":
                room.heard += 1
                self._take(room, State.of(value), 0.0)

    def _find(self) -> None:
        """Note that Redis answers."""
        if self.is_away:
            self.is_away = False
            logger.info("live_redis_found", rooms=len(self._rooms))

    async def _subscribe(self, pubsub: PubSub) -> None:
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            wanted, self._wanted = self._wanted, []
            for some in batched(wanted, BATCH, strict=False):
                await pubsub.execute_command("SUBSCRIBE", *(room.name for room in some))
            idle = [room for room in self._rooms.values() if self._is_idle(room)]
            for some in batched(idle, BATCH, strict=False):
                for room in some:
                    del self._rooms[room.name]
                    self._moving.discard(room)
                await pubsub.execute_command("UNSUBSCRIBE", *(room.name for room in some))

    def _is_idle(self, room: Room) -> bool:
        now = asyncio.get_running_loop().time()
        return not room.listeners and room.used_at < now - LINGER_SECONDS

    async def _read(self, redis: Redis) -> None:
        """Read the states of rooms that are subscribed by now."""
        while True:
            await self._is_unread.wait()
            self._is_unread.clear()
            unread, self._unread = self._unread, []
            for some in batched(unread, BATCH, strict=False):
                heard = [room.heard for room in some]
                async with asyncio.timeout(ANSWER_SECONDS):
                    seconds, micro = await redis.time()
                    values: list[Any] = await redis.mget([room.name for room in some])
                for room, value, before in zip(some, values, heard, strict=True):
                    state = State.of(value)
                    age = 0.0 if state is None else max(0.0, seconds + micro / 1e6 - state.written_at)
                    if room.heard == before:  # else a message has overtaken the answer, and is newer
                        self._take(room, state, age)
                    room.is_ready.set()

    async def _follow_marks(self, redis: Redis) -> None:
        """Let the streams go whose tickets have ended before their time."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self._read_marks(redis)

    async def _read_marks(self, redis: Redis) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await marks.read(redis)
        if found.items() <= self._marks.items():
            return
        # Those that Redis has lost count too.
        self._marks = {name: until for name, until in (self._marks | found).items() if until > time.time()}
        for room in self._rooms.values():
            for listener in room.listeners:
                if self.has_ended(listener.ticket):
                    listener.leave()

    def _take(self, room: Room, state: State | None, age: float) -> None:
        now = asyncio.get_running_loop().time()
        job = None if state is None else Job.of(state, now - age)
        room.take(job)
        (self._moving.add if job is not None and job.moves else self._moving.discard)(room)

    async def _keep_alive(self, pubsub: PubSub) -> None:
        """Ask now and then, and give up where no answer comes."""
        loop = asyncio.get_running_loop()
        while True:
            await pubsub.ping()
            await asyncio.sleep(PING_SECONDS)
            if loop.time() > self._heard_at + SILENCE_SECONDS:
                raise TimeoutError
            self._is_wanted.set()  # rooms that are idle by now are left

    async def _tick(self) -> None:
        """Let the clock move what it moves."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for room in self._moving:
                if room.job is not None and room.job.move(loop.time()):
                    room.wake()


def _told(response: Any) -> tuple[bytes, bytes, bytes]:
    """Return the kind, the channel and the value of what a connection that listens has got."""
    if isinstance(response, bytes):
        return b"pong", b"", b""  # RESP3
    kind, channel = response[0], response[1]
    return kind, channel, response[2] if kind == b"message" else b""
