"""Credits a day of a shop, of its keys and of its shoppers: counted from rows, and never exceeded."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.core import clock
from config.shops.keys import key_issue
from config.shops.models import ApiKey, Kind, Shop
from tests.config.shops.test_sessions import PAGE, visitor
from tests.conftest import Api, Finish, Generate, data_of, error_of, requester
from tests.factories import PredictionFactory, ProductImageFactory, TryOnJobFactory
from tests.threads import at_once
from tests.waiting import LONGEST_SECONDS
from tryon.engine import governor
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

LIMITS: dict[str, tuple[str, Callable[[], Any]]] = {
    "shop": ("shop_budget_reached", lambda: Shop.objects.filter(name="Owner").update(daily_credits=3)),
    "key": ("key_budget_reached", lambda: ApiKey.objects.filter(name="Owner").update(daily_credits=3)),
}


def ask(owner: Api, product_id: str, model_id: str, **options: Any) -> Any:
    body = {"productImageId": product_id, "modelImageId": model_id, "options": options}
    return owner.post("generate", body)


@pytest.mark.parametrize("name", LIMITS)
def test_one_try_on_over_a_budget_waits_for_tomorrow(
    owner: Api, product_id: str, model_id: str, name: str
) -> None:
    code, limit = LIMITS[name]
    limit()
    shop = requester("Owner")
    job = TryOnJobFactory.create(completed=True, requester=shop, payer=shop, api_key=key_of("Owner"))
    paid = {"payer": shop, "api_key": key_of("Owner"), "price": 1, "submitted_at": clock.now()}
    PredictionFactory.create(job=job, state=PredictionState.SUCCEEDED, credits_used=1, **paid)
    PredictionFactory.create(job=job, state=PredictionState.FAILED, **paid)  # FASHN gives it back
    yesterday = {**paid, "submitted_at": governor.next_day().at - timedelta(days=1, seconds=1)}
    PredictionFactory.create(job=job, state=PredictionState.SUCCEEDED, credits_used=1, **yesterday)
    assert [ask(owner, product_id, model_id, seed=seed).status_code for seed in (1, 2)] == [202, 202]
    refused = ask(owner, product_id, model_id, seed=3)
    assert refused.status_code == 429
    error = error_of(refused)
    assert (error["code"], error["retryable"]) == (code, True)
    details = error["details"]
    assert details.pop("resetsAt") == governor.next_day().at.isoformat()
    assert details.pop("fallbacks") == []
    assert details == {
        "limit": 3, "creditsNeeded": 1, "creditsSpent": 1, "creditsReserved": 2, "creditsLeft": 0,
    }  # fmt: skip
    assert abs(int(refused["Retry-After"]) - governor.next_day().seconds) < 5
    assert TryOnJob.objects.filter(status=Status.QUEUED).count() == 2


def key_of(name: str) -> Any:
    return ApiKey.objects.get(name=name).pk


def test_what_costs_more_than_a_whole_day_is_refused_for_good(
    owner: Api, product_id: str, model_id: str
) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=3)
    refused = ask(owner, product_id, model_id, resolution="4k")
    assert (refused.status_code, error_of(refused)["code"]) == (409, "daily_limit_too_low")


def test_an_outfit_needs_room_for_all_its_garments(owner: Api, product_id: str, model_id: str) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=2)
    trousers = str(ProductImageFactory.create().pk)
    outfit = {
        "garments": [
            {"productImageId": product_id, "category": "tops"},
            {"productImageId": trousers, "category": "bottoms"},
        ],
        "modelImageId": model_id,
    }
    assert ask(owner, product_id, model_id).status_code == 202
    refused = error_of(owner.post("generate", outfit))
    assert (refused["code"], refused["details"]["creditsNeeded"]) == ("shop_budget_reached", 2)
    assert TryOnJob.objects.count() == 1


def test_other_shops_and_the_staff_and_tests_use_nothing_of_a_shops_budget(
    owner: Api, stranger: Api, product_id: str, model_id: str, settings: Settings
) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=1)
    photo = str(ProductImageFactory.create().pk)  # the catalogue's
    assert [ask(stranger, photo, model_id, seed=seed).status_code for seed in (1, 2)] == [202, 202]
    assert ask(owner, photo, model_id, seed=1).status_code == 202  # joins the stranger's
    assert ask(owner, product_id, model_id).status_code == 202
    assert error_of(ask(owner, product_id, model_id, seed=9))["code"] == "shop_budget_reached"
    settings.TEST_FASHN_URL = settings.FASHN_API_URL
    tester = Api(key_issue(name="Tester", shop=Shop.objects.get(name="Owner"), is_test=True)[1])
    assert [ask(tester, photo, model_id, seed=seed).status_code for seed in (8, 9)] == [202, 202]


def test_a_budget_pays_once_and_what_is_there_is_free(
    owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox, product_id: str, model_id: str
) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=1)
    job_id = generate()["jobId"]
    assert ask(owner, product_id, model_id).status_code == 202  # the same job
    finish(job_id)
    call = Prediction.objects.get()
    assert (call.payer, call.api_key, call.shopper) == (requester("Owner"), key_of("Owner"), "")
    assert ask(owner, product_id, model_id).status_code == 200
    refused = error_of(ask(owner, product_id, model_id, seed=1))
    assert (refused["details"]["creditsSpent"], refused["details"]["creditsReserved"]) == (1, 0)


def test_who_takes_over_a_paid_call_has_not_paid_for_it(
    owner: Api, stranger: Api, model_id: str, finish: Finish, sandbox: Sandbox
) -> None:
    photo = str(ProductImageFactory.create().pk)
    first = data_of(ask(owner, photo, model_id))["jobId"]
    shop = requester("Owner")
    PredictionFactory.create(
        job_id=first, payer=shop, api_key=key_of("Owner"), price=1, credits_used=1,
        state=PredictionState.SUCCEEDED, output="https://cdn.example/1.png",
        submitted_at=clock.now(), finished_at=clock.now(),
    )  # fmt: skip
    owner.post(f"jobs/{first}/cancel")
    Shop.objects.filter(name="Stranger").update(daily_credits=0)
    second = data_of(ask(stranger, photo, model_id))["jobId"]
    assert Prediction.objects.get().job_id != first
    assert str(Prediction.objects.get().job_id) == second
    assert governor.credits_used_by(shop) == (1, 0)
    assert governor.credits_used_by(requester("Stranger")) == (0, 0)


@pytest.mark.parametrize(
    "state", [PredictionState.RESERVED, PredictionState.RUNNING, PredictionState.UNKNOWN]
)
def test_what_is_under_way_is_reserved(owner: Api, product_id: str, model_id: str, state: str) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=2)
    job = TryOnJobFactory.create(status=Status.PROCESSING, price=0)
    sent = {} if state == PredictionState.RESERVED else {"submitted_at": clock.now(), "provider_id": "a"}
    PredictionFactory.create(
        job=job, state=state, payer=requester("Owner"), api_key=key_of("Owner"), price=2, **sent
    )
    refused = error_of(ask(owner, product_id, model_id))
    assert (refused["code"], refused["details"]["creditsReserved"]) == ("shop_budget_reached", 2)


def test_who_retries_pays(owner: Api, stranger: Api, manager: Api, model_id: str) -> None:
    """And an operator's retry stays with the budget of the job."""
    photo = ProductImageFactory.create()
    job = TryOnJobFactory.create(
        failed=True, product_image=photo, requester=requester("Owner"), payer=requester("Owner"),
        api_key=key_of("Owner"), model_image_id=model_id,
    )  # fmt: skip
    job.viewers.create(requester=requester("Stranger"), product_image=photo)
    Shop.objects.filter(name="Stranger").update(daily_credits=0)
    Shop.objects.filter(name="Owner").update(daily_credits=5)
    refused = stranger.post(f"jobs/{job.pk}/retry")
    assert (refused.status_code, error_of(refused)["code"]) == (429, "shop_budget_reached")
    Shop.objects.filter(name="Stranger").update(daily_credits=1)
    assert stranger.post(f"jobs/{job.pk}/retry").status_code == 202
    job.refresh_from_db()
    assert (job.payer, job.api_key) == (requester("Stranger"), key_of("Stranger"))
    assert governor.credits_used_by(requester("Owner")) == (0, 0)
    TryOnJob.objects.update(status=Status.FAILED, error_code="deadline_passed", price=0)
    assert manager.post(f"jobs/{job.pk}/retry").status_code == 202
    job.refresh_from_db()
    assert (job.payer, job.api_key) == (requester("Stranger"), key_of("Stranger"))


