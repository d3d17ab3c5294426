"""The promises of a batch's buttons: nobody pays what no person has confirmed, and a stop stops."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from config.core import clock
from config.shops.callers import person_calling
from tests.conftest import Api
from tests.factories import PredictionFactory
from tests.ledger import credits_paid
from tests.tryon.batches.conftest import Plan, Run
from tests.tryon.batches.test_feeding import ask, killed
from tests.tryon.engine.test_one_moment import between_sums, sending
from tryon import tasks
from tryon.batches import asking, feeding, settling
from tryon.batches.claims import claim, credits_above_floor
from tryon.batches.models import Batch, BatchState, PauseCode
from tryon.batches.orders import batch_change, batch_start, credits_missing, retry_price
from tryon.batches.plans import plan_make
from tryon.batches.selectors import LOST, credits_taken, payer_of
from tryon.fashn.options import TryOnOptions
from tryon.models import Account, Lane, PredictionState, Status, TryOnJob
from tryon.money.models import Balance
from tryon.money.selectors import last_days, spending, totals_by
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def two_slots(settings: Settings) -> None:
    settings.QUEUE_CONCURRENCY = 2


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def order(page: Client, batch: Batch, name: str, confirmed: int = 0) -> None:
    """Press a button of a batch's page."""
    answer = page.post(reverse("admin:batch", args=[batch.pk]), {"order": name, "confirmed": str(confirmed)})
    assert answer.status_code == 302
    batch.refresh_from_db()


def states(batch: Batch) -> list[str]:
    return list(batch.items.values_list("state", flat=True))


def by_batch() -> dict[Any, int]:
    """The paid credits of each batch, as the page *Money* counts them."""
    sums = totals_by(spending(last_days(1)), lambda columns: columns["batch_id"])
    return {key: one.credits for key, one in sums.items()}


def same_again(batch: Batch, person: User) -> Batch:
    """Start another batch of the same pairs."""
    pairs = batch.items.values_list("product_image", "model_image")
    other = plan_make(person, options=TryOnOptions(), pairs=list(pairs))
    batch_start(other, person, confirmed=other.price)
    return other


def test_a_retry_is_paid_and_nothing_else_with_it(
    started: Plan, run: Run, sandbox: Sandbox, page: Client
) -> None:
    sandbox.inject("prediction", "PoseError")
    batch = started(4)
    last_two = batch.items.order_by("-id").values("pk")[:2]
    batch.items.filter(pk__in=list(last_two.values_list("pk", flat=True))).update(credits=0)
    Batch.objects.update(max_credits=2)  # others were to pay for the last two, and have not
    assert (run(batch).state, states(batch)) == (BatchState.PAUSED, ["failed"] + ["waiting"] * 3)

    order(page, batch, "retry", retry_price(batch))
    order(page, batch, "resume")

    assert (batch.state, credits_missing(batch)) == (BatchState.PAUSED, 1)  # nobody has confirmed the last
    order(page, batch, "resume", 1)
    assert (run(batch).state, credits_paid(sandbox), batch.max_credits) == (BatchState.DONE, 4, 4)


def test_two_canceled_batches_leave_no_job_to_each_other(
    started: Plan, ada: User, page: Client, run: Run, sandbox: Sandbox
) -> None:
    first = started(1)
    second = same_again(first, ada)
    tasks.batches()
    assert states(first) == states(second) == ["queued"]

    order(page, first, "cancel")
    assert TryOnJob.objects.get().status == Status.QUEUED  # the other batch wants it
    order(page, second, "cancel")

    run(first)
    run(second)
    assert TryOnJob.objects.get().status == Status.CANCELED
    assert (states(first), states(second), credits_paid(sandbox)) == (["canceled"], ["canceled"], 0)


def test_a_shared_pair_waits_in_the_batch_that_is_paused(
    started: Plan, ada: User, page: Client, run: Run, sandbox: Sandbox
) -> None:
    first = started(1)
    second = same_again(first, ada)
    tasks.batches()

    order(page, first, "pause")
    order(page, second, "cancel")

    assert TryOnJob.objects.get().status == Status.CANCELED
    assert (states(first), states(second)) == (["waiting"], ["canceled"])
    order(page, first, "resume", credits_missing(first))
    run(first)
    assert (first.state, credits_paid(sandbox), credits_taken(first)) == (BatchState.DONE, 1, 1)


