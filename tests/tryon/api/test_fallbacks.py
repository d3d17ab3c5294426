"""Fallbacks: approved pictures of the same product, marked, while the wanted one is not to be had."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from config.shops.models import Shop
from results.models import Review, TryOnResult
from results.services import result_review
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import ProductImageFactory, TryOnJobFactory, TryOnResultFactory
from tryon.models import Account, Governor, Pause, TryOnJob

pytestmark = pytest.mark.django_db


def result(**fields: Any) -> TryOnResult:
    return TryOnResultFactory.create(
        **{
            "review": Review.APPROVED,
            "job__is_test": True,
            "job__product_image__product_id": "SKU-1",
            **fields,
        }
    )


def photo(**fields: Any) -> Any:
    return ProductImageFactory.create(product_id="SKU-1", **fields)


@pytest.fixture
def approved(owner: Api, stranger: Api) -> list[str]:
    """Ids of the results to show, newest first, among others that nobody may see here."""
    now, shop, other = clock.now(), requester("Owner"), requester("Stranger")
    ages = range(4)
    own = [
        result(job__product_image=photo(requester=shop, shop=shop), created_at=now - timedelta(hours=h))
        for h in ages
    ]
    result(review=Review.PENDING)
    result(review=Review.REJECTED)
    result(expires_at=now)
    result(job__model_image__release_until=now.date() - timedelta(days=1))
    result(job__is_test=False)  # a stand-in's is not FASHN's
    result(job__account=Account.TEST)
    result(job__product_image__product_id="SKU-2")
    result(job__product_image=photo(requester=other, shop=other))
    result(job__options={"garments": ["tops", "shoes"]})  # its shoes may be another shop's
    result(job__product_image=photo(requester="shopper:ada", shop=shop))
    catalogue = result(created_at=now - timedelta(minutes=30))
    return [str(row.pk) for row in (own[0], catalogue, own[1])]


def ask(owner: Api, product_id: str, model_id: str, **options: Any) -> Any:
    return owner.post(
        "generate", {"productImageId": product_id, "modelImageId": model_id, "options": options}
    )


def check(shown: list[Any], wanted: list[str]) -> None:
    assert [each["id"] for each in shown] == wanted
    for each in shown:
        assert each["fallback"] is True
        assert each["imageUrl"].startswith("http://testserver/media/results/")
        assert each["aiLabel"]["required"] is True


def test_over_a_budget_the_same_product_is_shown(
    owner: Api, stranger: Api, product_id: str, model_id: str, approved: list[str]
) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=0)
    refused = ask(owner, product_id, model_id)
    assert refused.status_code == 429
    check(error_of(refused)["details"]["fallbacks"], approved)
    failed = TryOnJobFactory.create(
        failed=True, requester=requester("Owner"), product_image_id=product_id, model_image_id=model_id
    )
    retried = owner.post(f"jobs/{failed.pk}/retry")
    assert retried.status_code == 429
    check(error_of(retried)["details"]["fallbacks"], approved)


def test_over_the_services_limits_too(
    owner: Api, product_id: str, model_id: str, approved: list[str], settings: Settings
) -> None:
    settings.TRYON_DAILY_LIMIT = 1
    assert ask(owner, product_id, model_id, seed=1).status_code == 202
    check(error_of(ask(owner, product_id, model_id))["details"]["fallbacks"], approved)
    settings.TRYON_DAILY_LIMIT, settings.QUEUE_PER_REQUESTER = 0, 1
    full = error_of(ask(owner, product_id, model_id))
    assert full["code"] == "queue_full"
    check(full["details"]["fallbacks"], approved)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"pause": Pause.OPERATOR}, "paused"),
        ({"pause": Pause.OUT_OF_CREDITS}, "out_of_credits"),
        ({"open_until": timedelta(minutes=1)}, "provider_down"),
    ],
)
def test_while_nothing_goes_on_the_try_on_is_queued_and_the_same_product_shown(
    owner: Api, product_id: str, model_id: str, approved: list[str], state: dict[str, Any], reason: str
) -> None:
    now = clock.now()
    fields = {name: now + value if isinstance(value, timedelta) else value for name, value in state.items()}
    Governor.objects.update_or_create(account=Account.LIVE, defaults=fields)
    answer = data_of(ask(owner, product_id, model_id))
    assert (answer["status"], answer["waitReason"]) == ("queued", reason)
    check(answer["fallbacks"], approved)
    assert data_of(owner.get(f"jobs/{answer['jobId']}"))["resultState"] == "none"
    assert TryOnJob.objects.filter(pk=answer["jobId"]).exists()


def test_a_repeated_request_shows_no_picture_that_may_be_rejected_by_now(
    owner: Api, product_id: str, model_id: str, approved: list[str]
) -> None:
    Governor.objects.update_or_create(account=Account.LIVE, defaults={"pause": Pause.OPERATOR})
    key = {"Idempotency-Key": "a-page-that-is-loaded-again"}

    def ask_again() -> dict[str, Any]:
        body = {"productImageId": product_id, "modelImageId": model_id}
        answer: dict[str, Any] = data_of(
            owner.client.post("/api/tryon/generate", body, content_type="application/json", headers=key)
        )
        return answer

    first = ask_again()
    check(first.pop("fallbacks"), approved)
    result_review(TryOnResult.objects.filter(pk__in=approved), Review.REJECTED)
    assert ask_again() == first


def test_with_nothing_to_show_the_try_on_is_queued_all_the_more(
    owner: Api, product_id: str, model_id: str
) -> None:
    Governor.objects.update_or_create(account=Account.LIVE, defaults={"pause": Pause.OPERATOR})
    answer = data_of(ask(owner, product_id, model_id))
    assert (answer["status"], answer["fallbacks"]) == ("queued", [])


def test_while_all_goes_well_nothing_is_shown_instead(
    owner: Api, product_id: str, model_id: str, approved: list[str]
) -> None:
    assert data_of(ask(owner, product_id, model_id)).keys().isdisjoint({"waitReason", "fallbacks"})
