"""Races on PostgreSQL, each forced into the one order that did harm.

One transaction stops in its middle, and goes on when the other has to wait for its locks, or has got past it.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from config.core import clock
from config.shops.callers import Caller
from models_library.models import ModelImage
from tests import images
from tests.conftest import Api, Finish, Generate, data_of
from tests.ledger import runs
from tests.waiting import LONGEST_SECONDS, eventually
from tryon import tasks
from tryon.cleanup.pictures import kept_pictures
from tryon.engine import actions, lifecycle
from tryon.models import Lane, Prediction, PredictionState, ProductImage, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services.erasing import Erased, photo_erase
from tryon.services.webhooks import webhook_receive

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time: no such order"
    ),
]

# Two paid steps, three credits.
TWO_STEPS = {"background": "#ffffff", "resolution": "1k"}

submission = import_module("tryon.engine.steps.submit")
reusing = import_module("tryon.services.reuse")
generating = import_module("tryon.services.generate")
type InMidst = Callable[..., None]


@pytest.fixture
def in_midst(monkeypatch: pytest.MonkeyPatch) -> InMidst:
    """Have something happen once, right before or after the work of a function."""

    def arrange(place: Any, name: str, happen: Callable[[], object], *, first: bool = False) -> None:
        real = getattr(place, name)

        def once(*arguments: Any, **options: Any) -> Any:
            monkeypatch.setattr(place, name, real)
            if first:
                happen()
            answer = real(*arguments, **options)
            if not first:
                happen()
            return answer

        monkeypatch.setattr(place, name, once)

    return arrange


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[Future[object]]:
    """Do the work in a thread with a connection of its own, and raise at the end what it raised."""

    def run() -> object:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(run)
        yield outcome
    outcome.result()


def somebody_waits_for_us() -> bool:
    """Return whether another transaction waits for a lock that ours holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        (number,) = cursor.fetchone()
    return bool(number)


def wait_for(event: threading.Event) -> None:
    assert event.wait(LONGEST_SECONDS)


def test_of_two_shoppers_in_a_hurry_one_gets_the_last_credit(
    owner: Api,
    product_id: str,
    model_id: str,
    settings: Settings,
    in_midst: InMidst,
) -> None:
    settings.TRYON_DAILY_LIMIT = 2
    body = {"productImageId": product_id, "modelImageId": model_id}

    def ask(seed: int) -> int:
        return int(owner.post("generate", {**body, "options": {"seed": seed}}).status_code)

    assert [ask(1), ask(2)] == [202, 202]
    TryOnJob.objects.update(lane=Lane.BULK)
    settings.TRYON_DAILY_LIMIT = 1
    entered = threading.Event()

    def second() -> int:
        wait_for(entered)
        return ask(2)

    def until_the_second_waits() -> None:
        entered.set()
        eventually(lambda: somebody_waits_for_us() or other.done())

    in_midst(reusing, "check_hurry", until_the_second_waits)
    with beside(second) as other:
        first = ask(1)
    assert {first, other.result()} == {202, 429}


def test_a_cancel_that_meets_the_unsafe_window_leaves_no_call_behind(
    generate: Generate, owner: Api, finish: Finish, sandbox: Sandbox, in_midst: InMidst
) -> None:
    """Cancel reads the call as reserved; before it drops the call, the worker wants to send it."""
    first = generate()["jobId"]
    at_the_window, looked = threading.Event(), threading.Event()

    def until_cancel_has_looked() -> None:
        at_the_window.set()
        wait_for(looked)

    def until_the_worker_waits() -> None:
        looked.set()
        eventually(lambda: somebody_waits_for_us() or sender.done())

    in_midst(submission, "_open_window", until_cancel_has_looked, first=True)
    in_midst(actions, "release", until_the_worker_waits, first=True)
    with beside(lambda: tasks.advance_job(first)) as sender:
        wait_for(at_the_window)
        assert owner.post(f"jobs/{first}/cancel").status_code == 200

    assert runs(sandbox) == 0
    assert Prediction.objects.get().state == PredictionState.FAILED
    assert finish(generate()["jobId"]).status == Status.COMPLETED
    assert runs(sandbox) == 1


