"""Answers of the gate about jobs, from snapshots in Redis: in its event loop, without a thread and Django.

What Redis does not answer, or not at once, goes the usual way. So does a request with a wrong key, or one too
many: it is counted here, and refused there.
"""

import json
import time
from typing import Any

import structlog
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest

from config.core import clock
from config.core.http.address import keep_trusted
from config.core.http.conditional import is_known
from config.core.http.gate import Answer, Places
from config.core.middleware import log_request, request_id_of
from config.core.redis.loop import LoopCounters
from config.core.snapshots import is_true_still
from config.shops.rates import METER, Meter
from tryon.api.answers import JobAnswer
from tryon.api.quick import PATH, RESOLVED, Asked, Ready, Snapshot, asked_in, ready
from tryon.timing import progress_now, seconds_left


class InstantAnswers:
    """The answers of one event loop. Each question has a place of ``places``."""

    def __init__(self, counters: LoopCounters, places: Places) -> None:
        self._counters = counters
        self._places = places

    async def answer(self, environ: dict[str, Any], caller: str) -> Answer | None:
        """Return the answer to a request with this environment. None leaves it to Django.

        Raise TooManyAtOnce and ServiceBusy.
        """
        started = time.perf_counter()
        if PATH.fullmatch(environ["PATH_INFO"]) is None or self._counters.is_resting or not clock.is_read():
            return None
        keep_trusted(environ)
        request = WSGIRequest(environ)
        request.resolver_match = RESOLVED
        try:
            asked = asked_in(request)
        except SuspiciousOperation:
            return None
        if asked is None:
            return None
        meter = environ[METER] = Meter(request)
        await self._places.enter(caller)
        try:
            found = await meter.count_in_loop(self._counters, asked.names)
        finally:
            self._places.leave(caller)
        snapshot = snapshot_in(found, asked)
        if snapshot is None or meter.usage is None:
            return None
        request_id = request_id_of(request)
        answer = answer_with(snapshot, request, meter.usage.headers() | {"X-Request-ID": request_id})
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            log_request(request, answer.status, started)
        return answer


def snapshot_in(found: dict[str, Any], asked: Asked) -> Snapshot | None:
    """Return the snapshot that answers, of what was found, if it is still true."""
    caller, version, snapshot = (found.get(name) for name in asked.names)
    if snapshot is None or (snapshot.version, snapshot.caller) != (version, caller):
        return None
    kept: Snapshot = snapshot
    return kept if is_true_still(kept.until) else None


def answer_with(snapshot: Snapshot, request: WSGIRequest, headers: dict[str, str]) -> Answer:
    """Return the whole answer, with these headers too: 304 for one that the caller has."""
    body, own = answer_now(snapshot)
    status = 304 if is_known(request, own["ETag"]) else 200
    if status == 304:
        body = b""
    else:
        own = own | {"Content-Type": "application/json"}
    own = own | headers | {"Content-Length": str(len(body))}
    return Answer(
        status,
        [*snapshot.headers, *((name.lower().encode(), value.encode()) for name, value in own.items())],
        body,
    )


def answer_now(snapshot: Snapshot) -> Ready:
    """Return the answer of a snapshot as it is now."""
    if (course := snapshot.course) is None:
        return snapshot.answer
    data: JobAnswer = json.loads(snapshot.answer.body)["data"]
    data["progress"], data["estimatedWaitTime"] = progress_now(course), seconds_left(course) or 0
    return ready(data)
