"""The steps of a job: start, submit, check, collect. Their caller holds the job's lease."""

from tryon.engine.steps.check import check
from tryon.engine.steps.collect import collect
from tryon.engine.steps.outcomes import (
    abandon,
    back_off,
    fail,
    give_up_or_retry,
    give_up_waiting,
    lose_submission,
    release,
)
from tryon.engine.steps.plan import paid_picture, start
from tryon.engine.steps.rescue import rescue_prediction
from tryon.engine.steps.submit import submit

__all__ = [
    "abandon",
    "back_off",
    "check",
    "collect",
    "fail",
    "give_up_or_retry",
    "give_up_waiting",
    "lose_submission",
    "paid_picture",
    "release",
    "rescue_prediction",
    "start",
    "submit",
]