@pytest.mark.parametrize("gone", ["off", "deleted"])
def test_the_batch_of_who_has_left_can_be_stopped(
    started: Plan, ada: User, run: Run, sandbox: Sandbox, gone: str
) -> None:
    batch = started(2)
    tasks.batches()
    bob = User.objects.create_superuser("bob", "bob@shop.example")
    if gone == "off":
        User.objects.filter(pk=ada.pk).update(is_active=False)
    else:
        ada.delete()
    page = Client()
    page.force_login(bob)

    order(page, batch, "cancel")

    run(batch)
    assert (batch.state, states(batch), credits_paid(sandbox)) == (BatchState.CANCELED, ["canceled"] * 2, 0)


@pytest.mark.parametrize("name", ["pause", "cancel"])
def test_a_stop_while_the_feeder_asks_starts_nothing_more(
    started: Plan, page: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    batch = started(4)
    real, asked = asking.ask, []

    def ask(*args: Any) -> bool:
        answer = real(*args)
        asked.append(args)
        if len(asked) == 1:
            order(page, batch, name)
        return answer

    monkeypatch.setattr(feeding, "ask", ask)
    tasks.batches()

    assert not TryOnJob.objects.filter(status=Status.QUEUED).exists()
    assert TryOnJob.objects.count() == 1
    assert set(states(batch)) == {"waiting" if name == "pause" else "canceled"}


def test_what_a_worker_has_taken_and_not_sent_counts_against_the_floor(started: Plan, ada: User) -> None:
    batch = started(3)
    batch_change(batch, ada, priority=0, not_before=None, credit_floor=100)
    Balance.objects.create(account=Account.LIVE, credits=102)
    tasks.batches()
    tasks.dispatch()
    assert TryOnJob.objects.filter(status=Status.PROCESSING).count() == 1

    tasks.batches()

    batch.refresh_from_db()
    assert (states(batch)[2], batch.pause_code) == ("waiting", PauseCode.CREDIT_FLOOR)


def test_a_call_that_is_sent_while_the_floor_is_looked_at_counts_against_it(started: Plan) -> None:
    started(1)
    Balance.objects.create(account=Account.LIVE, credits=102)
    tasks.batches()
    tasks.dispatch()
    with between_sums(1, lambda: sending(TryOnJob.objects.get())):
        assert credits_above_floor(Batch(credit_floor=100)) == 102 - 1 - 100


def test_a_key_that_is_refused_takes_nothing_from_the_floor_of_the_others(settings: Settings) -> None:
    settings.FASHN_API_KEYS = ["fa-second"]
    week_ago = clock.now() - timedelta(days=7)
    Balance.objects.create(account=Account.LIVE, credits=102)
    Balance.objects.create(account="live-2", credits=10, at=week_ago)
    spent = {"state": PredictionState.SUCCEEDED, "submitted_at": week_ago + timedelta(days=1)}
    PredictionFactory.create(job__failed=True, credits_used=50, **spent)
    PredictionFactory.create(job__failed=True, credits_used=3, account="live-2", **spent)
    assert credits_above_floor(Batch(credit_floor=100)) == 102 + 10 - 3 - 100


def test_a_batch_whose_budget_ends_half_way_says_until_when_it_waits_and_goes_on(
    started: Plan, run: Run, page: Client, sandbox: Sandbox, settings: Settings
) -> None:
    settings.TRYON_DAILY_LIMIT = 1
    batch = started(3)
    tasks.batches()
    for _ in range(2):
        tasks.dispatch()

    text = page.get(reverse("admin:batch", args=[batch.pk])).text
    assert "Today&#x27;s credits are used up" in text
    assert "Until 20" in text

    settings.TRYON_DAILY_LIMIT = 0
    run(batch)
    assert (batch.state, credits_paid(sandbox), credits_taken(batch)) == (BatchState.DONE, 3, 3)


def test_a_call_counts_for_the_batch_that_pays_for_it(
    started: Plan, plan: Plan, ada: User, run: Run, sandbox: Sandbox
) -> None:
    joining = plan(1)
    paying = same_again(joining, ada)
    tasks.batches()
    batch_start(joining, ada, confirmed=1)
    tasks.batches()
    run(paying)
    run(joining)

    assert (credits_taken(paying), credits_taken(joining), credits_paid(sandbox)) == (1, 0, 1)
    assert by_batch() == {paying.pk: 1}


def test_what_a_failed_pair_has_cost_stays_its_batchs(
    started: Plan, run: Run, sandbox: Sandbox, page: Client
) -> None:
    sandbox.inject("prediction", "ContentModerationError", model="background-remove")
    batch = run(started(1, background="white"))
    assert (states(batch), credits_paid(sandbox)) == (["failed"], 1)

    order(page, batch, "retry", retry_price(batch))
    assert by_batch() == {batch.pk: 1}
    order(page, batch, "cancel")

    assert by_batch() == {batch.pk: credits_taken(batch)} == {batch.pk: 1}


def test_a_batch_with_outdated_options_can_be_seen_and_canceled(started: Plan, page: Client) -> None:
    first, other = started(1), started(1)
    for batch in (first, other):
        claim(batch, 1)
    first.items.update(asked_at=clock.now() - LOST * 2)
    other.items.update(asked_at=clock.now() - LOST * 2)
    Batch.objects.filter(pk=first.pk).update(options={"mode": "gone"})

    tasks.batches()
    tasks.batches()

    first.refresh_from_db()
    assert (first.pause_code, states(first), states(other)) == ("options_outdated", ["waiting"], ["queued"])
    assert other.items.get().job is not None
    assert page.get(reverse("admin:batch", args=[first.pk])).status_code == 200
    order(page, first, "cancel")
    assert states(first) == ["canceled"]


@pytest.mark.parametrize("at", ["job_retry", "_note"])
def test_a_feeder_killed_at_a_retry_pays_nothing(
    started: Plan, run: Run, sandbox: Sandbox, page: Client, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    sandbox.inject("prediction", "PoseError")
    batch = run(started(1))
    order(page, batch, "retry", 1)
    killed(monkeypatch, at)
    with pytest.raises(SystemExit):
        tasks.batches()
    batch.items.update(asked_at=F("asked_at") - LOST * 2)

    run(batch)

    assert (states(batch), credits_paid(sandbox), credits_taken(batch)) == (["failed"], 0, 0)
    assert batch.max_credits == 1


@pytest.mark.parametrize("order_of_work", ["settled, then asked", "read, then asked, then settled"])
def test_a_feeder_that_stands_still_before_a_retry_pays_nothing_uncounted(
    started: Plan,
    run: Run,
    sandbox: Sandbox,
    page: Client,
    monkeypatch: pytest.MonkeyPatch,
    order_of_work: str,
) -> None:
    sandbox.inject("prediction", "PoseError")
    batch = run(started(1))
    order(page, batch, "retry", 1)
    [item] = claim(batch, 1)
    payer = payer_of(batch)
    assert payer is not None
    settle_one = settling._settle_one

    def settle_late(*args: Any) -> None:
        asking.ask(item, payer, TryOnOptions())
        settle_one(*args)

    if order_of_work != "settled, then asked":
        monkeypatch.setattr(settling, "_settle_one", settle_late)
    with monkeypatch.context() as a_minute_later:
        a_minute_later.setattr(settling, "LOST", timedelta(0))
        settling.settle()
    monkeypatch.setattr(settling, "_settle_one", settle_one)
    asking.ask(item, payer, TryOnOptions())

    run(batch)

    is_asked = order_of_work != "settled, then asked"
    assert credits_paid(sandbox) == credits_taken(batch) == by_batch().get(batch.pk, 0) == int(is_asked)


def test_a_feeder_that_stands_still_asks_for_nothing_that_was_canceled(
    started: Plan, page: Client, sandbox: Sandbox, ada: User
) -> None:
    batch = started(1)
    [item] = claim(batch, 1)
    batch.items.update(asked_at=F("asked_at") - LOST * 2)
    item.refresh_from_db()
    order(page, batch, "cancel")
    tasks.batches()

    asking.ask(item, person_calling(ada), TryOnOptions())

    assert (states(batch), TryOnJob.objects.count()) == (["canceled"], 0)


def test_a_retry_by_a_batch_goes_in_its_lane(
    started: Plan, run: Run, sandbox: Sandbox, page: Client, owner: Api, model_id: str
) -> None:
    batch = started(1)
    tasks.batches()
    [item] = batch.items.all()
    hurried = ask(owner, item.product_image_id, model_id)
    assert TryOnJob.objects.get(pk=hurried).lane == Lane.INTERACTIVE
    sandbox.inject("prediction", "PoseError")
    run(batch)

    order(page, batch, "retry", 1)
    tasks.batches()

    job = TryOnJob.objects.get()
    assert (job.status, job.lane) == (Status.QUEUED, Lane.BULK)
