"""Pages of GET /results come from snapshots, and never show what is no longer true."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from pytest_django import DjangoAssertNumQueries

from config.core import clock
from config.core.redis import outage
from config.core.redis.outage import cache_outage
from results.models import Review, TryOnResult
from results.services import StoredPicture, result_create, result_review
from tests.conftest import Api, data_of, requester
from tests.factories import ProductImageFactory, TryOnJobFactory, TryOnResultFactory, model_of
from tryon.cleanup.erasing import erase_job
from tryon.fashn.options import TryOnOptions
from tryon.services.generate import cache_key, with_default_category
from tryon.services.products import product_image_update

pytestmark = pytest.mark.django_db(transaction=True)

PICTURE: Final = StoredPicture(image="results/a.png", thumbnail="results/a.webp", width=3, height=4)


@pytest.fixture
def shared(owner: Api, stranger: Api, manager: Api) -> TryOnResult:
    """A result of the owner's, which the stranger shares with a copy of the photo."""
    result = TryOnResultFactory.create(job__requester=requester("Owner"))
    job = result.job
    job.viewers.update(product_image=job.product_image)
    copy = ProductImageFactory.create(product_id="COPY", checksum=job.product_image.checksum)
    job.viewers.create(requester=requester("Stranger"), product_image=copy)
    return result


def rows(api: Api) -> list[Any]:
    return list(data_of(api.get("results")))


def test_a_page_is_read_once_for_each_caller_and_question(
    owner: Api,
    manager: Api,
    shared: TryOnResult,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outage, "TRUST_SECONDS", 1000)
    first = owner.get("results")
    indented = owner.client.get("/api/tryon/results", headers={"Accept": "application/json; indent=2"})
    assert indented.content.startswith(b"{\n")
    assert indented.json() == first.json()
    manager.get("results")
    with django_assert_num_queries(0):
        again = owner.get("results")
        manager.get("results")
    assert again.content == first.content
    assert list(again.headers) == list(first.headers)
    for ask in ({"pageSize": 1}, {"review": "pending"}):
        with django_assert_num_queries(1):
            manager.get("results", **ask)
    korean = owner.client.get("/api/tryon/results", headers={"Accept-Language": "ko"}).json()["data"]
    assert korean[0]["aiLabel"]["text"] != data_of(first)[0]["aiLabel"]["text"]
    here = owner.client.get("/api/tryon/results", headers={"Host": "localhost"}).json()["data"]
    assert here[0]["imageUrl"].startswith("http://localhost/")
    cache_outage.note()
    assert owner.get("results").content == first.content


def test_each_change_of_a_result_is_seen_at_once_by_all_who_see_it(
    owner: Api, stranger: Api, manager: Api, shared: TryOnResult
) -> None:
    job, path = shared.job, f"results/{shared.pk}"
    everybody = [owner, stranger, manager]

    def seen() -> list[Any]:
        return [rows(api) for api in everybody]

    def shown(field: Callable[[Any], Any]) -> list[Any]:
        return [field(page[0]) for page in seen()]

    seen()
    result_review([shared], Review.APPROVED)
    assert shown(lambda row: row["review"]) == ["approved"] * 3
    owner.post(f"{path}/feedback", {"verdict": "no", "comment": "Too long"})
    assert shown(lambda row: row["feedback"] and row["feedback"]["comment"]) == ["Too long", None, None]
    manager.post(f"{path}/feedback", {"verdict": "yes"})
    assert shown(lambda row: row["feedback"] and row["feedback"]["verdict"]) == ["no", None, "yes"]
    photo = job.product_image
    photo.product_id = "RENAMED"
    product_image_update(photo, ["product_id"])
    assert shown(lambda row: row["recipe"]["productId"]) == ["RENAMED", "COPY", "RENAMED"]
    other = TryOnJobFactory.create(completed=True, requester=requester("Owner"))
    result_create(job_id=other.pk, cache_key="b" * 64, picture=PICTURE, credits_used=1)
    assert [len(page) for page in seen()] == [2, 1, 2]
    erase_job(job.pk, photo, by="cleanup")  # the stranger keeps their copy
    assert [len(page) for page in seen()] == [1, 1, 2]
    assert stranger.delete(path).status_code == 204
    assert [len(page) for page in seen()] == [1, 0, 1]


def test_a_picture_given_up_and_asked_for_again_comes_and_goes(
    owner: Api, stranger: Api, shared: TryOnResult
) -> None:
    job = shared.job
    recipe = with_default_category(TryOnOptions(), model_of(job)).normalised()
    TryOnResult.objects.update(cache_key=cache_key([job.product_image], model_of(job), recipe, job.account))
    assert [len(rows(api)) for api in (owner, stranger)] == [1, 1]
    assert owner.delete(f"results/{shared.pk}").status_code == 204
    assert [len(rows(api)) for api in (owner, stranger)] == [0, 1]
    wish = {"productImageId": str(job.product_image_id), "modelImageId": str(job.model_image_id)}
    assert owner.post("generate", wish).status_code == 200
    assert [len(rows(api)) for api in (owner, stranger)] == [1, 1]


def test_a_result_leaves_the_page_when_its_time_is_over(
    owner: Api, shared: TryOnResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = clock.now() + timedelta(seconds=1)
    TryOnResult.objects.update(expires_at=end)
    monkeypatch.setattr(clock, "now", lambda: end - timedelta(seconds=1))
    assert len(rows(owner)) == 1
    monkeypatch.setattr(clock, "now", lambda: end)
    assert rows(owner) == []
