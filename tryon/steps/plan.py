"""Which paid calls a job is made of, and which of them are still to be made."""

from datetime import timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from tryon import lifecycle
from tryon.fashn.inputs import Step, model_for
from tryon.fashn.inputs import steps as steps_of
from tryon.fashn.options import DEFAULT_MODE, TryOnOptions
from tryon.models import Prediction, PredictionState, TryOnJob

FASHN_KEEPS_PICTURES: Final = timedelta(hours=72)


def start(job: TryOnJob) -> bool:
    """Take a queued job into processing, with a slot reserved. Needs the governor's lock.

    What an earlier attempt paid for is not paid again: the job goes on with its first open step, or goes
    straight to collecting.
    """
    step = first_open_step(job)
    return lifecycle.start(job, None if step == len(steps_of(options_of(job))) else call_for(job, step))


def call_for(job: TryOnJob, step: int) -> Prediction:
    """The paid call of a step, not saved yet."""
    options = options_of(job)
    model = model_for(steps_of(options)[step], options)
    return Prediction(
        job=job, step=step, model_name=model.name, speed=speed_of(options), price=model.credits(options)
    )


def first_open_step(job: TryOnJob) -> int:
    """The first step that has no usable picture yet; the number of steps when all have."""
    done = set(usable_predictions(job).values_list("step", flat=True))
    return next(step for step in range(len(done) + 1) if step not in done)


def usable_predictions(job: TryOnJob) -> QuerySet[Prediction]:
    """The job's paid pictures that FASHN still has, or we, and that nothing is wrong with."""
    at_fashn = Q(finished_at__gt=timezone.now() - FASHN_KEEPS_PICTURES)
    paid = job.predictions.filter(at_fashn | ~Q(kept=""), state=PredictionState.SUCCEEDED)
    return paid.exclude(output="")


def options_of(job: TryOnJob) -> TryOnOptions:
    """The job's options, checked again: rows outlive code."""
    return TryOnOptions.from_mapping(job.options)


def step_of(job: TryOnJob, prediction: Prediction) -> Step:
    """Which of the job's steps the prediction carries out."""
    return steps_of(options_of(job))[prediction.step]


def is_last(job: TryOnJob, prediction: Prediction) -> bool:
    """Whether the prediction's picture is the job's result."""
    return prediction.step + 1 == len(steps_of(options_of(job)))


def speed_of(options: TryOnOptions) -> str:
    """What a prediction's duration depends on beside its model: ``balanced``, ``2k quality``."""
    return " ".join(filter(None, [options.resolution, options.mode or DEFAULT_MODE]))
