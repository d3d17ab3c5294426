"""Fill an installation and time calls: ``python -m tests.bench.scale_calls JOBS QUEUED``, for ``scale``."""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator

import django

django.setup()

from django.conf import settings  # noqa: E402  (models need Django set up)
from django.contrib.auth.models import User  # noqa: E402
from django.core.cache import cache, caches  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402

from config.core import clock  # noqa: E402
from config.core.redis.outage import cache_outage  # noqa: E402
from config.shops.keys import key_issue  # noqa: E402
from tests.bench import bulk, history  # noqa: E402
from tests.config.core.http.gated import Client as RawClient  # noqa: E402
from tests.gateway import gateway  # noqa: E402
from tryon.cleanup.files import stored_files  # noqa: E402
from tryon.engine import governor  # noqa: E402
from tryon.engine.governor.row import lock  # noqa: E402
from tryon.fashn.inputs import steps  # noqa: E402
from tryon.fashn.options import TryOnOptions  # noqa: E402
from tryon.models import Account  # noqa: E402
from tryon.selectors.predictions import typical_seconds  # noqa: E402

TIMES = 15
# Pages name their style sheets; nobody serves them here.
PLAIN_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN_FILES}


def calls(jobs: int, queued: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each call with its name."""
    _manager, text = key_issue(name="Bench", is_manager=True)
    shop, shop_text = key_issue(name="Shop")
    bulk.fill(jobs=jobs, queued=queued, requester=f"shop:{shop.shop_id}")
    staff = Client()
    staff.force_login(User.objects.create_superuser("bench", password="bench"))
    key = {"Authorization": f"Api-Key {shop_text}"}
    client, managers = Client(headers=key), Client(headers={"Authorization": f"Api-Key {text}"})
    prometheus = Client(headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    strangers = Client(headers={"Authorization": f"Api-Key {key_issue(name='Other')[1]}"})

    def get(path: str, by: Client = client) -> Callable[[], object]:
        def ask() -> None:
            response = by.get(path)
            assert response.status_code == 200, (path, response.status_code, response.content[:300])

        return ask

    def at_the_gate(path: str) -> Callable[[], object]:
        """As the web process answers: a status does not always reach Django."""
        web = gateway()
        headers = [(b"host", b"testserver"), (b"authorization", f"Api-Key {shop_text}".encode())]

        def ask() -> None:
            assert web.ask(RawClient(path=path, headers=headers)).result().status == 200

        return ask

    sizes = itertools.count(24)

    def results(by: Client = client) -> Callable[[], object]:
        """Each time a page of another size, because a page is remembered."""
        return lambda: get(f"/api/tryon/results?pageSize={next(sizes)}", by)()

    done, waiting = bulk.uid(bulk.JOB, 5), bulk.uid(bulk.JOB, jobs - 2)
    last = client.get("/api/tryon/jobs?status=queued").json()["meta"]["next"]
    yield "GET /jobs/{id} completed", at_the_gate(f"/api/tryon/jobs/{done}")
    yield "GET /jobs/{id} queued", at_the_gate(f"/api/tryon/jobs/{waiting}")
    yield "GET /jobs/{id} completed, without Redis", without_redis(get(f"/api/tryon/jobs/{done}"))
    yield "GET /jobs?status=queued", get("/api/tryon/jobs?status=queued")
    yield "GET /jobs?status=queued, page behind", get(f"/api/tryon/jobs?status=queued&after={last}")
    yield "GET /jobs", get("/api/tryon/jobs")
    yield "GET /jobs, a key without jobs", get("/api/tryon/jobs", strangers)
    yield "GET /jobs, a manager", get("/api/tryon/jobs", managers)
    yield "GET /results", results()
    yield "GET /results, a key without results", results(strangers)
    history.fill(shop.pk)
    yield "GET /stats", get("/api/tryon/stats", managers)
    yield "GET /stats?window=1h", get("/api/tryon/stats?window=1h", managers)
    yield "GET /stats?window=7d", get("/api/tryon/stats?window=7d", managers)
    yield (
        "GET /metrics",
        get("/metrics", prometheus),
    )
    yield "next jobs, with a daily limit", in_the_lock
    yield "credits spent today", lambda: governor.credits_spent_today(Account.LIVE, clock.now())
    yield "credits of a shop today", lambda: governor.credits_used_by(f"shop:{shop.shop_id}")
    yield "typical seconds of an unused speed", unused_speed
    yield "stored files, a folder", lambda: stored_files("look:results/a7", {}, dry_run=True, force=False)
    yield "admin: jobs", get("/admin/tryon/tryonjob/", staff)
    yield "admin: failed jobs", get("/admin/tryon/tryonjob/?status__exact=failed", staff)
    yield "admin: results", get("/admin/results/tryonresult/", staff)
    yield "admin: product photos", get("/admin/tryon/productimage/", staff)


def in_the_lock() -> None:
    """Choose the next jobs, as dispatch does under the governor's lock."""
    with transaction.atomic():
        governor.next_jobs(lock(Account.LIVE))


def unused_speed() -> None:
    """Look for durations where there are none, with nothing remembered."""
    cache.clear()
    typical_seconds(Account.LIVE, steps(TryOnOptions(resolution="4k"))[0])


def without_redis(ask: Callable[[], object]) -> Callable[[], object]:
    def asking() -> None:
        cache_outage.note()
        ask()
        cache_outage.end()

    return asking


def timed(call: Callable[[], object]) -> float:
    """Return the milliseconds of a call."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def main(jobs: int, queued: int) -> None:
    """Print the times of each call. Nothing is remembered before the first."""
    found = {}
    for name, call in calls(jobs, queued):
        caches["process"].clear()
        found[name] = [timed(call) for _ in range(TIMES)]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
