"""A rejected picture is shown to no shopper and to no page; the shop's server sees that it is rejected."""

from typing import Any

import pytest

from config.shops.callers import shop_name
from config.shops.models import Shop
from config.shops.shoppers import shopper_name
from results.models import Review, TryOnResult
from results.services import result_review
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import TryOnResultFactory
from tests.tryon.shoppers.people import shopper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shared(owner: Api) -> TryOnResult:
    """A picture of the shopper Ada, who has asked through the shop."""
    result: TryOnResult = TryOnResultFactory.create(job__requester=requester("Owner"))
    result.job.viewers.create(requester=ada_name(), shop=requester("Owner"))
    return result


def ada_name() -> str:
    return shopper_name(shop_name(Shop.objects.get(name="Owner").pk), "Ada")


def state_of(api: Api, result: TryOnResult) -> tuple[Any, ...]:
    job = data_of(api.get(f"jobs/{result.job_id}"))
    pictures = [name for name in ("resultId", "resultImageUrl", "thumbnailUrl", "aiLabel") if name in job]
    return job["status"], job["resultState"], len(pictures)


def test_no_shopper_sees_a_rejected_picture_and_everybody_sees_it_again_once_approved(
    owner: Api, shared: TryOnResult
) -> None:
    ada, path = shopper("Ada"), f"results/{shared.pk}"
    # Each twice: the second answer is one that is kept.
    for _ in range(2):
        assert state_of(ada, shared) == state_of(owner, shared) == ("completed", "available", 4)
        assert [row["id"] for row in data_of(ada.get("results"))] == [str(shared.pk)]

    result_review([shared], Review.REJECTED)

    for _ in range(2):
        assert state_of(ada, shared) == state_of(owner, shared) == ("completed", "rejected", 0)
        assert data_of(ada.get("results")) == data_of(ada.get("results", review="rejected")) == []
    assert error_of(ada.get(path))["code"] == "result_not_found"
    assert ada.post(f"{path}/feedback", {"verdict": "yes"}).status_code == 404
    assert ada.delete(path).status_code == 404
    assert [row["review"] for row in data_of(owner.get("results"))] == ["rejected"]
    assert data_of(owner.get(path))["review"] == "rejected"

    result_review([shared], Review.APPROVED)

    assert state_of(ada, shared) == ("completed", "available", 4)
    assert data_of(ada.get(path))["review"] == "approved"


@pytest.mark.parametrize("review", [Review.PENDING, Review.ALMOST])
def test_a_picture_that_nobody_has_rejected_is_shown(shared: TryOnResult, review: Review) -> None:
    result_review([shared], review)
    assert state_of(shopper("Ada"), shared) == ("completed", "available", 4)
