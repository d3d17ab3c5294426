"""The limits on use of FASHN, for all workers on all machines together.

No slot can leak, because none is handed out: slots, rates and budgets are counted from the rows of
``Prediction``, under a lock on the governor's one row. A restart changes nothing.
"""

from tryon.engine.governor.breaker import submission_accepted, submission_failed
from tryon.engine.governor.budget import (
    credits_left_for_batches,
    credits_left_today,
    credits_spent_today,
    credits_to_pay,
    credits_to_spend,
    credits_unspoken_for,
    is_budgeted,
    next_day,
)
from tryon.engine.governor.choice import dispatchable, next_jobs
from tryon.engine.governor.pauses import (
    claim_probe,
    current,
    is_reachable,
    is_unwell,
    lower_slots,
    pause,
    probe_answered,
    resume,
)
from tryon.engine.governor.payers import Budget, budgets_of, credits_used_by, is_over_budget
from tryon.engine.governor.refusals import hold
from tryon.engine.governor.row import lock
from tryon.engine.governor.slots import may_submit, next_run_at, run_allowed, slots, slots_taken
from tryon.engine.governor.status_calls import claim_status_call
from tryon.engine.governor.sums import Part, sums

__all__ = [
    "Budget",
    "Part",
    "budgets_of",
    "claim_probe",
    "claim_status_call",
    "credits_left_for_batches",
    "credits_left_today",
    "credits_spent_today",
    "credits_to_pay",
    "credits_to_spend",
    "credits_unspoken_for",
    "credits_used_by",
    "current",
    "dispatchable",
    "hold",
    "is_budgeted",
    "is_over_budget",
    "is_reachable",
    "is_unwell",
    "lock",
    "lower_slots",
    "may_submit",
    "next_day",
    "next_jobs",
    "next_run_at",
    "pause",
    "probe_answered",
    "resume",
    "run_allowed",
    "slots",
    "slots_taken",
    "submission_accepted",
    "submission_failed",
    "sums",
]