def test_each_shopper_has_credits_of_their_own(owner: Api, product_id: str, model_id: str) -> None:
    Shop.objects.filter(name="Owner").update(shopper_daily_credits=2)

    def statuses(shopper: str, seeds: Iterable[int]) -> list[int]:
        client = Client(headers={"Authorization": owner.authorization, "X-Shopper-Id": shopper})
        return [
            client.post(
                "/api/tryon/generate",
                {"productImageId": product_id, "modelImageId": model_id, "options": {"seed": seed}},
                content_type="application/json",
            ).status_code
            for seed in seeds
        ]

    assert statuses("ada", (1, 2, 3)) == [202, 202, 429]
    assert statuses("bob", (1, 4, 5, 6)) == [202, 202, 202, 429]  # the first is ada's
    assert ask(owner, product_id, model_id, seed=7).status_code == 202  # the shop's own have no shopper


@pytest.fixture
def page_key(owner: Api) -> str:
    """A publishable key of the owner's shop."""
    shop = Shop.objects.get(name="Owner")
    shop.allowed_origins = [PAGE]
    shop.save()
    return key_issue(name="Page", shop=shop, kind=Kind.PUBLISHABLE)[1]


def test_visitors_share_the_small_limit_of_their_key_and_are_told_no_numbers(
    page_key: str, model_id: str, settings: Settings
) -> None:
    settings.PUBLISHABLE_KEY_DAILY_CREDITS = 2
    photo = str(ProductImageFactory.create().pk)
    visitors = [visitor(page_key) for _ in range(3)]
    answers = [ask(page, photo, model_id, seed=seed) for seed, page in enumerate(visitors)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    error = error_of(answers[2])
    assert error["code"] == "key_budget_reached"
    assert error["details"].keys() == {"creditsNeeded", "resetsAt", "fallbacks"}
    assert ask(visitors[2], photo, model_id, seed=0).status_code == 202  # another's try-on is free
    Shop.objects.filter(name="Owner").update(shopper_daily_credits=1)
    own = error_of(ask(visitors[0], photo, model_id, seed=9))
    assert (own["code"], own["details"]["limit"]) == ("shopper_limit_reached", 1)


RACES: dict[str, Callable[[], Any]] = {
    "shop_budget_reached": lambda: Shop.objects.filter(name="Owner").update(daily_credits=7),
    "key_budget_reached": lambda: ApiKey.objects.filter(name="Owner").update(daily_credits=7),
    "shopper_limit_reached": lambda: Shop.objects.filter(name="Owner").update(shopper_daily_credits=7),
}


@pytest.mark.slow
@pytest.mark.parametrize("code", RACES)
def test_a_race_of_fifty_never_exceeds_a_budget(
    live_server: LiveServer, owner: Api, product_id: str, model_id: str, code: str
) -> None:
    RACES[code]()
    seeds = iter(range(50))
    shopper = {"X-Shopper-Id": "ada"} if code == "shopper_limit_reached" else {}

    def post() -> Any:
        body = {
            "productImageId": product_id,
            "modelImageId": model_id,
            "options": {"seed": next(seeds)},
        }
        return requests.post(
            f"{live_server.url}/api/tryon/generate",
            json=body,
            headers={"Authorization": owner.authorization, **shopper},
            timeout=LONGEST_SECONDS,
        )

    answers = at_once(50, post, threads=50)
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(202), statuses.count(429)) == (7, 43)
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 429} == {code}
    assert TryOnJob.objects.count() == 7
