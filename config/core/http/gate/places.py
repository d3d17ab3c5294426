"""Places: a number of requests at once, a bounded number that wait, and a share for each caller."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from config.core.http.gate.refusals import ServiceBusy, TooManyAtOnce

# A request that has waited this long for its place is refused.
WAIT_SECONDS = 20.0


@dataclass(eq=False, slots=True)
class Waiting:
    """One request that waits for its place."""

    caller: str
    turn: asyncio.Future[None]


class Places:
    """Places of one process. It belongs to one event loop, so it needs no lock.

    ``per_caller`` bounds the requests of one caller, running and waiting together. A free place goes to the
    caller with the fewest running requests, so a caller who sends many at once waits for the others.
    """

    def __init__(self, *, places: int, waiting: int, per_caller: int) -> None:
        self._free = places
        self._most_waiting = waiting
        self._per_caller = per_caller
        self._here: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self._waiting: list[Waiting] = []

    async def enter(self, caller: str) -> None:
        """Take a place, to be left by ``leave``. Raise TooManyAtOnce and ServiceBusy."""
        if self._here[caller] >= self._per_caller:
            raise TooManyAtOnce
        self._here[caller] += 1
        try:
            if self._free:
                self._free -= 1
                self._running[caller] += 1
            else:
                await self._wait(caller)
        except BaseException:
            _count_down(self._here, caller)
            raise

    def leave(self, caller: str) -> None:
        """Give the place back."""
        _count_down(self._here, caller)
        self._pass_on(caller)

    async def _wait(self, caller: str) -> None:
        if len(self._waiting) >= self._most_waiting:
            raise ServiceBusy
        waiting = Waiting(caller, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await waiting.turn
        except BaseException as error:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            else:  # the place came in the same moment
                self._pass_on(caller)
            if isinstance(error, TimeoutError):
                raise ServiceBusy from error
            raise

    def _pass_on(self, caller: str) -> None:
        _count_down(self._running, caller)
        if not self._waiting:
            self._free += 1
            return
        following = min(self._waiting, key=lambda waiting: self._running[waiting.caller])
        self._waiting.remove(following)
        self._running[following.caller] += 1
        following.turn.set_result(None)


def _count_down(counts: Counter[str], caller: str) -> None:
    counts[caller] -= 1
    if not counts[caller]:
        del counts[caller]
