"""The steps of a job: start, submit, check, collect. Their caller holds the job's lease."""

from tryon.engine.steps.check import check
from tryon.engine.steps.collect import collect
from tryon.engine.steps.outcomes import (
    abandon,
    back_off,
    fail,
    give_up_or_retry,
    give_up_waiting,
    look_after_pictures,
    lose_submission,
    release,
)
from tryon.engine.steps.plan import credits_from, paid_picture, price_jobs, start
from tryon.engine.steps.rescue import rescue_prediction
from tryon.engine.steps.submit import FASHN_IS_ILL, submit

__all__ = [
    "FASHN_IS_ILL",
    "abandon",
    "back_off",
    "check",
    "collect",
    "credits_from",
    "fail",
    "give_up_or_retry",
    "give_up_waiting",
    "look_after_pictures",
    "lose_submission",
    "paid_picture",
    "price_jobs",
    "release",
    "rescue_prediction",
    "start",
    "submit",
]
