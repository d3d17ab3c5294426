"""GET /api/tryon/results: whose, which, and in what order."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.core import clock
from results.models import Review, TryOnResult
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import TryOnResultFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def results(owner: Api, stranger: Api) -> list[TryOnResult]:
    """Three results of the owner's, newest first; the stranger shares the oldest."""
    rows = [TryOnResultFactory.create(job__requester=requester("Owner")) for _ in range(3)]
    for age, row in enumerate(rows):
        TryOnResult.objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(days=age))
    rows[-1].job.viewers.create(requester=requester("Stranger"))
    return rows


def ids(response: Any) -> list[str]:
    return [row["id"] for row in data_of(response)]


def test_the_owner_sees_results_newest_first(owner: Api, results: list[TryOnResult]) -> None:
    assert ids(owner.get("results")) == [str(row.pk) for row in results]


def test_a_stranger_sees_only_what_is_shared(stranger: Api, results: list[TryOnResult]) -> None:
    assert ids(stranger.get("results")) == [str(results[-1].pk)]


def test_a_manager_sees_every_result_once(manager: Api, results: list[TryOnResult]) -> None:
    assert ids(manager.get("results")) == [str(row.pk) for row in results]


def test_an_expired_result_is_not_listed(owner: Api, results: list[TryOnResult]) -> None:
    TryOnResult.objects.filter(pk=results[0].pk).update(expires_at=clock.now())
    assert ids(owner.get("results")) == [str(row.pk) for row in results[1:]]


def test_pages_tell_how_many_there_are(owner: Api, results: list[TryOnResult]) -> None:
    response = owner.get("results", page=2, pageSize=2)
    assert ids(response) == [str(results[2].pk)]
    assert response.json()["meta"] == {"page": 2, "pageSize": 2, "total": 3, "pages": 2}


def test_filters_narrow_the_list(owner: Api, results: list[TryOnResult]) -> None:
    first, second, third = results
    TryOnResult.objects.filter(pk=second.pk).update(review=Review.APPROVED)
    between = (clock.now() - timedelta(hours=36)).isoformat()
    wanted: list[tuple[dict[str, Any], list[TryOnResult]]] = [
        ({"productId": first.job.product_image.product_id}, [first]),
        ({"productImageId": third.job.product_image_id}, [third]),
        ({"modelImageId": second.job.model_image_id}, [second]),
        ({"review": "approved"}, [second]),
        ({"createdAfter": between}, [first, second]),
        ({"createdBefore": between}, [third]),
        ({"review": "approved", "createdBefore": between}, []),
    ]
    for query, expected in wanted:
        assert ids(owner.get("results", **query)) == [str(row.pk) for row in expected], query


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("productImageId", "shirt"),
        ("modelImageId", "7"),
        ("review", "good"),
        ("createdAfter", "yesterday"),
        ("createdBefore", "2026-13-01T00:00:00Z"),
        ("productId", "\0"),
        ("page", "0"),
    ],
)
def test_a_wrong_filter_is_named(owner: Api, field: str, value: str) -> None:
    response = owner.get("results", **{field: value})
    assert response.status_code == 400
    assert list(error_of(response)["details"]["fields"]) == [field]


def test_more_results_need_no_more_queries(owner: Api, results: list[TryOnResult]) -> None:
    owner.get("jobs")  # the key is remembered from here
    with CaptureQueriesContext(connection) as few:
        owner.get("results", pageSize=50)
    TryOnResultFactory.create_batch(5, job__requester=requester("Owner"))
    with CaptureQueriesContext(connection) as many:
        assert len(ids(owner.get("results", pageSize=51))) == 8  # 50 are in a snapshot
    # The page, whose end tells the total. SQLite is asked first if the caller has few rows.
    assert len(many) == len(few) == (2 if connection.vendor == "sqlite" else 1)
