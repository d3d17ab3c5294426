"""Lost tasks, killed workers, Redis away, slow steps."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import django_rq
import pytest
from django.core.management import call_command
from django_redis import get_redis_connection
from pytest_django import Settings

from config.core import clock
from tests.conftest import Api, Finish, Generate, Poll, data_of
from tests.factories import PredictionFactory, TryOnJobFactory
from tests.processes import output_of
from tests.waiting import eventually
from tryon import tasks
from tryon.engine import leases, recovery
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_emptied_redis_loses_nothing(generate: Generate, finish: Finish, sandbox: Sandbox) -> None:
    job_id = generate()["jobId"]
    get_redis_connection("default").flushall()
    assert finish(job_id).status == Status.COMPLETED


def test_whoever_joins_a_waiting_job_has_it_looked_at_again(generate: Generate) -> None:
    """A dispatch at the moment of joining leaves the job out."""
    job_id = generate()["jobId"]
    get_redis_connection("default").flushall()
    assert generate()["jobId"] == job_id
    (task,) = django_rq.get_queue("tryon").job_ids
    assert task.startswith("dispatch")


def test_a_worker_sweeps_at_its_start(generate: Generate, sandbox: Sandbox) -> None:
    job_id = generate()["jobId"]
    get_redis_connection("default").flushall()
    call_command("rqworker", "tryon", burst=True, worker_class="tryon.worker.StepWorker", verbosity=0)
    assert TryOnJob.objects.get(pk=job_id).status == Status.PROCESSING


# A worker that starts while a killed one still holds RQ's timers; both waits cut short for the test.
TAKE_OVER = """
import django
django.setup()
from datetime import timedelta
import django_rq
from rq.scheduler import RQScheduler
from tryon import worker
worker.MAINTENANCE_SECONDS = worker.IDLE_SECONDS = 1
queue = django_rq.get_queue("tryon")
queue.connection.set(RQScheduler.get_locking_key("tryon"), "killed", ex=2)
queue.enqueue_in(timedelta(seconds=1), "platform.system", job_id="timer")
worker.StepWorker([queue], connection=queue.connection).work(with_scheduler=True, max_jobs=1)
print(queue.fetch_job("timer").get_status().value)
"""


@pytest.mark.slow
def test_timers_go_on_after_the_worker_that_held_them_was_killed() -> None:
    assert output_of(TAKE_OVER) == "finished"


def test_a_killed_workers_job_goes_on_when_its_lease_is_over(
    generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    work()
    TryOnJob.objects.update(lease=uuid.uuid4(), lease_until=clock.now() + timedelta(seconds=10))
    TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
    tasks.sweep()
    work()
    assert TryOnJob.objects.get(pk=job_id).status == Status.PROCESSING
    TryOnJob.objects.update(lease_until=clock.now())
    assert finish(job_id).status == Status.COMPLETED


@pytest.mark.parametrize(("due_in", "asked"), [(0.9, 1), (60, 0)])
def test_a_timer_may_be_a_little_early(
    generate: Generate, work: Callable[[], None], sandbox: Sandbox, due_in: float, asked: int
) -> None:
    """RQ's scheduler fires up to 0.7 s early, and nobody would call again."""
    job_id = generate()["jobId"]
    work()
    TryOnJob.objects.update(next_check_at=clock.now() + timedelta(seconds=due_in))
    tasks.advance_job(job_id)
    assert sandbox.ledger()["requests"].get("status", 0) == asked


