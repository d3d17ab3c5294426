"""The live door tells what this room writes to Redis: the newest state of each job that somebody follows.

An answer that names the live door makes its job followed, and from then on each change of what the job shows
is written after its commit. Writing is best effort. What Redis has lost is written again by the API's next
answer about the job, and by the sweep for those whom somebody listens to.
"""

import functools
import json
import time
from collections.abc import Collection, Iterator, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import F, Q
from django.dispatch import receiver
from redis import Redis, RedisError
from redis.commands.core import Script

from config.core import clock
from config.core.redis.newest import KEEP_SECONDS, PREFIX, WRITE, name_of, order_of
from config.core.redis.outage import Outage
from config.core.snapshots import Subject, outdated
from config.core.tickets import EVERYTHING, viewer_of
from config.shops.shoppers import SHOPPER
from tryon.failures import is_retryable
from tryon.models import JobViewer, Status, TryOnJob
from tryon.services.outlook import Outlook, seconds_of
from tryon.services.whereabouts import ResultState, result_state

if TYPE_CHECKING:
    from datetime import datetime

    from tryon.access.jobs import ShownJob

logger = structlog.stdlib.get_logger(__name__)

BATCH: Final = 200
ROUND: Final = "tryon-studio:live-round"
# A process spends at most this share of its time on the places of queued jobs, and looks once a second.
SHARE_OF_TIME: Final = 0.05

untold: Final = Outage()


def follow(job_id: UUID) -> None:
    """Have the changes of a job told from now on, and its state written if Redis has none."""
    name, keep = name_of(job_id), KEEP_SECONDS * 1000
    with_redis = _client().pipeline(transaction=False)
    try:
        with_redis.set(name, "", nx=True, px=keep)
        with_redis.strlen(name)
        with_redis.pexpire(name, keep)
        if with_redis.execute()[1] == 0:
            _tell([job_id])
    except RedisError as error:
        _note(error)


@receiver(outdated, dispatch_uid="live door")
def tell_changed(sender: Any, subjects: Sequence[Subject], **_more: Any) -> None:
    """Write the states of the jobs among these that somebody follows."""
    jobs = [subject for subject in subjects if isinstance(subject, UUID)] if settings.EVENTS_URL else []
    for some in batched(jobs, BATCH, strict=False):
        try:
            if followed := _followed(some):
                _tell(followed)
        except (RedisError, DatabaseError) as error:  # the change itself is made
            _note(error)
            return


def tell_listeners(*, only_queued: bool = False) -> None:
    """Write the states of the jobs that somebody listens to. It tells what no change of the job tells.

    That is what Redis has lost, and with ``only_queued`` the places in the queue, which move with each start.
    """
    if not settings.EVENTS_URL:
        return
    try:
        if only_queued and not _client().set(ROUND, "", nx=True, px=1000):
            return
        began = time.monotonic()
        channels: Any = _client().pubsub_channels(f"{PREFIX}*")
        listened = [UUID(name.decode().removeprefix(PREFIX)) for name in channels]
        for some in batched(listened, BATCH, strict=False):
            _tell(some, **({"status": Status.QUEUED} if only_queued else {}))
        seconds = (time.monotonic() - began) / SHARE_OF_TIME
        if only_queued and seconds > 1:
            _client().set(ROUND, "", px=int(seconds * 1000))
    except RedisError as error:
        _note(error)


def _followed(jobs: Collection[UUID]) -> list[UUID]:
    asked = _client().pipeline(transaction=False)
    for job_id in jobs:
        asked.exists(name_of(job_id))
    return [job_id for job_id, is_followed in zip(jobs, asked.execute(), strict=True) if is_followed]


