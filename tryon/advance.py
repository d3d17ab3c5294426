"""The step function: moves a job as far as it can go now, and returns when it has to wait.

Anyone may call ``advance`` at any time: a worker, a timer, the sweep, an operator. A short lease lets one of
them work; the others return at once.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tryon import governor, queue, steps
from tryon.models import ACTIVE, PredictionState, Status, TryOnJob

# Longer than any step: an RQ task of the queue is stopped after 150 s, so a lease ends only with its holder.
LEASE: Final = timedelta(seconds=180)
# RQ's scheduler ticks on whole seconds and may fire a timer 0.7 s early: that is near enough.
EARLY: Final = timedelta(seconds=1)


def advance(job_id: UUID) -> None:
    """Move a job on. Does nothing for a job that is finished, waiting, or in somebody else's hands."""
    if TryOnJob.objects.filter(pk=job_id, status=Status.QUEUED).exists():
        dispatch(but=job_id)
    with leased(job_id) as job:
        if job is not None and job.status == Status.PROCESSING:
            _move_on(job)
    if job is not None:
        dispatch()


def dispatch(*, but: UUID | None = None) -> None:
    """Start the queued jobs that get a slot, and hand them to the workers; ``but`` is the caller's own."""
    if not governor.work_is_waiting():
        return
    with transaction.atomic():
        started = [job for job in governor.next_jobs(governor.lock()) if steps.start(job)]
    for job in started:
        if job.pk != but:
            queue.enqueue_advance(job.pk)


@contextmanager
def leased(job_id: UUID) -> Iterator[TryOnJob | None]:
    """Hold the job's lease for the block, or get None. One conditional UPDATE decides between rivals."""
    lease, now = uuid.uuid4(), timezone.now()
    free = TryOnJob.objects.filter(Q(lease=None) | Q(lease_until__lt=now), pk=job_id, status__in=ACTIVE)
    if free.update(lease=lease, lease_until=now + LEASE) != 1:
        yield None
        return
    try:
        yield TryOnJob.objects.select_related("product_image", "model_image").get(pk=job_id)
    finally:
        # Only our own: if the lease ran out, it may be somebody else's by now.
        TryOnJob.objects.filter(pk=job_id, lease=lease).update(lease=None, lease_until=None)


def _move_on(job: TryOnJob) -> None:
    if job.next_check_at is not None and job.next_check_at > timezone.now() + EARLY:
        return
    prediction = job.predictions.order_by("-created_at").first()
    if prediction is None:
        raise RuntimeError(f"processing job {job.pk} has no prediction")
    if prediction.state == PredictionState.SENDING:
        # We hold the lease, so whoever was sending is gone, and nobody knows what FASHN got.
        steps.lose_submission(job, prediction, cause="worker_gone")
    elif prediction.state == PredictionState.RESERVED:
        steps.submit(job, prediction)
    elif prediction.state == PredictionState.RUNNING:
        steps.check(job, prediction)
    if prediction.state == PredictionState.SUCCEEDED and steps.is_last(job, prediction):
        steps.collect(job, prediction)