def test_a_worker_killed_between_a_failure_and_its_consequence_costs_no_retry(
    generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    work()
    Prediction.objects.update(state=PredictionState.FAILED, error_name="PipelineError")
    job = finish(job_id)
    assert (job.status, job.retry_count) == (Status.COMPLETED, 0)


def test_without_redis_a_thread_of_the_web_process_moves_the_job_on(
    redis_away: None, owner: Api, generate: Generate, sandbox: Sandbox, poll: Poll
) -> None:
    job_id = generate()["jobId"]
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "queued"  # not overdue yet
    assert poll(job_id)["resultImageUrl"]
    assert len(sandbox.ledger()["predictions"]) == 1


def test_without_redis_no_request_waits_for_fashn(
    redis_away: None, owner: Api, generate: Generate, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "slow_body", seconds=60)
    job_id = generate()["jobId"]
    TryOnJob.objects.update(updated_at=clock.now() - timedelta(minutes=1))
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "queued"
    eventually(lambda: sandbox.ledger()["requests"].get("run"))  # the call is under way
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "processing"
    assert Prediction.objects.get().state == PredictionState.SENDING


def test_without_redis_one_process_works_at_one_job_at_a_time(
    redis_away: None, owner: Api, generate: Generate, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "slow_body", seconds=60)
    jobs = [generate(seed=seed)["jobId"] for seed in range(4)]
    TryOnJob.objects.update(updated_at=clock.now() - timedelta(minutes=1))
    for job_id in jobs:
        assert owner.get(f"jobs/{job_id}").status_code == 200
    eventually(lambda: sandbox.ledger()["requests"].get("run"))
    assert Prediction.objects.filter(state=PredictionState.SENDING).count() == 1
    assert TryOnJob.objects.filter(lease_until__gt=clock.now()).count() == 1


def test_without_redis_jobs_of_shoppers_who_left_do_not_hold_up_the_others(
    redis_away: None, generate: Generate, sandbox: Sandbox, settings: Settings, poll: Poll
) -> None:
    settings.QUEUE_CONCURRENCY = 1
    left, mine = generate(seed=1)["jobId"], generate(seed=2)["jobId"]
    assert poll(mine)
    assert TryOnJob.objects.get(pk=left).status == Status.COMPLETED


def test_without_redis_a_job_that_breaks_is_not_another_shoppers_trouble(
    redis_away: None, generate: Generate, sandbox: Sandbox, poll: Poll
) -> None:
    broken = TryOnJobFactory.create(
        status=Status.PROCESSING, started_at=clock.now(), next_check_at=clock.now() - timedelta(minutes=5)
    )  # without a prediction no step can be taken
    assert poll(generate()["jobId"])
    assert TryOnJob.objects.get(pk=broken.pk).status == Status.PROCESSING


def test_without_redis_a_process_of_its_own_moves_jobs_on_that_nobody_polls(
    redis_away: None, generate: Generate, sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]

    def is_completed() -> bool:
        call_command("run_due", once=True)
        TryOnJob.objects.filter(status=Status.PROCESSING).update(next_check_at=clock.now())
        return TryOnJob.objects.get(pk=job_id).status == Status.COMPLETED

    eventually(is_completed)


def test_with_redis_that_process_leaves_the_work_to_the_workers(generate: Generate, sandbox: Sandbox) -> None:
    job_id = generate()["jobId"]
    call_command("run_due", once=True)
    assert TryOnJob.objects.get(pk=job_id).status == Status.QUEUED
    assert sandbox.ledger()["requests"] == {}


def test_a_part_of_the_sweep_that_fails_does_not_keep_the_others_from_their_work(
    generate: Generate, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError

    job_id = generate()["jobId"]
    monkeypatch.setattr(recovery, "probe", fail)
    with pytest.raises(ExceptionGroup) as raised:
        tasks.sweep()
    assert [type(error) for error in raised.value.exceptions] == [OSError]
    assert TryOnJob.objects.get(pk=job_id).status == Status.PROCESSING


def test_with_redis_a_request_never_asks_fashn(owner: Api, generate: Generate, sandbox: Sandbox) -> None:
    job_id = generate()["jobId"]
    TryOnJob.objects.update(updated_at=clock.now() - timedelta(minutes=1))
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "queued"
    assert sandbox.ledger()["requests"] == {}


def test_a_slow_step_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
    job = TryOnJobFactory.create(status=Status.PROCESSING)
    with leases.leased(job.pk) as held:
        assert held is not None
        TryOnJob.objects.filter(pk=job.pk).update(lease_until=clock.now())
        renewed = TryOnJob.objects.filter(pk=job.pk, lease_until__gt=clock.now() + timedelta(seconds=10))
        eventually(renewed.exists)
        with leases.leased(job.pk) as second:
            assert second is None
    job.refresh_from_db()
    assert job.lease is None


def test_a_slot_of_a_job_that_is_over_is_given_back() -> None:
    old = clock.now() - timedelta(minutes=10)
    for state, provider_id in [
        (PredictionState.RESERVED, ""),
        (PredictionState.SENDING, ""),
        (PredictionState.RUNNING, "abc"),
    ]:
        PredictionFactory.create(
            job__status=Status.CANCELED, state=state, provider_id=provider_id, submitted_at=old
        )
    Prediction.objects.update(created_at=old)
    young = PredictionFactory.create(
        job__status=Status.CANCELED, state=PredictionState.RUNNING, provider_id="young"
    )
    tasks.sweep()
    young.refresh_from_db()
    assert young.state == PredictionState.RUNNING  # the process that ended its job may be about to see to it
    young.delete()
    states = list(Prediction.objects.order_by("provider_id", "state").values_list("state", "rescue_at"))
    assert [state for state, _ in states] == ["failed", "unknown", "unknown"]
    assert [at is not None for _, at in states] == [False, False, True]


def test_a_job_that_nothing_moves_fails_in_the_end() -> None:
    job = TryOnJobFactory.create(status=Status.PROCESSING, started_at=clock.now() - timedelta(hours=2))
    PredictionFactory.create(job=job, state=PredictionState.RUNNING, provider_id="abc")
    tasks.sweep()
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "internal_error")


def test_a_timer_that_fires_early_waits_on(generate: Generate, work: Callable[[], None]) -> None:
    """The host that set it goes ahead of the one that looks."""
    job_id = generate()["jobId"]
    work()
    soon = clock.now() + timedelta(minutes=1)
    TryOnJob.objects.update(next_check_at=soon)
    queue = django_rq.get_queue("tryon")
    before = {*queue.scheduled_job_registry.get_job_ids()}

    tasks.advance_job_by_timer(job_id)

    (task_id,) = {*queue.scheduled_job_registry.get_job_ids()} - before
    again = queue.scheduled_job_registry.get_scheduled_time(task_id)
    assert abs((again - soon).total_seconds()) < 5
    assert TryOnJob.objects.get().next_check_at == soon
