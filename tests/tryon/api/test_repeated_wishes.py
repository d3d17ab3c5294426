"""POST /generate by its quick path: the full view's answer, counted, and never what is no longer true."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from pytest_django import DjangoAssertNumQueries

from config.core import clock
from config.core.redis import outage
from config.core.redis.outage import cache_outage
from config.core.upkeep.counts import counted
from config.shops.keys import key_forget
from config.shops.models import ApiKey
from models_library.models import ModelImage
from models_library.services import model_image_update
from results.models import Review, TryOnResult
from results.services import StoredPicture, result_create, result_review
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import TryOnJobFactory, TryOnResultFactory, model_of
from tryon.cleanup.photos import product_image_forget
from tryon.fashn.options import TryOnOptions
from tryon.models import TryOnJob
from tryon.services.generate import cache_key, with_default_category
from tryon.services.products import product_image_update

pytestmark = pytest.mark.django_db(transaction=True)

PICTURE: Final = StoredPicture(image="results/a.png", thumbnail="results/a.webp", width=3, height=4)


@pytest.fixture
def job(owner: Api) -> TryOnJob:
    """A job of the owner's with a live result."""
    job = TryOnResultFactory.create(job__requester=requester("Owner")).job
    job.viewers.update(product_image=job.product_image)
    recipe = with_default_category(TryOnOptions(), model_of(job)).normalised()
    TryOnResult.objects.update(cache_key=cache_key([job.product_image], model_of(job), recipe, job.account))
    return job


@pytest.fixture
def ask(owner: Api, job: TryOnJob) -> Callable[..., Any]:
    """Repeat the owner's wish, which is kept by now."""

    def again(**headers: str) -> Any:
        wish = {"productImageId": str(job.product_image_id), "modelImageId": str(job.model_image_id)}
        return owner.client.post(
            "/api/tryon/generate", wish, content_type="application/json", headers=headers
        )

    for _ in range(2):
        assert again().status_code == 200
    return again


def test_a_repeat_has_the_same_answer_and_is_counted(
    ask: Callable[..., Any],
    job: TryOnJob,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outage, "TRUST_SECONDS", 1000)
    full = ask(Accept="application/json;q=0.9, */*")
    assert (data_of(full)["jobId"], data_of(full)["status"]) == (str(job.pk), "completed")
    with django_assert_num_queries(1):
        quick = ask()
    assert quick.content == full.content
    assert set(full.headers) - set(quick.headers) == {"Allow"}
    assert quick["Content-Language"] == "en"
    assert ask(**{"Accept-Language": "ko"})["Content-Language"] == "ko"
    assert counted("reuse_hits") == {"reuse_hits": 5}
    assert ask(Host="another.example").status_code == 400
    cache_outage.note()
    assert ask().content == full.content


def test_a_repeat_with_an_idempotency_key_is_told(ask: Callable[..., Any]) -> None:
    for replayed in (None, "true"):
        assert ask(**{"Idempotency-Key": "a" * 32}).get("Idempotent-Replayed") == replayed


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Shopper-Id"])
def test_an_empty_header_is_refused_as_it_is_the_first_time(ask: Callable[..., Any], name: str) -> None:
    assert ask(**{name: ""}).status_code == 400


def test_a_repeat_asks_for_the_picture_that_there_is_now(ask: Callable[..., Any], job: TryOnJob) -> None:
    other = TryOnJobFactory.create(completed=True, requester=requester("Owner"))
    key = TryOnResult.objects.get().cache_key
    assert key is not None
    result_create(job_id=other.pk, cache_key=key, picture=PICTURE, credits_used=1)
    assert data_of(ask())["jobId"] == str(other.pk)


@pytest.mark.parametrize("change", ["rejected", "deleted", "expired"])
def test_a_picture_that_has_gone_answers_no_more(
    owner: Api, ask: Callable[..., Any], change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = TryOnResult.objects.get()
    if change == "rejected":
        result_review([result], Review.REJECTED)
    elif change == "deleted":
        assert owner.delete(f"results/{result.pk}").status_code == 204
    else:
        end = result.expires_at + timedelta(seconds=1)
        monkeypatch.setattr(clock, "now", lambda: end)
    assert ask().status_code == 202


def test_a_repeat_ends_with_the_last_day_of_the_photos_release(
    ask: Callable[..., Any], job: TryOnJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    ModelImage.objects.update(release_until=clock.today())
    evening = clock.next_midnight() - timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: evening)
    assert [ask().status_code for _ in range(2)] == [200, 200]
    monkeypatch.setattr(clock, "now", lambda: evening + timedelta(seconds=1))
    assert error_of(ask())["code"] == "model_image_unreleased"


def test_a_repeat_needs_the_key_and_the_photos(ask: Callable[..., Any], job: TryOnJob) -> None:
    model_image_update(model_of(job), is_active=False)
    assert error_of(ask())["code"] == "model_image_inactive"
    model_image_update(model_of(job), is_active=True)
    assert [ask().status_code for _ in range(2)] == [200, 200]
    for is_active, status in ((False, 409), (True, 200)):
        job.product_image.is_active = is_active
        product_image_update(job.product_image, ["is_active"])
        assert ask().status_code == status
    product_image_forget(job.product_image_id)
    assert error_of(ask())["code"] == "product_image_not_found"
    row = ApiKey.objects.get()
    ApiKey.objects.update(is_active=False)
    key_forget(row)
    assert error_of(ask())["code"] == "invalid_api_key"
