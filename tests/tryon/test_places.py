"""A page of queued jobs: the place of each and its wait, from one reading of the queue."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from config.core import clock
from tests.conftest import Api, data_of, requester
from tests.factories import TryOnJobFactory
from tryon import places
from tryon.models import Lane, TryOnJob

pytestmark = pytest.mark.django_db


def queue(*jobs: tuple[int, str, str]) -> list[TryOnJob]:
    """Queue jobs that cost one credit, each by its age in minutes, its lane and the name of its key."""
    rows = []
    for age, lane, name in jobs:
        job = TryOnJobFactory.create(lane=lane, price=1, requester=requester(name))
        TryOnJob.objects.filter(pk=job.pk).update(created_at=clock.now() - timedelta(minutes=age))
        rows.append(job)
    return rows


def shown(response: Any, field: str) -> dict[str, Any]:
    return {job["id"]: job.get(field) for job in data_of(response)}


def test_each_row_has_the_place_that_its_own_status_tells(owner: Api, stranger: Api) -> None:
    jobs = queue(
        (5, Lane.BULK, "Owner"),
        (4, Lane.INTERACTIVE, "Stranger"),
        (3, Lane.INTERACTIVE, "Owner"),
        (2, Lane.BULK, "Stranger"),
        (1, Lane.INTERACTIVE, "Owner"),
    )
    TryOnJobFactory.create(completed=True, requester=requester("Owner"))
    places = shown(owner.get("jobs"), "queuePosition")
    assert [places.get(str(job.pk)) for job in jobs] == [4, None, 2, None, 3]
    assert sorted(filter(None, places.values())) == [2, 3, 4]
    for job in (jobs[0], jobs[2], jobs[4]):
        assert data_of(owner.get(f"jobs/{job.pk}"))["queuePosition"] == places[str(job.pk)]


def test_jobs_of_the_same_moment_have_the_same_place(owner: Api) -> None:
    jobs = queue(*[(3, Lane.INTERACTIVE, "Owner")] * 3)
    TryOnJob.objects.update(created_at=clock.now())
    assert set(shown(owner.get("jobs"), "queuePosition").values()) == {1}
    assert data_of(owner.get(f"jobs/{jobs[0].pk}"))["queuePosition"] == 1


def test_the_budget_goes_to_those_before(owner: Api, settings: Settings) -> None:
    settings.TRYON_DAILY_LIMIT = 2
    jobs = queue(*[(9 - age, Lane.INTERACTIVE, "Owner") for age in range(4)])
    reasons = shown(owner.get("jobs"), "waitReason")
    assert [reasons[str(job.pk)] for job in jobs] == [None, None, "daily_limit", "daily_limit"]
    for job in jobs:
        assert data_of(owner.get(f"jobs/{job.pk}")).get("waitReason") == reasons[str(job.pk)]


def test_more_queued_rows_need_no_more_queries(owner: Api, settings: Settings) -> None:
    settings.TRYON_DAILY_LIMIT = 1
    queue(*[(1, Lane.INTERACTIVE, "Owner")] * 3)
    owner.get("jobs")  # the key and the typical time are remembered from here
    with CaptureQueriesContext(connection) as few:
        owner.get("jobs")
    queue(*[(1, Lane.INTERACTIVE, "Owner")] * 6)
    with CaptureQueriesContext(connection) as many:
        assert len(data_of(owner.get("jobs"))) == 9
    assert len(few) == len(many)


def test_a_long_queue_is_read_once_in_a_while(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "LARGE", 3)
    monkeypatch.setattr(places, "SHARE_OF_TIME", 1e-9)  # longer than this test takes
    first, second = queue((9, Lane.INTERACTIVE, "Owner"), (8, Lane.INTERACTIVE, "Owner"))

    def place() -> Any:
        return shown(owner.get("jobs"), "queuePosition")[str(second.pk)]

    assert place() == 2
    TryOnJob.objects.filter(pk=first.pk).update(created_at=clock.now())
    assert place() == 1
    queue((10, Lane.INTERACTIVE, "Owner"))
    assert place() == 2
    queue((11, Lane.INTERACTIVE, "Owner"))
    assert place() == 2  # three jobs are a long queue here, and it has just been read
    places.forget()
    assert place() == 3
