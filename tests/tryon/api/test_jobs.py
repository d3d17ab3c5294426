"""GET /api/tryon/jobs and GET /api/tryon/jobs/{id}: what a job is for, what became of it, and the filters."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from config.core import clock
from tests.conftest import Api, Generate, data_of, error_of, requester
from tests.factories import ProductImageFactory, TryOnJobFactory, TryOnResultFactory
from tryon.models import Status, TryOnJob

pytestmark = pytest.mark.django_db


def ids(response: Any) -> list[str]:
    return [row["id"] for row in data_of(response)]


def test_a_job_says_what_it_is_for(
    owner: Api, generate: Generate, product_id: str, model_id: str, settings: Settings
) -> None:
    settings.FASHN_API_URL = "https://api.fashn.ai"
    job_id = generate(mode="quality", category="auto")["jobId"]
    job = data_of(owner.get(f"jobs/{job_id}"))
    assert (job["productImageId"], job["modelImageId"], job["productId"]) == (product_id, model_id, "SKU-1")
    assert (job["options"], job["test"]) == ({"mode": "quality"}, False)
    assert job["createdAt"] <= clock.now().isoformat().replace("+00:00", "Z")
    assert (job["startedAt"], job["completedAt"], job["resultState"]) == (None, None, "none")


def test_a_picture_of_a_stand_in_is_a_test_and_is_not_taken_for_fashns(
    owner: Api, generate: Generate, settings: Settings
) -> None:
    settings.FASHN_API_URL = "http://127.0.0.1:9"
    test = generate()["jobId"]
    settings.FASHN_API_URL = "https://api.fashn.ai"
    real = generate()["jobId"]
    assert test != real
    assert (ids(owner.get("jobs", test="true")), ids(owner.get("jobs", test="false"))) == ([test], [real])


def test_a_job_that_two_share_is_for_each_ones_own_photo(owner: Api, stranger: Api) -> None:
    job = TryOnJobFactory.create(requester=requester("Owner"))
    theirs = ProductImageFactory.create(checksum=job.product_image.checksum, product_id="THEIRS")
    job.viewers.create(requester=requester("Stranger"), product_image=theirs)
    assert data_of(owner.get(f"jobs/{job.pk}"))["productImageId"] == str(job.product_image_id)
    shown = data_of(stranger.get(f"jobs/{job.pk}"))
    assert (shown["productImageId"], shown["productId"]) == (str(theirs.pk), "THEIRS")
    assert ids(stranger.get("jobs", productId="THEIRS")) == [str(job.pk)]
    assert ids(owner.get("jobs", productId="THEIRS")) == []


def test_each_filter_narrows_the_list(owner: Api, manager: Api) -> None:
    old, new = (TryOnJobFactory.create(completed=True, requester=requester("Owner")) for _ in range(2))
    past = clock.now() - timedelta(days=2)
    TryOnJob.objects.filter(pk=old.pk).update(created_at=past, started_at=past, completed_at=past)
    TryOnJob.objects.filter(pk=new.pk).update(started_at=clock.now())
    between = (clock.now() - timedelta(days=1)).isoformat()
    wanted: list[tuple[dict[str, Any], list[TryOnJob]]] = [
        *(({f"{time}After": between}, [new]) for time in ("created", "started", "completed")),
        *(({f"{time}Before": between}, [old]) for time in ("created", "started", "completed")),
        ({"productImageId": old.product_image_id}, [old]),
        ({"productId": new.product_image.product_id}, [new]),
        ({"modelImageId": new.model_image_id}, [new]),
        ({"modelImageId": new.model_image_id, "createdBefore": between}, []),
        ({"status": "completed"}, [new, old]),
        ({"status": "failed"}, []),
    ]
    for query, expected in wanted:
        for caller in (owner, manager):
            assert ids(caller.get("jobs", **query)) == [str(row.pk) for row in expected], query


def test_who_left_a_shared_job_finds_it_among_the_canceled(owner: Api, stranger: Api, manager: Api) -> None:
    job = TryOnJobFactory.create(requester=requester("Owner"))
    job.viewers.create(requester=requester("Stranger"), product_image=job.product_image)
    owner.post(f"jobs/{job.pk}/cancel")
    statuses = ("queued", "canceled")
    for caller, wanted in ((owner, "canceled"), (stranger, "queued"), (manager, "queued")):
        found = [status for status in statuses if ids(caller.get("jobs", status=status))]
        assert found == [wanted]
    TryOnJob.objects.update(status=Status.FAILED, error_code="pose_not_found")
    assert error_of(owner.post(f"jobs/{job.pk}/retry"))["code"] == "job_not_failed"
    result = TryOnResultFactory.create(job=job)
    TryOnJob.objects.update(status=Status.COMPLETED, progress=100, completed_at=clock.now())
    shown = data_of(owner.get(f"jobs/{job.pk}"))
    assert (shown["status"], shown["resultState"], shown["completedAt"]) == ("canceled", "none", None)
    assert owner.get(f"results/{result.pk}").status_code == 404
    assert ids(owner.get("results")) == []
    assert data_of(stranger.get(f"jobs/{job.pk}"))["resultId"] == str(result.pk)


def test_a_job_without_its_result_says_why(owner: Api) -> None:
    job = TryOnJobFactory.create(completed=True, requester=requester("Owner"))
    assert data_of(owner.get(f"jobs/{job.pk}"))["resultState"] == "deleted"
    longer = clock.now() - timedelta(days=django_settings.RESULT_TTL_DAYS, seconds=1)
    TryOnJob.objects.update(completed_at=longer)
    cache.clear()  # the change is no transition, which would outdate what was read before
    assert data_of(owner.get(f"jobs/{job.pk}"))["resultState"] == "expired"


def test_a_poll_is_one_query(owner: Api, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    result = TryOnResultFactory.create(job__requester=requester("Owner"))
    owner.get("models")  # the key is remembered from here
    with django_assert_num_queries(1):
        owner.get(f"jobs/{result.job_id}")


# The plan is SQLite's own. make test runs this; make bench-scale ON=postgres measures the same lists there.
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by its statistics")
@pytest.mark.parametrize(("path", "table"), [("jobs", "tryon_tryonjob"), ("results", "results_tryonresult")])
@pytest.mark.parametrize("few", [500, 0])
def test_a_list_looks_up_the_rows_of_who_has_few(
    owner: Api, path: str, table: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.core.few.FEW", few)
    TryOnResultFactory.create(job__requester=requester("Owner"))
    with CaptureQueriesContext(connection) as queries:
        assert len(data_of(owner.get(path))) == 1
    page = next(query["sql"] for query in queries if "ORDER BY" in query["sql"] and table in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {page}")
        plan = [str(row[3]) for row in cursor.fetchall()]
    (read,) = [step for step in plan if step.startswith((f"SCAN {table}", f"SEARCH {table}"))]
    assert read.endswith(("(id=?)", "(job_id=?)")) == bool(few), plan
