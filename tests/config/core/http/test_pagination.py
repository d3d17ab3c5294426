"""Lists page by page: by number, and behind a row."""

import base64
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.core.http import pagination
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import TryOnJobFactory
from tryon.models import TryOnJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs(owner: Api) -> list[str]:
    """Make seven jobs of the owner and return them, newest first. Three have the same age."""
    rows = [TryOnJobFactory.create(completed=True, requester=requester("Owner")) for _ in range(7)]
    TryOnJob.objects.filter(pk__in=[row.pk for row in rows[2:5]]).update(created_at=rows[3].created_at)
    return [str(pk) for pk in TryOnJob.objects.values_list("pk", flat=True)]


def ids(response: Any) -> list[str]:
    return [row["id"] for row in data_of(response)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_pages_behind_each_other_show_every_row_once(owner: Api, jobs: list[str], size: int) -> None:
    response = owner.get("jobs", pageSize=size)
    seen = ids(response)
    while (after := response.json()["meta"].get("next")) is not None:
        response = owner.get("jobs", pageSize=size, after=after)
        assert response.json()["meta"].keys() <= {"pageSize", "next"}
        seen += ids(response)
    assert seen == jobs


def test_a_page_behind_a_row_stays_where_it_is_when_new_rows_come(owner: Api, jobs: list[str]) -> None:
    after = owner.get("jobs", pageSize=3).json()["meta"]["next"]
    TryOnJobFactory.create(completed=True, requester=requester("Owner"))
    assert ids(owner.get("jobs", pageSize=3, after=after)) == jobs[3:6]
    both = owner.get("jobs", page=1, after=after)
    assert (both.status_code, list(error_of(both)["details"]["fields"])) == (400, ["page"])


def cursor(at: str) -> str:
    return base64.urlsafe_b64encode(f"{at} {UUID(int=1)}".encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after",
    [
        *("shirt", "\0", "MjAyNi0wMS0wMQ", "MjAyNi0wMS0wMSAx", "ä"),
        # No time zone, and times that no database can hold once they are in UTC.
        *map(cursor, ("2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")),
    ],
)
def test_a_wrong_place_is_named(owner: Api, after: str) -> None:
    response = owner.get("jobs", after=after)
    assert (response.status_code, list(error_of(response)["details"]["fields"])) == (400, ["after"])


def test_numbered_pages_tell_the_total(owner: Api, jobs: list[str]) -> None:
    for page, number in ((1, 3), (2, 3), (3, 1), (4, 0)):
        response = owner.get("jobs", page=page, pageSize=3)
        assert len(ids(response)) == number
        meta = response.json()["meta"]
        assert (meta["page"], meta["total"], meta["pages"]) == (page, 7, 3)


def test_a_large_total_is_counted_once(owner: Api, jobs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "LARGE", 5)
    for is_counted in (True, False):
        with CaptureQueriesContext(connection) as asked:
            assert owner.get("jobs", pageSize=2).json()["meta"]["total"] == 7
        of_total = [query for query in asked if f"LIMIT {pagination.MOST_COUNTED}" in query["sql"]]
        assert len(of_total) == is_counted
    caches["process"].clear()
    monkeypatch.setattr(pagination, "MOST_COUNTED", 6)
    assert owner.get("jobs", pageSize=2).json()["meta"]["total"] == 6


def test_a_remembered_total_is_its_callers(
    owner: Api, stranger: Api, manager: Api, jobs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "LARGE", 1)
    TryOnJobFactory.create_batch(3, completed=True, requester=requester("Stranger"))
    totals = [api.get("jobs", pageSize=2).json()["meta"]["total"] for api in (owner, stranger, manager)]
    assert totals == [7, 3, 10]
    assert owner.get("jobs", pageSize=2, status="failed").json()["meta"]["total"] == 0
