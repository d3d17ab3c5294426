"""The quick path of ``GET /jobs/{id}``, the call that is repeated most: one question to Redis answers it.

It takes plain requests with a key or a visitor's token. ``JobStatusMiddleware`` answers them from the
database, before the middlewares that pages need, and ``SnapshotMiddleware`` keeps the answer in Redis, with
all its headers. The gate answers the requests soon after it from there (``tryon/api/instant.py``), in its
event loop. Everything else (a session, a query, a refusal) goes to the full view. Both read with
``job_to_show`` and ``facts_of``, and show with ``job_answers``.
"""

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

from config.core.http.conditional import OF_THE_BODY, tag_of, unless_known
from config.core.http.envelope import success_body
from config.core.http.ids import IdConverter
from config.core.http.rates import RATE_HEADERS, RateLimited
from config.core.snapshots import SNAPSHOT_SECONDS, life_of, new_version, release_of, version_name
from config.shops.authentication import token_of
from config.shops.callers import Caller
from config.shops.credentials import Credentials, credentials_in
from config.shops.middleware import API
from config.shops.rates import meter_of, refused
from results.labels import ai_label
from results.models import TryOnResult
from tryon.access.jobs import job_to_show
from tryon.api.answers import Facts, JobAnswer, facts_of, job_answers, pause_after
from tryon.api.live import add_events_url
from tryon.failures import message_for
from tryon.models import Status, TryOnJob
from tryon.services.fallback import wake_if_overdue
from tryon.services.whereabouts import state_until
from tryon.timing import Course

if TYPE_CHECKING:
    from tryon.access.jobs import ShownJob

PATH: Final = re.compile(rf"{API}jobs/({IdConverter.regex})")
# What DRF would answer with the same JSON.
PLAIN_ACCEPT: Final = frozenset({"", "*/*", "application/json"})
# The jobs before a queued one move all the time.
QUEUED_SECONDS: Final = 2
# In the environment of a request.
FRESH: Final = "tryon.fresh"
# What each answer has for itself. All other headers are kept.
OF_ONE_ANSWER: Final = frozenset(
    name.lower() for name in (*OF_THE_BODY, "ETag", "Retry-After", *RATE_HEADERS, "X-Request-ID")
)


class Asked(NamedTuple):
    """A plain question for a job, in a language, and the name of its snapshot in the cache."""

    job_id: UUID
    credentials: Credentials
    language: str
    snapshot: str

    @property
    def names(self) -> tuple[str, str, str]:
        """Return the names of all that answers it: the key's, the version's and the snapshot's."""
        return self.credentials.cached, version_name(self.job_id), self.snapshot


class Ready(NamedTuple):
    """An answer, and the headers that belong to it alone."""

    body: bytes
    headers: dict[str, str]


class Snapshot(NamedTuple):
    """The answer about a job to one caller, at one host and in one language.

    It counts for the same version of the job, for the same caller, and until a time. With a ``course`` the
    clock moves it. ``headers`` are those that all such answers have.
    """

    version: str
    caller: Mapping[str, Any]
    answer: Ready
    until: datetime | None
    course: Course | None
    headers: list[tuple[bytes, bytes]]


class Fresh(NamedTuple):
    """A snapshot that no one has kept yet, with its name, and the seconds that it may live."""

    name: str
    snapshot: Snapshot
    seconds: int


RELEASE: Final = release_of(
    Snapshot, Caller, job_to_show, Facts, message_for, ai_label, Course, TryOnJob, TryOnResult
)


class SnapshotMiddleware:
    """Keep answers about jobs, and make a 304 of one that the caller has. The headers are whole here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        fresh: Fresh | None = request.META.get(FRESH)
        if fresh is None or response.status_code != 200:
            return response
        headers = [
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in response.items()
            if name.lower() not in OF_ONE_ANSWER
        ]
        cache.set(fresh.name, fresh.snapshot._replace(headers=headers), fresh.seconds)
        response = unless_known(request, response)
        response["Content-Length"] = str(len(response.content))
        return response


class JobStatusMiddleware:
    """Answer plain requests for the status of a job, and leave the others to the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = asked_in(request)
        if asked is None:
            return self.get_response(request)
        request.resolver_match = RESOLVED
        try:
            answer = answer_to(request, asked)
        except RateLimited as error:
            return refused(error, request)
        return self.get_response(request) if answer is None else response_with(answer, asked.language)


def nothing(_request: HttpRequest) -> HttpResponseBase:
    """Stand for the view of a request that is answered before its view."""
    # A match has to name a view. Called, it would mean that a middleware let the request through with it.
    raise NotImplementedError("A request that is answered before its view has reached it.")


# It tells the log that the path has no secret.
RESOLVED: Final = ResolverMatch(nothing, (), {}, "api-job", route="api/tryon/jobs/<id:job_id>")


def asked_in(request: HttpRequest) -> Asked | None:
    """Return what a plain request for a job asks, None for any other. Raise DisallowedHost."""
    match = PATH.fullmatch(request.path_info)
    credentials = credentials_in(request) if match is not None and is_plain(request) else None
    if match is None or credentials is None:
        return None
    language = translation.get_language_from_request(request)
    place = f"{request.scheme}://{request.get_host()} {language} {request.META.get('HTTP_ORIGIN', '')}"
    snapshot = f"job:{RELEASE}:{match[1]}:{credentials.identity}:{place}"
    return Asked(UUID(match[1]), credentials, language, snapshot)


def is_plain(request: HttpRequest) -> bool:
    """Return whether a request asks for nothing but the default."""
    meta = request.META
    is_default = not meta.get("QUERY_STRING") and meta.get("HTTP_ACCEPT", "") in PLAIN_ACCEPT
    # A token is for one origin, which is checked. Beside a key any text may come.
    is_of_one = "HTTP_ORIGIN" not in meta or token_of(meta) is not None
    return request.method == "GET" and is_default and is_of_one


def response_with(answer: Ready, language: str) -> HttpResponse:
    """Return the response with the headers of the full view's."""
    length = str(len(answer.body))
    headers = {"Vary": "Accept-Language", "Content-Language": language, "Content-Length": length}
    return HttpResponse(answer.body, content_type="application/json", headers=answer.headers | headers)


def answer_to(request: HttpRequest, asked: Asked) -> Ready | None:
    """Return the answer for a caller, None for wrong credentials and for no such job. Raise RateLimited."""
    names, credentials = asked.names, asked.credentials
    found = meter_of(request).count(names[:2])
    cached, version = (found.get(name) for name in names[:2])
    translation.activate(asked.language)  # of the answer, and of an error of the database
    cached = cached or credentials.read()
    caller = credentials.caller(cached) if cached else None
    if cached is None or caller is None:
        return None
    version = version or new_version(asked.job_id)  # before the rows are read
    job = job_to_show(caller, asked.job_id) if caller.has_rows else None
    if job is None:
        return None
    wake_if_overdue(job)
    facts = facts_of([job])
    body = job_answers(facts, request)[0]
    add_events_url(body, job.pk, caller, request)
    answer = ready(body)
    if version is not None:
        snapshot = Snapshot(version, cached, answer, state_until(job), course_of(job), [])
        seconds = life_of(QUEUED_SECONDS if facts.waits else SNAPSHOT_SECONDS)
        request.META[FRESH] = Fresh(asked.snapshot, snapshot, seconds)
    return answer


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
