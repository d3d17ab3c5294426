"""The limits on use of FASHN, for all workers on all machines together.

No slot can leak, because none is handed out: slots, rates and budgets are counted from the rows of
``Prediction``, under a lock on the governor's one row. A restart changes nothing.
"""

from tryon.engine.governor.breaker import submission_accepted, submission_failed
from tryon.engine.governor.budget import credits_left_today, credits_spent_today
from tryon.engine.governor.pauses import claim_probe, current, hold, lower_slots, pause, resume
from tryon.engine.governor.row import lock
from tryon.engine.governor.slots import (
    credits_needed,
    dispatchable,
    may_submit,
    next_jobs,
    run_allowed,
    slots,
    slots_taken,
    status_call_allowed,
)

__all__ = [
    "claim_probe",
    "credits_left_today",
    "credits_needed",
    "credits_spent_today",
    "current",
    "dispatchable",
    "hold",
    "lock",
    "lower_slots",
    "may_submit",
    "next_jobs",
    "pause",
    "resume",
    "run_allowed",
    "slots",
    "slots_taken",
    "status_call_allowed",
    "submission_accepted",
    "submission_failed",
]
