"""People cancel and ask again while FASHN answers: a call changes its owner under the worker's hands."""

import importlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from config.core.images import ImageDecoderFailed
from tests.conftest import Api, Finish, Generate
from tests.ledger import credits_paid, runs
from tests.stores import away
from tryon import tasks
from tryon.engine import actions, governor, lifecycle
from tryon.fashn.client import FashnClient
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

# Two paid steps, three credits.
TWO_STEPS = {"background": "#ffffff", "resolution": "1k"}

type Then = Callable[[Any, str, Callable[[], object]], None]


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> Then:
    """Have something happen once, right after a function of an object or a module has done its work."""

    def arrange(place: Any, name: str, happen: Callable[[], object]) -> None:
        real = getattr(place, name)

        def once(*arguments: Any, **options: Any) -> Any:
            monkeypatch.setattr(place, name, real)
            answer = real(*arguments, **options)
            happen()
            return answer

        monkeypatch.setattr(place, name, once)

    return arrange


def rescue() -> None:
    Prediction.objects.update(rescue_at=clock.now())
    tasks.rescue_prediction(str(Prediction.objects.get().pk))


def let_72_hours_pass() -> None:
    long_ago = clock.now() - timedelta(hours=73)
    Prediction.objects.update(finished_at=long_ago, submitted_at=long_ago)


def test_an_answer_that_comes_after_the_heir_gave_up_is_found_by_the_next(
    generate: Generate, owner: Api, finish: Finish, sandbox: Sandbox, then: Then
) -> None:
    first = generate()["jobId"]

    def cancel_and_ask_again() -> None:
        owner.post(f"jobs/{first}/cancel")
        assert finish(generate()["jobId"]).error_code == "submission_unknown"

    then(FashnClient, "run", cancel_and_ask_again)
    tasks.advance_job(first)

    assert finish(generate()["jobId"]).status == Status.COMPLETED
    assert runs(sandbox) == 1


