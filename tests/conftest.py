"""Fixtures: the cast (owner, stranger, manager), the sandbox, and workers that really work."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache, caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.servers.basehttp import WSGIServer
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import translation
from django_redis import get_redis_connection
from pytest_django import DjangoDbBlocker, Settings

from config.core import clock
from config.core.http.rates import REFUSED
from config.core.images import CHILDREN
from config.core.redis.outage import Outage, cache_outage
from config.core.snapshots import version_name
from config.core.storage import claims, local, trial
from config.core.upkeep import installation
from config.shops.keys import key_issue
from config.shops.models import Kind, Shop
from config.shops.sessions import new_visitor, session_open
from tests import contract, images, s3, stores
from tests.admin_pages import sign_in
from tests.log_watch import LogWatch, watched
from tests.rows import remove_rows
from tests.waiting import LONGEST_SECONDS, eventually
from tryon import places, tasks
from tryon.engine import queue
from tryon.models import ACTIVE, Governor, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services import fallback

# The same examples in each run, however slow the machine is: a gate says the same of the same code.
hypothesis.settings.load_profile("ci")

# Django's server lets ten connections wait. Fifty callers at once are more, and the kernel resets the others.
WSGIServer.request_queue_size = 128

type Generate = Callable[..., Any]
type Poll = Callable[[str], Any]
type Finish = Callable[[str], TryOnJob]


class Api:
    """A storefront: speaks JSON with its own key."""

    def __init__(self, key: str) -> None:
        self.authorization = f"Api-Key {key}"
        self.client = Client(headers={"Authorization": self.authorization}, raise_request_exception=False)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/tryon/{path}", query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/api/tryon/{path}", body, content_type="application/json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"/api/tryon/{path}", body, content_type="application/json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/tryon/{path}")

    def form(self, path: str, **fields: Any) -> Any:
        return self.client.post(f"/api/tryon/{path}", fields)

    def upload(self, content: bytes, *, name: str = "shirt.jpg", **fields: Any) -> Any:
        file = SimpleUploadedFile(name, content, content_type="image/jpeg")
        return self.form("upload", file=file, **{"productId": "SKU-1", **fields})

    def add_model(self, content: bytes, **fields: Any) -> Any:
        file = SimpleUploadedFile("model.jpg", content, content_type="image/jpeg")
        return self.form("models", file=file, **{"name": "Ada", "category": "full_body", **fields})


def visiting(origin: str = "https://shop.example") -> Client:
    """Return a visitor of a shop's page at this origin."""
    shop = Shop.objects.create(name="Linden", allowed_origins=[origin])
    key, _text = key_issue(name="Page", shop=shop, kind=Kind.PUBLISHABLE)
    token = session_open(key, shopper=new_visitor(), origin=origin).token
    headers = {"Authorization": f"Bearer {token}", "Origin": origin}
    return Client(headers=headers, raise_request_exception=False)


def data_of(response: Any) -> Any:
    """The ``data`` of a success; fails with the whole answer otherwise."""
    body = response.json()
    assert body["success"] is True, body
    return body["data"]


def error_of(response: Any) -> Any:
    """The ``error`` of a refusal."""
    body = response.json()
    assert body["success"] is False, body
    return body["error"]


def requester(name: str) -> str:
    """Return the name of a shop in rows: ``Owner``, ``Stranger`` or ``Manager``."""
    return f"shop:{Shop.objects.get(name=name).pk}"


def download(api: Api, url: str) -> bytes:
    """The picture behind a signed URL, of ours or of the S3 server's."""
    if not url.startswith("http://testserver/"):
        answer = stores.fetch(url)
        assert answer.status_code == 200
        return answer.content
    response: Any = api.client.get(url.removeprefix("http://testserver"))
    assert response.status_code == 200
    return b"".join(response.streaming_content)


@pytest.fixture(autouse=True, scope="session")
def answers_are_checked() -> Iterator[None]:
    """Every answer of the API that a test's client gets must be as the schema says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", contract.checked(Client.request))
        yield


@pytest.fixture(autouse=True, scope="session")
def log_has_no_secrets() -> Iterator[LogWatch]:
    """No line of the whole run may have a token, a key or a signature that a test made."""
    with watched() as watch:
        yield watch
    assert watch.leaks == []


@pytest.fixture(autouse=True, scope="session")
def rows_are_removed() -> Iterator[None]:
    """Empty the database after each test that commits, without making it all over again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", remove_rows)
        yield


