"""The quick path of ``GET /jobs/{id}``, the call that is repeated most: one question to Redis answers it.

It takes plain requests with a key, before the middlewares that pages need. Everything else (a session, a
query, a refusal) goes to the full view. Both read with ``job_to_show`` and ``facts_of``, and show with
``job_answers``.

Redis keeps the answer itself. What the clock moves in the answer about a processing job is put in each time.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch
from django.utils import translation
from rest_framework.renderers import JSONRenderer

from config.core import clock
from config.core.http.conditional import tag_of, unless_known
from config.core.http.envelope import success_body
from config.core.http.ids import IdConverter
from config.core.http.rates import RateLimited
from config.core.snapshots import SNAPSHOT_SECONDS, life_of, new_version, release_of, version_name
from config.shops.callers import Caller
from config.shops.credentials import Credentials, credentials_in
from config.shops.middleware import API
from config.shops.rates import meter_of, refused
from results.labels import ai_label
from results.models import TryOnResult
from tryon.access import job_to_show
from tryon.api.answers import Facts, JobAnswer, facts_of, job_answers, pause_after, state_until
from tryon.failures import message_for
from tryon.models import Status, TryOnJob
from tryon.services.fallback import wake_if_overdue
from tryon.timing import Course, progress_now, seconds_left

if TYPE_CHECKING:
    from tryon.access import ShownJob

PATH: Final = re.compile(rf"{API}jobs/({IdConverter.regex})")
# What DRF would answer with the same JSON.
PLAIN_ACCEPT: Final = frozenset({"", "*/*", "application/json"})
# The jobs before a queued one move all the time.
QUEUED_SECONDS: Final = 2


class Ready(NamedTuple):
    """An answer, and the headers that belong to it alone."""

    body: bytes
    headers: dict[str, str]


class Snapshot(NamedTuple):
    """The answer about a job to one caller, at one host and in one language.

    It counts for the same version of the job, for the same caller, and until a time. With a ``course`` the
    clock moves it.
    """

    version: str
    caller: Mapping[str, Any]
    answer: Ready
    until: datetime | None
    course: Course | None


RELEASE: Final = release_of(
    Snapshot, Caller, job_to_show, Facts, message_for, ai_label, Course, TryOnJob, TryOnResult
)


class JobStatusMiddleware:
    """Answer plain requests for the status of a job, and leave the others to the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = PATH.fullmatch(request.path_info)
        credentials = credentials_in(request) if match is not None and is_plain(request) else None
        if match is None or credentials is None:
            return self.get_response(request)
        request.resolver_match = RESOLVED
        language = translation.get_language_from_request(request)
        try:
            answer = answer_to(request, UUID(match[1]), credentials, language)
        except RateLimited as error:
            return refused(error, request)
        if answer is None:
            return self.get_response(request)
        return response_with(answer, request, language)


def nothing(_request: HttpRequest) -> HttpResponseBase:
    """Stand for the view of a request that is answered before its view."""
    # A match has to name a view. Called, it would mean that a middleware let the request through with it.
    raise NotImplementedError("A request that is answered before its view has reached it.")


# It tells the log that the path has no secret.
RESOLVED: Final = ResolverMatch(nothing, (), {}, "api-job", route="api/tryon/jobs/<id:job_id>")


def is_plain(request: HttpRequest) -> bool:
    """Return whether a request asks for nothing but the default."""
    query, accept = request.META.get("QUERY_STRING", ""), request.META.get("HTTP_ACCEPT", "")
    return request.method == "GET" and not query and accept in PLAIN_ACCEPT


def response_with(answer: Ready, request: HttpRequest, language: str) -> HttpResponse:
    """Return the response with all headers of the full view's: 304 for an answer that the caller has."""
    headers = {**answer.headers, "Vary": "Accept-Language"}
    whole = HttpResponse(answer.body, content_type="application/json", headers=headers)
    response = unless_known(request, whole)
    response["Content-Language"], response["Content-Length"] = language, str(len(response.content))
    return response


def answer_to(request: HttpRequest, job_id: UUID, credentials: Credentials, language: str) -> Ready | None:
    """Return the answer for a caller, None for wrong credentials and for no such job.

    The question to Redis counts the request too. Raise RateLimited and DisallowedHost.
    """
    place = f"{request.scheme}://{request.get_host()}:{language}"
    snapshots = f"job:{RELEASE}:{job_id}:{credentials.identity}:{place}"
    names = credentials.cached, version_name(job_id), snapshots
    found = meter_of(request).count(names)
    cached, version, snapshot = (found.get(name) for name in names)
    if snapshot is not None and counts(snapshot, cached, version):
        return answer_now(snapshot)
    translation.activate(language)  # of the answer, and of an error of the database
    cached = cached or credentials.read()
    caller = credentials.caller(cached) if cached else None
    if cached is None or caller is None:
        return None
    version = version or new_version(job_id)  # before the rows are read
    job = job_to_show(caller, job_id) if caller.has_rows else None
    if job is None:
        return None
    wake_if_overdue(job)
    facts = facts_of([job])
    answer = ready(job_answers(facts, request)[0])
    if version is not None:
        kept = Snapshot(version, cached, answer, state_until(job), course_of(job))
        cache.set(names[2], kept, life_of(QUEUED_SECONDS if facts.waits else SNAPSHOT_SECONDS))
    return answer


def counts(snapshot: Snapshot, caller: Mapping[str, Any] | None, version: str | None) -> bool:
    """Return whether a snapshot is still true."""
    is_same = (snapshot.version, snapshot.caller) == (version, caller)
    return is_same and (snapshot.until is None or snapshot.until > clock.now())


def answer_now(snapshot: Snapshot) -> Ready:
    """Return the answer of a snapshot as it is now."""
    if (course := snapshot.course) is None:
        return snapshot.answer
    data: JobAnswer = json.loads(snapshot.answer.body)["data"]
    data["progress"], data["estimatedWaitTime"] = progress_now(course), seconds_left(course) or 0
    return ready(data)


def ready(answer: JobAnswer) -> Ready:
    """Return the answer in its envelope, as DRF renders it, and its headers."""
    body: bytes = JSONRenderer().render(success_body(answer))
    pause = pause_after(answer)
    return Ready(body, {"ETag": tag_of(body)} | ({"Retry-After": str(pause)} if pause else {}))


def course_of(job: "ShownJob") -> Course | None:
    """Return what the clock moves in the answer about a job."""
    if job.shown_status != Status.PROCESSING or job.expected_at is None:
        return None
    return Course(job.status, job.progress, job.started_at, job.expected_at)