def _tell(jobs: Collection[UUID], **only: Any) -> None:
    """Read the jobs and write their states. Those that are gone are forgotten. Raise RedisError."""
    read = _microseconds(clock.now())
    rows = TryOnJob.objects.filter(pk__in=jobs, **only).select_related("result")
    found = cast("list[ShownJob]", list(rows.annotate(photo_expires_at=F("shopper_photo__expires_at"))))
    viewers = _viewers_apart(found)
    outlook = Outlook([job for job in found if job.status == Status.QUEUED])
    writing = _client().pipeline(transaction=False)
    for job in found:
        body = json.dumps(_state_of(job, viewers.get(job.pk, ()), outlook), separators=(",", ":"))
        order = order_of(_microseconds(job.updated_at), read)
        _script()([name_of(job.pk)], [order, body, KEEP_SECONDS * 1000], client=writing)
    if not only:
        for gone in set(jobs) - {job.pk for job in found}:
            writing.delete(name_of(gone))
            writing.publish(name_of(gone), "")
    writing.execute()
    untold.end()


def _viewers_apart(jobs: "Sequence[ShownJob]") -> dict[UUID, list[JobViewer]]:
    """Return those who may see something else than the others do, by job: who left, and shops."""
    private = [job.pk for job in jobs if job.is_private]
    apart = Q(left_at__isnull=False) | (Q(job__in=private) & ~Q(requester__startswith=SHOPPER))
    found: dict[UUID, list[JobViewer]] = {}
    for viewer in JobViewer.objects.filter(apart, job__in=[job.pk for job in jobs]):
        found.setdefault(viewer.job_id, []).append(viewer)
    return found


def _state_of(job: "ShownJob", apart: Sequence[JobViewer], outlook: Outlook) -> dict[str, Any]:
    """Return what the live door reads (tryon/events/states.py)."""
    common = _seen(job, outlook, left_at=None, sees_shoppers=True)
    state: dict[str, Any] = {"job": common}
    others = dict(_seen_apart(job, apart, outlook))
    if others := {viewer: seen for viewer, seen in others.items() if seen != common}:
        state["apart"] = others
    if job.status == Status.PROCESSING and job.started_at is not None and job.expected_at is not None:
        whole = (job.expected_at - job.started_at).total_seconds()
        state["course"] = [(clock.now() - job.started_at).total_seconds(), whole]
    return state


def _seen_apart(
    job: "ShownJob", apart: Sequence[JobViewer], outlook: Outlook
) -> Iterator[tuple[str, dict[str, Any]]]:
    if job.is_private:
        yield EVERYTHING.hex(), _seen(job, outlook, left_at=None, sees_shoppers=False)
    for viewer in apart:
        is_shopper = viewer.requester.startswith(SHOPPER)
        seen = _seen(job, outlook, left_at=viewer.left_at, sees_shoppers=is_shopper)
        yield viewer_of(viewer.requester).hex(), seen


def _seen(
    job: "ShownJob", outlook: Outlook, *, left_at: "datetime | None", sees_shoppers: bool
) -> dict[str, Any]:
    """Return a job as a viewer sees it: what ``GET /jobs/{id}`` tells of it, without addresses and words."""
    left_early = left_at is not None and (job.completed_at is None or left_at < job.completed_at)
    job.left_at, job.sees_shoppers = left_at, sees_shoppers
    job.shown_status = status = Status.CANCELED if left_early else Status(job.status)
    where = result_state(job)
    seen: dict[str, Any] = {
        "id": str(job.pk),
        "status": str(status),
        "progress": 0 if left_early else job.progress,
        "resultState": str(where),
    }
    match status:
        case Status.QUEUED:
            wait = outlook.wait_of(job)
            seen |= {"queuePosition": wait.jobs_ahead + 1, "estimatedWaitTime": seconds_of(wait, job)}
            if wait.hold.reason is not None:
                seen["waitReason"] = str(wait.hold.reason)
        case Status.COMPLETED if where == ResultState.AVAILABLE:
            seen["resultId"] = str(job.result.pk)
        case Status.FAILED:
            seen |= {"errorCode": job.error_code, "retryable": is_retryable(job.error_code)}
    return seen


def _microseconds(at: "datetime") -> int:
    return int(at.timestamp() * 1_000_000)


def _note(error: Exception) -> None:
    if untold.note():
        logger.warning("live_not_told", error=type(error).__name__)


def _client() -> Redis:
    backend: Any = cache
    client: Redis = backend.client.get_client(write=True)
    return client


@functools.cache
def _script() -> Script:
    return _client().register_script(WRITE)
