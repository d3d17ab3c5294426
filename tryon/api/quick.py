"""The quick path of ``GET /jobs/{id}``, the call that is repeated most: one question to Redis answers it.

It takes plain requests with a key. Everything else (a session, a query, a refusal) goes to the full view.
Both read with ``jobs_to_show`` and ``facts_of``, and show with ``job_answers``.
"""

import functools
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer

from config.core.http.envelope import success_body
from config.core.snapshots import SNAPSHOT_SECONDS, life_of, new_version, release_of, version_name
from config.shops.authentication import key_in
from config.shops.callers import Caller
from config.shops.keys import cached_name, digest_of, key_check
from results.models import TryOnResult
from tryon.access import jobs_to_show
from tryon.api.answers import Facts, facts_of, job_answers, pause_after
from tryon.models import TryOnJob
from tryon.services.fallback import wake_if_overdue

type View = Callable[..., HttpResponseBase]

# What DRF would answer with the same JSON.
PLAIN_ACCEPT: Final = frozenset({"", "*/*", "application/json"})
# The jobs before a queued one move all the time.
QUEUED_SECONDS: Final = 2


class Snapshot(NamedTuple):
    """A job as one caller sees it. It counts for the same version of the job, and for no other caller."""

    version: str
    caller: Caller
    facts: Facts


RELEASE: Final = release_of(Snapshot, Caller, jobs_to_show, Facts, TryOnJob, TryOnResult)


def with_quick_path(full: View) -> View:
    """Return the view of a job that answers plain requests by itself, and leaves the others to ``full``."""

    @functools.wraps(full)
    def view(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
        key = key_in(request.headers) if is_plain(request) else None
        facts = None if key is None else facts_by_key(key, job_id)
        if facts is None:
            return full(request, job_id=job_id)
        wake_if_overdue(facts.jobs[0])
        (answer,) = job_answers(facts, request)
        body = JSONRenderer().render(success_body(answer))
        pause = pause_after(answer)
        headers = {"Retry-After": str(pause)} if pause else {}
        return HttpResponse(body, content_type="application/json", headers=headers)

    return view


def is_plain(request: HttpRequest) -> bool:
    """Return whether a request asks for nothing but the default."""
    query, accept = request.META.get("QUERY_STRING", ""), request.META.get("HTTP_ACCEPT", "")
    return request.method == "GET" and not query and accept in PLAIN_ACCEPT


def facts_by_key(key: str, job_id: UUID) -> Facts | None:
    """Return what the caller behind a key sees of a job, None for a wrong key and for no such job."""
    digest = digest_of(key)
    names = cached_name(digest), version_name(job_id), f"job:{RELEASE}:{job_id}:{digest}"
    found: dict[str, Any] = cache.get_many(names)
    cached, version = found.get(names[0]), found.get(names[1])
    snapshot: Snapshot | None = found.get(names[2])
    caller = Caller(**cached) if cached else key_check(key)
    if caller is None:
        return None
    if snapshot is not None and (snapshot.version, snapshot.caller) == (version, caller):
        return snapshot.facts
    version = version or new_version(job_id)  # before the rows are read
    job = jobs_to_show(caller).filter(pk=job_id).first()
    if job is None:
        return None
    facts = facts_of([job])
    if version is not None:
        seconds = QUEUED_SECONDS if facts.waits else SNAPSHOT_SECONDS
        cache.set(names[2], Snapshot(version, caller, facts), life_of(seconds))
    return facts