def test_an_id_that_fashn_tells_at_the_unsafe_window_is_seen_before_anything_is_sent(
    generate: Generate, owner: Api, finish: Finish, sandbox: Sandbox, in_midst: InMidst
) -> None:
    """The webhook has found the slot taken, and has not committed the id, when the worker looks."""
    sandbox.inject("run", "reset_after")
    first = generate()["jobId"]
    assert finish(first).error_code == "submission_unknown"
    lost, named = Prediction.objects.get(), sandbox.ledger()["predictions"][0]["id"]
    sandbox.advance(60)
    owner.post(f"jobs/{first}/retry")
    at_the_window, noted = threading.Event(), threading.Event()

    def until_the_id_is_noted() -> None:
        at_the_window.set()
        wait_for(noted)

    def until_the_worker_waits() -> None:
        noted.set()
        eventually(lambda: somebody_waits_for_us() or sender.done())

    in_midst(submission, "_open_window", until_the_id_is_noted, first=True)
    with beside(lambda: tasks.advance_job(first)) as sender:
        wait_for(at_the_window)
        in_midst(import_module("tryon.engine.lifecycle.predictions"), "_note_id", until_the_worker_waits)
        assert webhook_receive(token=lost.callback_token, provider_id=named)

    assert finish(first).status == Status.COMPLETED
    assert runs(sandbox) == 1


@pytest.mark.parametrize("earlier", ["the cleanup", "the attempt"])
def test_a_cleanup_of_copies_and_an_attempt_that_takes_them_over_do_not_block_each_other(
    generate: Generate, owner: Api, in_midst: InMidst, earlier: str
) -> None:
    """Each has the first of two rows when the other comes. The order of ids is not the order of steps."""
    job_id = generate(**TWO_STEPS)["jobId"]
    owner.post(f"jobs/{job_id}/cancel")
    old = clock.now() - timedelta(days=40)
    ids = ["ffffffff-ffff-4fff-8fff-ffffffffffff", "00000000-0000-4000-8000-000000000000"]
    for step, key in enumerate(ids):
        times = {"finished_at": old, "submitted_at": old, "created_at": old + timedelta(seconds=step)}
        Prediction.objects.create(
            pk=key,
            job=TryOnJob.objects.get(),
            step=step,
            state=PredictionState.SUCCEEDED,
            output="https://media.example/1.png",
            kept=f"results/00/{step}.png",
            **times,
        )
    has_one = threading.Event()

    def clean() -> object:
        return kept_pictures("", {}, dry_run=False)

    def ask() -> object:
        return generate(**TWO_STEPS)

    calls = {"the cleanup": (clean, "forget_copy", ask), "the attempt": (ask, "hand_over", clean)}
    begins, first_row, follows = calls[earlier]

    def until_the_other_waits() -> None:
        has_one.set()
        eventually(lambda: somebody_waits_for_us() or other.done())

    def come_second() -> None:
        wait_for(has_one)
        follows()

    in_midst(lifecycle, first_row, until_the_other_waits)
    with beside(come_second) as other:
        begins()

    copies = set(Prediction.objects.exclude(kept="").values_list("job__status", flat=True))
    assert copies == (set() if earlier == "the cleanup" else {Status.PROCESSING})


@pytest.mark.parametrize("kind", ["product", "model"])
def test_an_erasure_waits_for_a_request_that_is_being_written_and_cancels_it(
    generate: Generate, in_midst: InMidst, kind: str
) -> None:
    """The request has seen that the photo is there, and not committed its job, when it is to be erased."""
    inserted = threading.Event()
    eraser_id = User.objects.create_user("eraser").pk

    def erase() -> object:
        wait_for(inserted)
        photo = ProductImage.objects.get() if kind == "product" else ModelImage.objects.get()
        return photo_erase(photo, Caller(f"user:{eraser_id}", is_manager=True))

    def until_the_erasure_waits() -> None:
        inserted.set()
        eventually(lambda: somebody_waits_for_us() or eraser.done())

    in_midst(generating, "hold", until_the_erasure_waits)
    with beside(erase) as eraser:
        generate()

    assert eraser.result() == Erased(jobs=1, canceled=1)
    assert TryOnJob.objects.get().status == Status.CANCELED


def test_who_asks_while_a_paid_picture_is_erased_pays_for_their_own(
    not_stored: TryOnJob,
    owner: Api,
    stranger: Api,
    model_id: str,
    finish: Finish,
    sandbox: Sandbox,
    in_midst: InMidst,
) -> None:
    """The erasure has the call when the request looks for what it may take over."""
    copy = data_of(stranger.upload(images.garment_photo(images.SMALL_SQUARE)))["id"]
    erasing = threading.Event()

    def ask() -> object:
        wait_for(erasing)
        return data_of(stranger.post("generate", {"productImageId": copy, "modelImageId": model_id}))["jobId"]

    def until_the_request_waits() -> None:
        erasing.set()
        eventually(lambda: somebody_waits_for_us() or asker.done())

    in_midst(lifecycle, "erase_picture", until_the_request_waits)
    with beside(ask) as asker:
        assert owner.delete(f"uploads/{not_stored.product_image_id}").status_code == 204

    own = TryOnJob.objects.get(pk=str(asker.result()))
    assert (own.status, own.price) == (Status.QUEUED, 1)
    assert finish(str(own.pk)).status == Status.COMPLETED
    assert runs(sandbox) == 2
