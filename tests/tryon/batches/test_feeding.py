"""The feeder: FASHN's ledger judges that a batch pays once, and never more than was confirmed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core import mail
from pytest_django import Settings

from config.core import clock
from tests.conftest import Api, Finish, data_of
from tests.factories import BatchFactory, BatchItemFactory, TryOnJobFactory
from tests.ledger import credits_paid
from tests.threads import at_once
from tests.tryon.batches.conftest import Plan, Run
from tryon import tasks
from tryon.batches import asking
from tryon.batches.errors import AlreadyStarted, NotNow, PriceChanged
from tryon.batches.models import Batch, BatchState, PauseCode
from tryon.batches.orders import (
    batch_cancel,
    batch_change,
    batch_pause,
    batch_resume,
    batch_retry,
    batch_start,
    credits_missing,
    retry_price,
)
from tryon.batches.plans import plan_make
from tryon.batches.selectors import credits_taken
from tryon.fashn.options import TryOnOptions
from tryon.models import Account, Lane, Prediction, ProductImage, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def two_slots(settings: Settings) -> None:
    settings.QUEUE_CONCURRENCY = 2
    settings.EMAIL_SERVER = "mail.example"  # the test's mail goes nowhere


def states(batch: Batch) -> list[str]:
    """The states of the pairs, in the order of the plan."""
    return list(batch.items.values_list("state", flat=True))


def jobs(batch: Batch) -> list[TryOnJob]:
    return list(TryOnJob.objects.filter(batch_items__batch=batch).order_by("created_at"))


def test_a_batch_makes_its_pictures_a_few_at_a_time(
    started: Plan, run: Run, sandbox: Sandbox, ada: User
) -> None:
    batch = started(5)
    batch.name = "Spring\r\nBcc: all@shop.example"
    batch.save()
    assert not TryOnJob.objects.exists()  # the request starts nothing
    tasks.batches()
    assert states(batch) == ["queued"] * 4 + ["waiting"]
    assert {(job.lane, job.requester) for job in jobs(batch)} == {(Lane.BULK, f"user:{ada.pk}")}

    run(batch)

    assert (batch.state, batch.counts) == (BatchState.DONE, {"done": 5})
    assert credits_paid(sandbox) == credits_taken(batch) == batch.max_credits == 5
    [letter] = mail.outbox
    assert letter.to == ["ada@shop.example"]
    assert letter.subject == "Batch done: Spring Bcc: all@shop.example"  # on one line
    assert "New pictures: 5" in letter.body
    tasks.batches()
    assert len(mail.outbox) == 1


def test_each_seed_of_a_pair_makes_its_own_picture_and_a_repeated_plan_finds_them(
    garments: Callable[[int], list[ProductImage]], ada: User, run: Run, sandbox: Sandbox, model_id: str
) -> None:
    ids: dict[str, Any] = {"product_image_ids": [garments(1)[0].pk], "model_image_ids": [UUID(model_id)]}
    batch = plan_make(ada, options=TryOnOptions(seed=7), tries=2, **ids)
    batch_start(batch, ada, confirmed=batch.price)

    run(batch)

    assert (states(batch), credits_paid(sandbox)) == (["done", "done"], 2)
    assert sorted(job.options.get("seed") for job in TryOnJob.objects.all()) == [7, 8]
    again = plan_make(ada, options=TryOnOptions(seed=7), tries=3, **ids)
    assert (again.price, states(again)) == (1, ["reused", "reused", "waiting"])


def test_two_people_who_press_at_once_pay_once(plan: Plan, run: Run, sandbox: Sandbox, ada: User) -> None:
    batch = plan(2)

    def press() -> str:
        try:
            batch_start(Batch.objects.get(pk=batch.pk), ada, confirmed=2)
        except AlreadyStarted:
            return "again"
        return "started"

    assert sorted(at_once(2, press)) == ["again", "started"]
    run(batch)
    assert credits_paid(sandbox) == 2


def test_a_price_that_rose_since_the_count_is_confirmed_again(
    plan: Plan, ada: User, run: Run, sandbox: Sandbox
) -> None:
    batch = plan(1)
    with pytest.raises(PriceChanged):
        batch_start(batch, ada, confirmed=0)
    batch_start(batch, ada, confirmed=1)
    run(batch)
    [item] = batch.items.all()
    assert item.product_image is not None
    assert item.model_image is not None
    again = plan_make(ada, options=TryOnOptions(), pairs=[(item.product_image.pk, item.model_image.pk)])
    assert states(again) == ["reused"]
    TryOnJob.objects.get().result.delete()
    Prediction.objects.all().delete()  # else the new job would take the paid picture over

    with pytest.raises(PriceChanged):
        batch_start(again, ada, confirmed=0)
    assert (again.state, again.price) == (BatchState.READY, 1)
    assert not TryOnJob.objects.exclude(status=Status.COMPLETED).exists()


def test_a_pair_whose_price_rises_on_the_way_stops_the_batch(
    started: Plan, run: Run, sandbox: Sandbox, ada: User
) -> None:
    batch = started(2)
    batch.items.filter(pk=batch.items.latest("id").pk).update(
        credits=0
    )  # as counted while another paid for it
    Batch.objects.update(max_credits=1)

    run(batch)

    assert (batch.state, batch.pause_code) == (BatchState.PAUSED, PauseCode.PRICE_ROSE)
    assert (states(batch), credits_paid(sandbox)) == (["done", "waiting"], 1)
    with pytest.raises(PriceChanged):
        batch_resume(batch, ada)
    batch_resume(batch, ada, confirmed=credits_missing(batch))
    run(batch)
    assert (batch.state, credits_paid(sandbox), batch.max_credits) == (BatchState.DONE, 2, 2)


def test_a_failed_pair_whose_picture_comes_late_is_done() -> None:
    batch = BatchFactory.create(running=True)
    jobs = [
        TryOnJobFactory.create(completed=True),
        TryOnJobFactory.create(failed=True),
        TryOnJobFactory.create(status=Status.CANCELED),
        None,
    ]
    for job in jobs:
        BatchItemFactory.create(batch=batch, job=job, state="failed", error_code="deadline_passed")
    tasks.batches()
    assert states(batch) == ["done", "failed", "failed", "failed"]


def killed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the feeder be killed where it calls a function, once."""
    real = getattr(asking, name)

    def die(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(asking, name, real)
        raise SystemExit

    monkeypatch.setattr(asking, name, die)


def a_minute_later(batch: Batch) -> None:
    past = clock.now() - timedelta(minutes=2)
    batch.items.filter(asked_at__isnull=False, job=None).update(asked_at=past)


@pytest.mark.parametrize("at", ["tryon_generate", "_note"])
def test_a_killed_feeder_costs_nothing_twice_and_counts_right(
    started: Plan, run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    batch = started(2)
    killed(monkeypatch, at)
    with pytest.raises(SystemExit):
        tasks.batches()
    assert batch.items.filter(state="queued", job=None).count() == 2
    assert not TryOnJob.objects.exists()
    a_minute_later(batch)

    run(batch)

    assert (states(batch), TryOnJob.objects.count()) == (["done", "done"], 2)
    assert credits_paid(sandbox) == credits_taken(batch) == 2


def test_the_failed_are_retried_by_a_person_at_a_price(
    started: Plan, run: Run, sandbox: Sandbox, ada: User
) -> None:
    sandbox.inject("prediction", "PoseError")
    batch = run(started(2))
    assert (batch.state, sorted(states(batch)), credits_paid(sandbox)) == (
        BatchState.DONE,
        ["done", "failed"],
        1,
    )
    failed = batch.items.get(state="failed")
    assert failed.error_message.startswith("No person could be found")
    tasks.batches()
    assert TryOnJob.objects.count() == 2  # nobody retries by themselves

    with pytest.raises(PriceChanged):
        batch_retry(batch, ada, confirmed=0)
    batch_retry(batch, ada, confirmed=retry_price(batch))
    with pytest.raises(NotNow):
        batch_retry(batch, ada, confirmed=1)  # the second press
    run(batch)

    assert (batch.state, states(batch)) == (BatchState.DONE, ["done", "done"])
    assert credits_paid(sandbox) == credits_taken(batch) == 2
    assert TryOnJob.objects.get(batch_items=failed).status == Status.COMPLETED
    assert len(mail.outbox) == 2


def test_what_is_there_or_under_way_by_others_costs_the_batch_nothing(
    plan: Plan, run: Run, sandbox: Sandbox, ada: User, owner: Api, finish: Finish, model_id: str
) -> None:
    batch = plan(3)
    items = list(batch.items.all())
    asked = [ask(owner, item.product_image_id, model_id) for item in items[:2]]
    finish(asked[0])
    asked[1] = ask(owner, items[1].product_image_id, model_id, background="white")
    batch_start(batch, ada, confirmed=3)

    run(batch)

    assert states(batch) == ["reused", "reused", "done"]
    assert credits_taken(batch) == 1


def ask(api: Api, product_id: object, model_id: str, **options: Any) -> str:
    body = {"productImageId": str(product_id), "modelImageId": model_id, "options": options}
    return str(data_of(api.post("generate", body))["jobId"])


def test_a_shopper_does_not_wait_behind_a_batch(
    started: Plan, owner: Api, model_id: str, product_id: str
) -> None:
    batch = started(5)
    tasks.batches()
    assert TryOnJob.objects.filter(lane=Lane.BULK).count() == 4
    wish = ask(owner, product_id, model_id)
    shared = batch.items.all()[3]

    tasks.dispatch()

    assert TryOnJob.objects.get(pk=wish).status == Status.PROCESSING
    assert TryOnJob.objects.filter(lane=Lane.BULK, status=Status.PROCESSING).count() == 0
    hurried = ask(owner, shared.product_image_id, model_id)
    assert (str(shared.job_id), TryOnJob.objects.get(pk=hurried).lane) == (hurried, Lane.INTERACTIVE)


def test_a_pause_takes_back_what_is_queued(started: Plan, run: Run, sandbox: Sandbox, ada: User) -> None:
    batch = started(4)
    tasks.batches()
    tasks.dispatch()
    assert TryOnJob.objects.filter(status=Status.PROCESSING).count() == 1  # bulk leaves the last slot

    batch_pause(batch, ada)

    assert states(batch) == ["queued", "waiting", "waiting", "waiting"]
    tasks.batches()
    assert TryOnJob.objects.filter(status=Status.CANCELED).count() == 3
    assert not TryOnJob.objects.filter(status=Status.QUEUED).exists()
    batch_resume(batch, ada)
    with pytest.raises(NotNow):
        batch_resume(batch, ada)
    run(batch)
    assert (batch.counts, credits_paid(sandbox), credits_taken(batch)) == ({"done": 4}, 4, 4)


def test_cancel_the_rest_keeps_what_is_paid_and_what_others_want(
    started: Plan, run: Run, sandbox: Sandbox, ada: User, owner: Api, model_id: str
) -> None:
    batch = started(5)
    tasks.batches()
    tasks.dispatch()
    wanted = batch.items.all()[2]
    joined = tryon_generate_for_shop(owner, wanted.product_image_id, model_id)

    batch_cancel(batch, ada)

    assert states(batch) == ["queued", "canceled", "canceled", "canceled", "canceled"]
    assert TryOnJob.objects.get(pk=joined).status == Status.QUEUED
    run(batch)
    assert (batch.state, states(batch)[0]) == (BatchState.CANCELED, "done")
    assert credits_taken(batch) == 1


def tryon_generate_for_shop(api: Api, product_id: object, model_id: str) -> str:
    return ask(api, product_id, model_id)


def test_a_batch_waits_for_its_hour_and_for_those_before_it(started: Plan, ada: User) -> None:
    late, first, urgent = started(2), started(4), started(2)
    batch_change(late, ada, priority=9, not_before=clock.now() + timedelta(hours=8), credit_floor=None)
    batch_change(urgent, ada, priority=1, not_before=None, credit_floor=None)

    tasks.batches()

    assert [states(batch).count("queued") for batch in (late, first, urgent)] == [0, 2, 2]


def test_a_batch_leaves_the_credits_of_its_floor(started: Plan, ada: User) -> None:
    from django.apps import apps

    balances = apps.get_model("money", "Balance")._default_manager
    batch = started(3)
    batch_change(batch, ada, priority=0, not_before=None, credit_floor=100)
    tasks.batches()
    assert (batch.state, states(batch)) == (BatchState.RUNNING, ["waiting"] * 3)  # nobody knows the balance

    balances.create(account=Account.LIVE, credits=102, at=clock.now())
    tasks.batches()
    assert states(batch) == ["queued", "queued", "waiting"]
    tasks.batches()
    batch.refresh_from_db()
    assert (batch.state, batch.pause_code) == (BatchState.PAUSED, PauseCode.CREDIT_FLOOR)


def test_a_batch_of_who_may_start_nothing_any_more_stops(started: Plan, ada: User) -> None:
    batch = started(1)
    User.objects.update(is_active=False)
    tasks.batches()
    batch.refresh_from_db()
    assert (batch.state, batch.pause_code) == (BatchState.PAUSED, PauseCode.PERSON_GONE)
    assert not TryOnJob.objects.exists()


def test_a_photo_that_goes_after_the_start_is_told_and_costs_nothing(
    started: Plan, run: Run, sandbox: Sandbox
) -> None:
    batch = started(3)
    first, second, _third = batch.items.all()
    ProductImage.objects.filter(batch_items=first).delete()
    ProductImage.objects.filter(batch_items=second).update(processed="")

    run(batch)

    assert states(batch) == ["blocked", "blocked", "done"]
    assert batch.items.first().error_message == "The product photo is gone. Upload it again."  # type: ignore[union-attr]
    assert credits_paid(sandbox) == credits_taken(batch) == 1


def test_a_full_queue_of_the_person_makes_the_batch_wait(started: Plan, settings: Settings) -> None:
    settings.QUEUE_PER_REQUESTER = 2
    batch = started(3)
    tasks.batches()
    assert states(batch) == ["queued", "queued", "waiting"]
    assert batch.state == BatchState.RUNNING


def test_a_paused_service_and_a_spent_day_lose_nothing(
    started: Plan, run: Run, sandbox: Sandbox, settings: Settings
) -> None:
    settings.TRYON_DAILY_LIMIT = 1
    batch = started(3)
    tasks.batches()
    for _ in range(2):
        tasks.dispatch()
    assert TryOnJob.objects.filter(status=Status.PROCESSING).count() == 1
    assert states(batch) == ["queued"] * 3
    settings.TRYON_DAILY_LIMIT = 0
    run(batch)
    assert (batch.counts, credits_paid(sandbox)) == ({"done": 3}, 3)


def test_what_a_failed_pair_has_cost_still_counts_after_its_retry(ada: User) -> None:
    batch = BatchFactory.create(running=True, created_by=ada, max_credits=2)
    BatchItemFactory.create(batch=batch, state="failed", credits=1)
    batch_retry(batch, ada, confirmed=1)
    assert (credits_taken(batch), batch.max_credits) == (1, 2)