def test_a_picture_of_a_job_canceled_while_it_is_fetched_is_kept(
    generate: Generate,
    owner: Api,
    work: Callable[[], None],
    rescue_now: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    first = generate()["jobId"]
    work()
    sandbox.advance(60)
    with away(settings):
        TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
        tasks.sweep()
        work()
    assert Prediction.objects.get().state == PredictionState.SUCCEEDED
    owner.post(f"jobs/{first}/cancel")
    rescue_now()
    let_72_hours_pass()

    assert finish(generate()["jobId"]).status == Status.COMPLETED
    assert runs(sandbox) == 1


@pytest.mark.parametrize("by", ["rescue", "check"])
def test_the_next_step_belongs_to_the_job_that_has_the_first(
    generate: Generate,
    owner: Api,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    then: Then,
    by: str,
) -> None:
    first = generate(**TWO_STEPS)["jobId"]
    work()
    sandbox.advance(60)
    heirs: list[str] = []
    if by == "rescue":
        owner.post(f"jobs/{first}/cancel")
        then(FashnClient, "status", lambda: heirs.append(generate(**TWO_STEPS)["jobId"]))
        rescue()
    else:

        def cancel_and_ask_again() -> None:
            owner.post(f"jobs/{first}/cancel")
            heirs.append(generate(**TWO_STEPS)["jobId"])

        then(FashnClient, "status", cancel_and_ask_again)
        TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
        tasks.advance_job(first)

    assert finish(heirs[0]).status == Status.COMPLETED
    assert credits_paid(sandbox) == 3


def test_a_job_whose_call_went_over_during_its_rescue_is_not_revived(
    generate: Generate,
    owner: Api,
    work: Callable[[], None],
    past_deadline: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    then: Then,
) -> None:
    first = generate(**TWO_STEPS)["jobId"]
    work()
    sandbox.inject("status", "InternalServerError")
    past_deadline()
    sandbox.advance(60)
    then(
        importlib.import_module("tryon.engine.steps.rescue"),
        "fetch_result",
        lambda: owner.post(f"jobs/{generate(**TWO_STEPS)['jobId']}/cancel"),
    )
    rescue()

    assert TryOnJob.objects.get(pk=first).status == Status.FAILED
    assert finish(generate(**TWO_STEPS)["jobId"]).status == Status.COMPLETED
    assert credits_paid(sandbox) == 3


def test_a_picture_that_no_decoder_survived_is_not_paid_for_again(
    generate: Generate,
    owner: Api,
    work: Callable[[], None],
    past_deadline: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job_id = generate()["jobId"]
    work()
    sandbox.advance(60)

    def die(content: bytes) -> None:
        raise ImageDecoderFailed

    with monkeypatch.context() as full_machine:
        full_machine.setattr(importlib.import_module("tryon.engine.steps.collect"), "read_result", die)
        past_deadline()
    assert TryOnJob.objects.get().status == Status.FAILED
    owner.post(f"jobs/{job_id}/retry")

    assert finish(job_id).status == Status.COMPLETED
    assert runs(sandbox) == 1


def test_a_lost_call_of_a_step_that_is_paid_since_holds_nobody_up(
    generate: Generate, owner: Api, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "reset_after")
    first = generate(**TWO_STEPS)["jobId"]
    assert finish(first).error_code == "submission_unknown"
    owner.post(f"jobs/{first}/retry")
    work()
    sandbox.inject("prediction", "InputValidationError")
    assert finish(first).error_code == "input_refused"

    assert finish(generate(**TWO_STEPS)["jobId"]).status == Status.COMPLETED


@pytest.mark.parametrize("told", ["its id", "its picture"])
@pytest.mark.parametrize("options", [{}, TWO_STEPS], ids=["one step", "two steps"])
def test_what_an_earlier_call_brings_while_the_next_one_has_its_slot_is_not_paid_for_again(
    generate: Generate,
    owner: Api,
    finish: Finish,
    sandbox: Sandbox,
    settings: Settings,
    then: Then,
    told: str,
    options: dict[str, str],
) -> None:
    """The answer got lost, a person has retried, and FASHN's webhook comes before the retry is sent."""
    settings.PUBLIC_BASE_URL = "http://shop.example"
    sandbox.inject("run", "reset_after")
    first = generate(**options)["jobId"]
    assert finish(first).error_code == "submission_unknown"
    Prediction.objects.update(submitted_at=clock.now() - timedelta(minutes=10))
    lost, named = Prediction.objects.get(), sandbox.ledger()["predictions"][0]["id"]
    sandbox.advance(60)

    def late_answer() -> None:
        assert Prediction.objects.filter(state=PredictionState.RESERVED).exists()
        owner.client.post(
            f"/api/tryon/webhooks/fashn/{lost.callback_token}", {"id": named}, content_type="application/json"
        )
        if told == "its picture":
            tasks.rescue_prediction(str(lost.pk))
            assert Prediction.objects.get(pk=lost.pk).state == PredictionState.SUCCEEDED

    then(importlib.import_module("tryon.engine.steps.submit"), "inputs_for", late_answer)
    owner.post(f"jobs/{first}/retry")

    assert finish(first).status == Status.COMPLETED
    assert runs(sandbox) == (2 if options else 1)


@pytest.mark.parametrize("moment", ["before its inputs are read", "after its inputs are read"])
def test_a_step_whose_picture_before_is_lost_is_not_sent(
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    then: Then,
    moment: str,
) -> None:
    first = generate(**TWO_STEPS)["jobId"]
    work()
    sandbox.advance(60)
    TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
    tasks.advance_job(first)
    assert Prediction.objects.get(step=1).state == PredictionState.RESERVED
    paid = Prediction.objects.get(step=0)

    def lose() -> None:
        assert lifecycle.refuse_output(paid, code="lost")

    if moment.startswith("before"):
        then(governor, "may_submit", lose)
    else:
        then(importlib.import_module("tryon.engine.steps.submit"), "inputs_for", lose)
    tasks.advance_job(first)

    job = finish(first)
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")
    assert (runs(sandbox), Prediction.objects.count()) == (1, 1)


@pytest.mark.parametrize("by", ["check", "frozen check", "webhook"])
def test_who_read_a_call_before_another_attempt_waits_for_it_does_not_let_it_go(
    generate: Generate,
    owner: Api,
    work: Callable[[], None],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    by: str,
) -> None:
    first = generate()["jobId"]
    work()
    heirs: list[str] = []
    if by != "webhook":
        long_ago = clock.now() - timedelta(minutes=15)
        Prediction.objects.update(submitted_at=long_ago)
        TryOnJob.objects.update(next_check_at=long_ago, started_at=long_ago)
        sandbox.inject("status", "InternalServerError", times=2)
        claim = governor.claim_status_call

        def in_midst_of_the_check(account: str) -> bool:
            monkeypatch.setattr(governor, "claim_status_call", claim)
            if by == "check":
                owner.post(f"jobs/{first}/cancel")
                heirs.append(generate()["jobId"])
            else:  # its lease has run out, and another worker has given the call up
                TryOnJob.objects.update(lease_until=clock.now())
                tasks.advance_job(first)
                assert owner.post(f"jobs/{first}/retry").status_code == 202
                heirs.append(first)
            return claim(account)

        monkeypatch.setattr(governor, "claim_status_call", in_midst_of_the_check)
        tasks.advance_job(first)
    else:
        owner.post(f"jobs/{first}/cancel")
        read_before = Prediction.objects.get()
        heirs.append(generate()["jobId"])
        actions.note_webhook(read_before, provider_id="")

    call = Prediction.objects.get()
    assert (str(call.job_id), call.state) == (heirs[0], PredictionState.RUNNING)
