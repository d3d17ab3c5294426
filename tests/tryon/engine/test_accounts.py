"""Two accounts: what happens on the sandbox of test keys is nothing to the live account, and the reverse."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from pytest_django import Settings

from config.core import clock
from tests.admin_pages import sign_in
from tests.conftest import Api, Finish, Generate, data_of
from tests.factories import TryOnJobFactory
from tests.ledger import runs
from tryon import tasks
from tryon.engine import governor
from tryon.engine.advance import dispatch, dispatch_all
from tryon.models import Account, Governor, Pause, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox


def on_test_account(job_id: str) -> str:
    TryOnJob.objects.filter(pk=job_id).update(account=Account.TEST)
    return job_id


def test_a_job_of_the_test_account_is_made_while_the_live_one_is_paused_and_takes_none_of_its_credits(
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
    sandbox_of_tests: Sandbox,
    settings: Settings,
    manager: Api,
) -> None:
    job_id = on_test_account(generate()["jobId"])
    settings.TRYON_DAILY_LIMIT = 1
    governor.pause(Account.LIVE, Pause.OPERATOR)

    assert finish(job_id).status == Status.COMPLETED
    assert (runs(sandbox), runs(sandbox_of_tests)) == (0, 1)
    assert "status" not in sandbox.ledger()["requests"]
    assert Prediction.objects.get().account == Account.TEST
    assert governor.credits_left_today(Account.LIVE) == 1
    numbers = data_of(manager.get("stats"))
    assert numbers["jobs"]["completed"] == 0
    assert numbers["governor"]["creditsSpentToday"] == 0


@pytest.mark.django_db
def test_each_account_has_its_own_slots(settings: Settings, sandbox_of_tests: Sandbox) -> None:
    settings.QUEUE_CONCURRENCY = 2
    TryOnJobFactory.create_batch(3)
    TryOnJobFactory.create_batch(7, account=Account.TEST)
    dispatch_all()
    taken = Prediction.objects.filter(state=PredictionState.RESERVED)
    assert taken.filter(account=Account.LIVE, job__account=Account.LIVE).count() == 2
    assert taken.filter(account=Account.TEST, job__account=Account.TEST).count() == 5
    settings.TEST_FASHN_URL = ""
    taken.update(state=PredictionState.FAILED)
    dispatch_all()
    assert not taken.filter(account=Account.TEST).exists()


@pytest.mark.parametrize(
    ("refusal", "pause"),
    [("OutOfCredits", Pause.OUT_OF_CREDITS), ("UnauthorizedAccess", Pause.UNAUTHORIZED)],
)
def test_what_the_sandbox_refuses_pauses_test_jobs_only_and_a_probe_of_it_goes_on(
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    sandbox_of_tests: Sandbox,
    refusal: str,
    pause: Pause,
) -> None:
    sandbox_of_tests.inject("run", refusal)
    test_job = on_test_account(generate(seed=1)["jobId"])
    work()
    assert governor.current(Account.TEST).pause == pause
    assert governor.current(Account.LIVE).pause == ""

    assert finish(generate(seed=2)["jobId"]).status == Status.COMPLETED
    assert TryOnJob.objects.get(pk=test_job).status == Status.QUEUED
    Governor.objects.update(probe_at=clock.now())
    tasks.sweep()
    assert governor.current(Account.TEST).pause == ""
    assert sandbox.ledger()["requests"].get("credits", 0) == 0
    assert finish(test_job).status == Status.COMPLETED


@pytest.mark.django_db
def test_a_person_pauses_one_account_and_resumes_it(sandbox_of_tests: Sandbox, settings: Settings) -> None:
    staff = sign_in("tryon.view_governor", "tryon.pause_service")
    page = "/admin/tryon/governor/"
    answer = staff.post(f"{page}pause/", {"account": "test"}, follow=True)
    assert answer.redirect_chain == [(f"{page}?account=test", 302)]
    assert "An operator paused the service" in answer.content.decode()
    assert "An operator paused the service" not in staff.get(page).content.decode()
    assert (governor.current(Account.LIVE).pause, governor.current(Account.TEST).pause) == ("", "operator")
    staff.post(f"{page}resume/", {"account": "test"})
    assert governor.current(Account.TEST).pause == ""

    settings.TEST_FASHN_URL = ""
    staff.post(f"{page}pause/", {"account": "test"})
    assert governor.current(Account.TEST).pause == ""
    assert "?account=test" not in staff.get(page).content.decode()


@pytest.mark.django_db
def test_status_calls_holds_failures_and_lowered_slots_are_counted_apart() -> None:
    while governor.claim_status_call(Account.TEST):
        pass
    governor.hold(Account.TEST, reason="provider_rate_limited", seconds=60)
    for _ in range(9):
        governor.submission_failed(Account.TEST)
    governor.lower_slots(Account.TEST, refused=uuid4())
    assert governor.claim_status_call(Account.LIVE)
    live, of_tests = governor.current(Account.LIVE), governor.current(Account.TEST)
    assert (live.held_until, live.open_until, live.failures) == (None, None, 0)
    assert [governor.slots(state, clock.now()) for state in (live, of_tests)] == [5, 1]
    TryOnJobFactory.create(account=Account.TEST)
    TryOnJobFactory.create()
    assert dispatch(Account.TEST) == 0
    assert dispatch(Account.LIVE) == 1
    governor.submission_accepted(Account.LIVE)
    assert governor.current(Account.TEST).failures > 0
