"""The quick path of ``POST /generate`` for a wish that its caller has just repeated.

The first two answers come from the full view. The second is kept, under the versions that its job and the
library had before it was made: a change of what decides the answer drops one of them. From then on, a repeat
costs two questions to Redis, and one statement that counts it.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch
from django.utils import translation
from rest_framework.request import Request

from config.core import clock
from config.core.http.rates import RateLimited
from config.core.snapshots import SNAPSHOT_SECONDS, is_true_still, new_version, release_of, version_name
from config.core.upkeep.counts import count
from config.shops.authentication import key_in
from config.shops.callers import Caller
from config.shops.keys import cached_name, digest_of
from config.shops.middleware import API
from config.shops.rates import meter_of, refused
from models_library.models import LIBRARY
from tryon.api.quick import PLAIN_ACCEPT, nothing
from tryon.models import TryOnJob
from tryon.services.reuse import Reuse, counts_of

PATH: Final = f"{API}generate"
LONGEST_WISH: Final = 4096  # bytes
# With these, also empty, the answer depends on more than the key and the body.
UNUSUAL: Final = frozenset({"HTTP_IDEMPOTENCY_KEY", "HTTP_X_SHOPPER_ID", "HTTP_ORIGIN"})
HIT: Final = "tryon.hit"
RESOLVED: Final = ResolverMatch(nothing, (), {}, "api-generate", route="api/tryon/generate")


class Hit(NamedTuple):
    """A picture that was there: its job, what the answer counts, and the end of the result."""

    job_id: UUID
    counts: Mapping[str, int]
    until: datetime


class Kept(NamedTuple):
    """The answer to a wish. It counts for the same caller, while the library and the job are as they were."""

    caller: Mapping[str, Any] | None
    library: str | None
    job: str | None
    hit: Hit
    body: bytes


RELEASE: Final = release_of(Kept, Caller, Reuse)


def tell_hit(request: Request, job: TryOnJob) -> None:
    """Let the quick path know that the request's answer is a picture that was there."""
    # A model photo's release ends at midnight.
    until = min(job.result.expires_at, clock.next_midnight())
    request._request.META[HIT] = Hit(job.pk, counts_of(Reuse.HIT, job), until)


class RepeatedWishMiddleware:
    """Answer wishes that were granted a moment ago, and leave the others to the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = key_in(request) if request.path_info == PATH and is_plain_wish(request) else None
        if key is None:
            return self.get_response(request)
        try:
            return self._answer(request, digest_of(key))
        except RateLimited as error:
            return refused(error, request)

    def _answer(self, request: HttpRequest, digest: str) -> HttpResponseBase:
        request.resolver_match = RESOLVED
        request.get_host()  # raises DisallowedHost
        name = f"hit:{RELEASE}:{digest}:{hashlib.sha256(request.body).hexdigest()}"
        names = cached_name(digest), version_name(LIBRARY), name
        found = meter_of(request).count(names)
        caller, library = found.get(names[0]), found.get(names[1])
        kept: Kept | None = found.get(name)
        job: str | None = None
        if kept is not None:
            job = cache.get(version_name(kept.hit.job_id))
            if counts(kept, caller, library, job):
                return granted(request, kept)
            library = library or new_version(LIBRARY)  # before the rows are read
            job = job or new_version(kept.hit.job_id)
        response = self.get_response(request)
        hit: Hit | None = request.META.get(HIT)
        if hit is not None and isinstance(response, HttpResponse):
            is_same = kept is not None and kept.hit.job_id == hit.job_id
            new = Kept(caller, library, job if is_same else None, hit, response.content)
            cache.set(name, new, SNAPSHOT_SECONDS)
        return response


def is_plain_wish(request: HttpRequest) -> bool:
    """Return whether a request is a short JSON body and nothing else."""
    meta = request.META
    is_plain = request.method == "POST" and not meta.get("QUERY_STRING") and UNUSUAL.isdisjoint(meta)
    is_json = meta.get("CONTENT_TYPE") == "application/json" and meta.get("HTTP_ACCEPT", "") in PLAIN_ACCEPT
    return is_plain and is_json and int(meta.get("CONTENT_LENGTH") or 0) <= LONGEST_WISH


def counts(kept: Kept, caller: Mapping[str, Any] | None, library: str | None, job: str | None) -> bool:
    """Return whether a kept answer is still true."""
    state = caller, library, job
    return None not in state and kept[:3] == state and is_true_still(kept.hit.until)


def granted(request: HttpRequest, kept: Kept) -> HttpResponse:
    """Count a kept answer and return it, with the headers of the full view's."""
    language = translation.get_language_from_request(request)
    translation.activate(language)  # of an error of the database
    count(kept.hit.counts)
    length = str(len(kept.body))
    headers = {"Vary": "Accept-Language", "Content-Language": language, "Content-Length": length}
    return HttpResponse(kept.body, content_type="application/json", headers=headers)
