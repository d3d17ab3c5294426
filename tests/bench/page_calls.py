"""Ask for each page of the back office: ``python -m tests.bench.page_calls [WORD]``, for ``pages``."""

import json
import sys
import time
from collections.abc import Callable

import django

django.setup()

from django.conf import settings  # noqa: E402  (models need Django set up)
from django.contrib.auth.models import User  # noqa: E402
from django.core.cache import caches  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from tests.back_office import NEXT_ADDRESS, NEXT_BODY, REVIEW_NEXT, pages  # noqa: E402

TIMES = 9
# Pages name their style sheets; nobody serves them here.
PLAIN_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN_FILES}


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds of a call, and those of this process's CPU."""
    began, cpu = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000


def counted[Found](call: Callable[[], Found]) -> tuple[int, Found]:
    """Return the number of queries, and what the call returned. The next request forgets the queries."""
    with CaptureQueriesContext(connection) as queries:
        found = call()
    return len(queries), found


def measured(call: Callable[[], object]) -> dict[str, object]:
    """Return the figures of a page. Nothing is remembered before the first call."""
    for cache in caches.all():
        cache.clear()
    first_queries, (first, _cpu) = counted(lambda: timed(call))
    queries, _ = counted(call)
    figures = [timed(call) for _ in range(TIMES)]
    return {
        "first": first,
        "first_queries": first_queries,
        "queries": queries,
        "times": [figure[0] for figure in figures],
        "cpu": [figure[1] for figure in figures],
    }


def main(word: str) -> None:
    """Print the figures of all pages whose names have the word."""
    person = Client()
    person.force_login(User.objects.get_or_create(username="bench", is_superuser=True, is_staff=True)[0])

    def ask(address: str) -> None:
        response = person.get(address)
        assert response.status_code == 200, (address, response.status_code)

    def review_next() -> None:
        response = person.post(NEXT_ADDRESS, NEXT_BODY, content_type="application/json")
        assert response.status_code == 200, response.content

    calls: dict[str, Callable[[], object]] = {}
    for name, address in pages():
        calls[name] = lambda address=address: ask(address)  # type: ignore[misc]
    calls[REVIEW_NEXT] = review_next
    person.get("/admin/")  # templates and addresses are read once in a process
    json.dump({name: measured(call) for name, call in calls.items() if word in name}, sys.stdout)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