@pytest.fixture(autouse=True)
def same_day(request: pytest.FixtureRequest) -> None:
    """Today is today until the test ends: what would begin in a day's last seconds waits for the next day.

    Limits of a day begin again at midnight in UTC, and what a test has spent is of yesterday then.
    """
    left = 86_400 - time.time() % 86_400
    if left < (60 if request.node.get_closest_marker("slow") else 10):
        time.sleep(left + 0.01)


@pytest.fixture(autouse=True)
def direct_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy settings from the machine that runs the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """SQLite in a file, as a shop has it: threads get connections of their own, and wait for each other."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database.setdefault("TEST", {})["NAME"] = str(django_settings.VAR_DIR / "test.sqlite3")
        database["OPTIONS"]["timeout"] = LONGEST_SECONDS


@pytest.fixture(scope="session", autouse=True)
def clocks_do_not_count() -> None:
    """A test may begin a moment before signed addresses change, and a look at the store may take long."""
    local.EXPIRY_STEP_SECONDS = 10**9  # type: ignore[misc]
    trial.WAIT_SECONDS = LONGEST_SECONDS  # type: ignore[misc]


@pytest.fixture(scope="session", autouse=True)
def decoders_end() -> Iterator[None]:
    """End the decoding children in time for what they write at their end: the coverage of their lines.

    The places for pictures are the machine's, so the wait for one is not for a test to be refused by.
    """
    CHILDREN.configure(replace(CHILDREN.wall, wait_seconds=LONGEST_SECONDS))
    yield
    CHILDREN.close()


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> None:
    """Pictures of one test are not seen by the next."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def fresh_installation() -> None:
    """Each test's database has its own."""
    installation.forget()
    claims.forget()
    trial.STATE.forget()
    places.forget()


@pytest.fixture(autouse=True)
def what_is_asked_once_is_known(request: pytest.FixtureRequest) -> None:
    """A process asks for each content type once, and for the schema. Who counts queries may be first.

    A migration makes the process ask for the content types again.
    """
    if {"db", "transactional_db"} & set(request.fixturenames):
        request.getfixturevalue("django_db_setup")
        with request.getfixturevalue("django_db_blocker").unblock():
            ContentType.objects.get_for_models(*apps.get_models())
            if contract.schema.cache_info().currsize == 0:
                contract.schema()
                forget_requests()


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Pages link static files by their plain names: hashed names exist only after collectstatic."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Read the clock once for the whole run: a query in the middle of a test would be counted as its own.

    At the end, part from the connections of threads that have not ended: PostgreSQL keeps a database in use.
    """
    clock.READING_SECONDS = math.inf  # type: ignore[misc]
    with django_db_blocker.unblock():
        clock.now()
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A server that speaks S3's protocol, started for the first test that needs it."""
    with s3.s3_server() as address:
        yield address


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, settings: Settings, plain_static_files: None) -> str:
    """Run the test twice: with pictures on local disk, and in an S3 bucket that FASHN can reach."""
    if request.param == "s3":
        endpoint = request.getfixturevalue("s3_endpoint")
        bucket = s3.storage_on(endpoint, s3.new_bucket(endpoint))
        settings.STORAGES = {**settings.STORAGES, "default": bucket}
        settings.FASHN_INPUT_URLS = True
    return str(request.param)


@pytest.fixture(autouse=True)
def empty_redis() -> Iterator[None]:
    """Each test starts with an empty cache and empty queues. The server is the test run's own."""
    yield
    forget_requests()


def forget_requests() -> None:
    """Empty Redis, and what this process remembers of requests: callers, and a language in the thread."""
    cache_outage.end()
    get_redis_connection("default").flushdb()
    cache.clear()
    caches["process"].clear()
    REFUSED.forget()
    translation.deactivate()


