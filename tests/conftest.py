"""Fixtures: the cast (owner, stranger, manager), the sandbox, and workers that really work."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_redis import get_redis_connection
from pytest_django import Settings

from config.api.keys import key_issue
from tests import images
from tryon import tasks
from tryon.fashn.sandbox import Sandbox
from tryon.models import ACTIVE, TryOnJob


class Api:
    """A storefront: speaks JSON with its own key."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"Authorization": f"Api-Key {key}"}, raise_request_exception=False)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(f"/api/tryon/{path}", query)  # type: ignore[return-value]

    def post(self, path: str, body: Any = None) -> HttpResponse:
        return self.client.post(f"/api/tryon/{path}", body, content_type="application/json")  # type: ignore[return-value]

    def patch(self, path: str, body: Any) -> HttpResponse:
        return self.client.patch(f"/api/tryon/{path}", body, content_type="application/json")  # type: ignore[return-value]

    def delete(self, path: str) -> HttpResponse:
        return self.client.delete(f"/api/tryon/{path}")  # type: ignore[return-value]

    def form(self, path: str, **fields: Any) -> HttpResponse:
        return self.client.post(f"/api/tryon/{path}", fields)  # type: ignore[return-value]

    def upload(self, content: bytes, *, name: str = "shirt.jpg", **fields: Any) -> HttpResponse:
        file = SimpleUploadedFile(name, content, content_type="image/jpeg")
        return self.form("upload", file=file, **{"productId": "SKU-1", **fields})

    def add_model(self, content: bytes, **fields: Any) -> HttpResponse:
        file = SimpleUploadedFile("model.jpg", content, content_type="image/jpeg")
        return self.form("models", file=file, **{"name": "Ada", "category": "full_body", **fields})


def data_of(response: HttpResponse) -> Any:
    """The ``data`` of a success; fails with the whole answer otherwise."""
    body = response.json()  # type: ignore[attr-defined]
    assert body["success"] is True, body
    return body["data"]


def error_of(response: HttpResponse) -> Any:
    """The ``error`` of a refusal."""
    body = response.json()  # type: ignore[attr-defined]
    assert body["success"] is False, body
    return body["error"]


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Pages link static files by their plain names: hashed names exist only after collectstatic."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def empty_redis() -> Iterator[None]:
    """Each test starts with an empty cache and empty queues. The server is the test run's own."""
    yield
    get_redis_connection("default").flushdb()
    cache.clear()


@pytest.fixture
def owner(db: None) -> Api:
    return Api(key_issue(name="Owner")[1])


@pytest.fixture
def stranger(db: None) -> Api:
    return Api(key_issue(name="Stranger")[1])


@pytest.fixture
def manager(db: None) -> Api:
    return Api(key_issue(name="Manager", is_manager=True)[1])


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    """A FASHN that answers over HTTP, fast: eight of its seconds are 16 ms."""
    with Sandbox(speed=500) as server:
        settings.FASHN_API_URL = server.url
        settings.FASHN_API_KEY = server.api_key
        yield server


@pytest.fixture
def product_id(owner: Api) -> str:
    """A product photo that the owner uploaded."""
    return str(data_of(owner.upload(images.garment_photo()))["id"])


@pytest.fixture
def model_id(manager: Api) -> str:
    """A model photo in the library."""
    return str(data_of(manager.add_model(images.model_photo()))["id"])


@pytest.fixture
def work(transactional_db: None) -> Callable[[], None]:
    """Run a worker until its queue is empty."""

    def run() -> None:
        call_command("rqworker", "tryon", burst=True, worker_class="rq.SimpleWorker", verbosity=0)

    return run


@pytest.fixture
def finish(work: Callable[[], None]) -> Callable[[str], TryOnJob]:
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
            past = timezone.now() - timedelta(minutes=1)
            TryOnJob.objects.filter(next_check_at__isnull=False).update(next_check_at=past)
            TryOnJob.objects.filter(not_before__isnull=False).update(not_before=past)
            tasks.sweep()
        raise AssertionError(f"job {job_id} is still {job.status}: {list(job.events.values('kind', 'data'))}")

    return run
