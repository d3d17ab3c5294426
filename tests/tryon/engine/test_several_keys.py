"""Several keys of FASHN: each account has its own limits, and all promises hold for the jobs of all."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import django_rq
import pytest
from pytest_django import Settings

from config.core import clock
from tests.admin_pages import sign_in
from tests.conftest import Api, Finish, Generate, data_of
from tests.factories import TryOnJobFactory
from tryon.accounts import concurrency_of, terms_of
from tryon.engine import governor
from tryon.engine.advance import dispatch_all
from tryon.engine.provider import client
from tryon.models import (
    Account,
    Governor,
    Lane,
    Pause,
    Prediction,
    PredictionState,
    Status,
    TryOnJob,
    further_account,
)
from tryon.money.balances import ask_balances
from tryon.money.selectors import balance, calls_in, last_days, spending, total
from tryon.sandbox import Sandbox
from tryon.services.outlook import slots_of

SECOND = "live-2"


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    """A FASHN with two accounts, both ours."""
    with Sandbox(speed=500, more_keys=["fa-second"]) as server:
        server.configure(plainPictures=True)
        settings.FASHN_API_URL = server.url
        settings.FASHN_API_KEY = server.api_key
        settings.FASHN_API_KEYS = ["fa-second"]
        settings.QUEUE_CONCURRENCY = 2
        yield server


def accounts_of_calls() -> list[str]:
    return list(Prediction.objects.order_by("account").values_list("account", flat=True))


@pytest.mark.django_db
def test_two_keys_have_twice_the_slots_and_bulk_leaves_one_of_each_to_shoppers(sandbox: Sandbox) -> None:
    TryOnJobFactory.create_batch(3, lane=Lane.BULK)
    dispatch_all()
    assert accounts_of_calls() == [Account.LIVE, SECOND]
    TryOnJobFactory.create_batch(5)
    dispatch_all()
    assert accounts_of_calls() == [Account.LIVE, Account.LIVE, SECOND, SECOND]
    assert slots_of(Account.LIVE) == (4, 4)
    assert concurrency_of(Account.LIVE) == 4


def test_the_jobs_of_one_queue_are_made_on_both_accounts_within_the_limits_of_each(
    sandbox: Sandbox, generate: Generate, finish: Finish
) -> None:
    sandbox.configure(concurrency=2)
    jobs = [generate(seed=seed)["jobId"] for seed in range(8)]
    assert {finish(job_id).status for job_id in jobs} == {Status.COMPLETED}
    ledger = sandbox.ledger()
    assert ledger["requests"]["run"] == 8
    assert ledger["refusals"] == {}
    assert set(accounts_of_calls()) == {Account.LIVE, SECOND}
    left = sandbox.credits()["total"], sandbox.credits("fa-second")["total"]
    assert sum(left) == 2 * 10_000 - 8
    assert max(left) < 10_000


def test_further_steps_run_on_the_account_of_the_first(
    sandbox: Sandbox, generate: Generate, finish: Finish
) -> None:
    for seed in range(2):
        job_id = generate(seed=seed, background="red")["jobId"]
    finish(job_id)
    for job in TryOnJob.objects.all():
        finish(str(job.pk))
        assert job.predictions.values("account").distinct().count() == 1
        assert job.predictions.count() == 2


@pytest.mark.parametrize(
    ("refusal", "pause"),
    [("OutOfCredits", Pause.OUT_OF_CREDITS), ("UnauthorizedAccess", Pause.UNAUTHORIZED)],
)
def test_a_key_that_is_refused_pauses_its_account_and_the_job_goes_to_the_other(
    sandbox: Sandbox, generate: Generate, finish: Finish, refusal: str, pause: Pause
) -> None:
    sandbox.inject("run", refusal)
    assert finish(generate()["jobId"]).status == Status.COMPLETED
    [refused] = Governor.objects.exclude(pause="")
    assert refused.pause == pause
    [call] = Prediction.objects.all()
    assert call.account != refused.account
    assert sandbox.ledger()["requests"]["run"] == 2


@pytest.mark.django_db
def test_a_job_goes_to_the_account_with_the_fewest_predictions_in_flight(sandbox: Sandbox) -> None:
    for _ in range(2):
        TryOnJobFactory.create()
        dispatch_all()
    assert accounts_of_calls() == [Account.LIVE, SECOND]


@pytest.mark.django_db
def test_each_account_has_its_own_rate_of_runs(sandbox: Sandbox, settings: Settings) -> None:
    settings.FASHN_RUN_CALLS = 1
    TryOnJobFactory.create_batch(4)
    dispatch_all()
    assert accounts_of_calls() == [Account.LIVE, SECOND]  # one a minute on each


@pytest.mark.django_db
def test_the_limit_of_a_day_is_one_for_all_accounts(sandbox: Sandbox, settings: Settings) -> None:
    settings.TRYON_DAILY_LIMIT = 3
    TryOnJobFactory.create_batch(6, price=1)
    dispatch_all()
    assert Prediction.objects.count() == 3
    assert governor.credits_left_today(Account.LIVE) == 0


def test_the_money_of_both_accounts_is_one(
    sandbox: Sandbox, generate: Generate, finish: Finish, settings: Settings
) -> None:
    settings.QUEUE_CONCURRENCY = 1
    jobs = [generate(seed=seed)["jobId"] for seed in range(2)]
    for job_id in jobs:
        finish(job_id)
    assert set(accounts_of_calls()) == {Account.LIVE, SECOND}
    today = last_days(1)
    assert total(spending(today)).credits == calls_in(today).count() == 2
    ask_balances()
    known = balance()
    assert known is not None
    assert known.credits == 2 * 10_000 - 2


@pytest.mark.django_db
def test_a_further_account_that_is_refused_names_the_setting_of_its_key(sandbox: Sandbox) -> None:
    governor.pause(SECOND, Pause.UNAUTHORIZED)
    assert "Live 2: FASHN does not accept the key. Mend it in FASHN_API_KEYS" in (
        sign_in().get("/admin/").content.decode()
    )


def test_operators_pause_one_account_or_all(sandbox: Sandbox, manager: Api) -> None:
    paused = Governor.objects.filter(pause=Pause.OPERATOR).order_by("pk")
    browser = sign_in()
    page = browser.get("/admin/tryon/governor/", {"account": SECOND})
    assert "Live 2" in page.content.decode()
    assert "account__exact=live&amp;status__exact=queued" in page.content.decode()  # the queue of both
    browser.post("/admin/tryon/governor/pause/", {"account": SECOND})
    assert [row.account for row in paused.all()] == [SECOND]
    assert "Live 2: An operator paused the service." in browser.get("/admin/").content.decode()
    browser.post("/admin/tryon/governor/resume/", {"account": SECOND, "all": "on"})
    assert not paused.all()
    manager.post("stats/pause")
    assert [row.account for row in paused.all()] == [Account.LIVE, SECOND]
    assert data_of(manager.post("stats/resume"))["governor"]["pause"] == ""
    assert not paused.all()


def test_the_numbers_of_the_api_are_those_of_all_accounts_together(sandbox: Sandbox, manager: Api) -> None:
    governor.hold(SECOND, reason="provider_rate_limited", seconds=60)
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    TryOnJobFactory.create(price=1)
    told = data_of(manager.get("stats"))["governor"]
    assert (told["slots"], told["pause"], told["heldUntil"], told["heldReason"]) == (4, "", None, "")
    governor.pause(SECOND, Pause.UNAUTHORIZED)
    governor.hold(Account.LIVE, reason="provider_concurrency_limited", seconds=5)
    told = data_of(manager.get("stats"))["governor"]
    assert (told["pause"], told["heldReason"]) == ("out_of_credits", "provider_concurrency_limited")


def test_a_waiting_job_is_told_of_trouble_only_if_no_account_can_take_it(
    sandbox: Sandbox, generate: Generate, owner: Api
) -> None:
    governor.pause(SECOND, Pause.OPERATOR)
    governor.resume(SECOND)
    governor.pause(Account.LIVE, Pause.OPERATOR)
    job_id = generate()["jobId"]
    assert "waitReason" not in data_of(owner.get(f"jobs/{job_id}"))
    governor.pause(SECOND, Pause.OPERATOR)
    job_id = generate(seed=2)["jobId"]
    assert data_of(owner.get(f"jobs/{job_id}"))["waitReason"] == "paused"


def test_an_account_whose_key_is_gone_has_no_key(settings: Settings) -> None:
    settings.FASHN_API_KEYS = ["fa-second"]
    assert (terms_of(SECOND).key, terms_of("live-3").key) == ("fa-second", "")


def test_each_account_keeps_its_connections_however_many_there_are(settings: Settings) -> None:
    settings.FASHN_API_KEYS = [f"fa-{number}" for number in range(2, 10)]
    first = client(Account.LIVE)
    for number in range(2, 10):
        client(further_account(number))
    assert client(Account.LIVE) is first


def test_what_fails_on_one_account_is_tried_on_the_other(
    sandbox: Sandbox, generate: Generate, finish: Finish
) -> None:
    sandbox.inject("run", "service_unavailable")
    job_id = generate()["jobId"]
    assert finish(job_id).status == Status.COMPLETED
    assert accounts_of_calls() == [Account.LIVE, SECOND]


@pytest.mark.django_db
def test_a_key_that_is_added_while_the_service_is_paused_starts_nothing(
    sandbox: Sandbox, settings: Settings
) -> None:
    governor.pause(Account.LIVE, Pause.OPERATOR)
    TryOnJobFactory.create_batch(2)
    dispatch_all()
    assert accounts_of_calls() == []
    assert governor.current(SECOND).pause == Pause.OPERATOR


@pytest.mark.parametrize("refusal", ["RateLimitExceeded", "ConcurrencyLimitExceeded"])
def test_a_job_that_one_account_refuses_for_a_minute_goes_to_the_other_at_once(
    sandbox: Sandbox, generate: Generate, work: Callable[[], None], settings: Settings, refusal: str
) -> None:
    settings.FASHN_RUN_CALLS = 1  # the refused call counts on its own account alone
    sandbox.configure(retryAfter=60)
    sandbox.inject("run", refusal)
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    work()
    [call] = job.predictions.all()
    assert (call.account, call.state) == (SECOND, PredictionState.RUNNING)
    rests = governor.current(Account.LIVE).held_until
    assert rests is not None
    assert rests > clock.now() + timedelta(seconds=50)


def test_with_all_accounts_at_rest_a_job_waits_for_the_first_that_is_ready(
    sandbox: Sandbox, generate: Generate, work: Callable[[], None], owner: Api
) -> None:
    sandbox.configure(retryAfter=60)
    sandbox.inject("run", "RateLimitExceeded", times=2)
    job_id = generate()["jobId"]
    work()
    assert not Prediction.objects.exists()
    assert sandbox.ledger()["requests"]["run"] == 2
    assert data_of(owner.get(f"jobs/{job_id}"))["estimatedWaitTime"] > 50
    planned = django_rq.get_queue("tryon").scheduled_job_registry
    assert any(name.startswith("dispatch-") for name in planned.get_job_ids())


def test_a_further_step_that_its_account_refuses_is_made_on_the_other_and_nothing_is_paid_twice(
    sandbox: Sandbox, generate: Generate, finish: Finish
) -> None:
    sandbox.inject("run", "OutOfCredits", model="background-remove")
    job = finish(generate(background="red")["jobId"])
    assert job.status == Status.COMPLETED
    assert accounts_of_calls() == [Account.LIVE, SECOND]
    assert len(sandbox.ledger()["predictions"]) == 2