@pytest.fixture
def still(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no second pass in the test."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def redis_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody listens where Redis should be, and this process has not noticed yet."""
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(queue, "outage", Outage())
    queue._queue.cache_clear()
    yield
    fallback.SUBSTITUTE.end()
    queue._queue.cache_clear()


@pytest.fixture
def owner(db: None) -> Api:
    return Api(key_issue(name="Owner")[1])


@pytest.fixture
def stranger(db: None) -> Api:
    return Api(key_issue(name="Stranger")[1])


@pytest.fixture
def staff(db: None) -> Client:
    """A superuser in the admin."""
    return sign_in()


@pytest.fixture
def manager(db: None) -> Api:
    return Api(key_issue(name="Manager", is_manager=True)[1])


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    """A FASHN that answers over HTTP, fast: eight of its seconds are 16 ms.

    Its pictures are plain: to compose one takes longer than all the rest of a test.
    """
    with Sandbox(speed=500) as server:
        server.configure(plainPictures=True)
        settings.FASHN_API_URL = server.url
        settings.FASHN_API_KEY = server.api_key
        yield server


@pytest.fixture
def sandbox_of_tests(settings: Settings) -> Iterator[Sandbox]:
    """The sandbox that serves test keys, as fast as the other."""
    with Sandbox(speed=500, api_key="fa-of-tests") as server:
        server.configure(plainPictures=True)
        settings.TEST_FASHN_URL = server.url
        settings.TEST_FASHN_API_KEY = server.api_key
        yield server


@pytest.fixture
def tester(owner: Api) -> Api:
    """A test key of the owner's shop."""
    shop = Shop.objects.get(name="Owner")
    return Api(key_issue(name="Owner's test key", shop=shop, is_test=True)[1])


@pytest.fixture
def product_id(owner: Api) -> str:
    """A product photo that the owner uploaded."""
    return str(data_of(owner.upload(images.garment_photo(images.SMALL_SQUARE)))["id"])


@pytest.fixture
def model_id(manager: Api) -> str:
    """A model photo in the library."""
    return str(data_of(manager.add_model(images.model_photo(images.SMALL_PORTRAIT)))["id"])


@pytest.fixture
def generate(owner: Api, product_id: str, model_id: str) -> Generate:
    """Ask for the try-on of the product on the model; returns the answer's data."""

    def ask(**options: Any) -> Any:
        response = owner.post(
            "generate", {"productImageId": product_id, "modelImageId": model_id, "options": options}
        )
        return data_of(response)

    return ask


@pytest.fixture
def work(transactional_db: None) -> Callable[[], None]:
    """Run a worker until its queue is empty."""

    def run() -> None:
        call_command("rqworker", "tryon", burst=True, worker_class="tests.worker.QuietWorker", verbosity=0)

    return run


@pytest.fixture
def poll(owner: Api, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Poll:
    """Ask for a job's status, always as if it were long overdue, until it is completed."""
    monkeypatch.setattr(fallback, "PAUSE_SECONDS", 0.02)

    def answer(job_id: str) -> Any:
        past = clock.now() - timedelta(minutes=1)
        TryOnJob.objects.filter(status=Status.QUEUED).update(updated_at=past)
        TryOnJob.objects.filter(status=Status.PROCESSING).update(next_check_at=past)
        cache.delete(version_name(UUID(job_id)))
        job = data_of(owner.get(f"jobs/{job_id}"))
        return job if job["status"] == "completed" else None

    return lambda job_id: eventually(lambda: answer(job_id))


@pytest.fixture
def finish(work: Callable[[], None]) -> Finish:
    """Let workers, timers and the sweep run until a job is finished.

    RQ's scheduler is not run: timers are brought forward in the database, where the truth is, and the sweep
    finds their jobs.
    """

    def run(job_id: str) -> TryOnJob:
        for _ in range(60):
            work()
            job = TryOnJob.objects.get(pk=job_id)
            if job.status not in ACTIVE:
                return job
            past = clock.now() - timedelta(minutes=1)
            TryOnJob.objects.filter(next_check_at__isnull=False).update(next_check_at=past)
            TryOnJob.objects.filter(not_before__isnull=False).update(not_before=past)
            Governor.objects.filter(held_until__isnull=False).update(held_until=past)
            tasks.sweep()
        raise AssertionError(f"job {job_id} is still {job.status}: {list(job.events.values('kind', 'data'))}")

    return run
