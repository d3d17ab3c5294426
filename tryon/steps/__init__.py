"""The steps of a job: start, submit, check, collect. Whoever calls them holds the job's lease."""

from tryon.steps.check import check
from tryon.steps.collect import collect
from tryon.steps.outcomes import abandon, fail, give_up_or_retry, give_up_waiting, lose_submission
from tryon.steps.plan import paid_picture, start
from tryon.steps.rescue import rescue
from tryon.steps.submit import submit

__all__ = [
    "abandon",
    "check",
    "collect",
    "fail",
    "give_up_or_retry",
    "give_up_waiting",
    "lose_submission",
    "paid_picture",
    "rescue",
    "start",
    "submit",
]
