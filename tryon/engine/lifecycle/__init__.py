"""Every change of the state of jobs and predictions.

``edges`` is the table, ``transition`` the one function that writes, and each function here takes one edge.
False means that another process was first, and the caller stops quietly.
"""

from tryon.engine.lifecycle.diagram import state_diagram
from tryon.engine.lifecycle.edges import JobEdge, PredictionEdge
from tryon.engine.lifecycle.events import record, record_for_all
from tryon.engine.lifecycle.jobs import (
    DOWNLOADING_PROGRESS,
    back_off,
    cancel,
    complete,
    enqueue,
    fail,
    hurry,
    inherit,
    lock_job,
    refuse,
    requeue,
    resume_collecting,
    start,
    wait,
    wake,
)
from tryon.engine.lifecycle.predictions import (
    SUBMITTED_PROGRESS,
    adopt,
    claim_rescue,
    drop,
    forget_copy,
    hand_over,
    keep,
    let_go,
    look_after,
    mark_failed,
    mark_running,
    mark_sending,
    mark_succeeded,
    mark_unknown,
    refuse_output,
    resume,
)

__all__ = [
    "DOWNLOADING_PROGRESS",
    "SUBMITTED_PROGRESS",
    "JobEdge",
    "PredictionEdge",
    "adopt",
    "back_off",
    "cancel",
    "claim_rescue",
    "complete",
    "drop",
    "enqueue",
    "fail",
    "forget_copy",
    "hand_over",
    "hurry",
    "inherit",
    "keep",
    "let_go",
    "lock_job",
    "look_after",
    "mark_failed",
    "mark_running",
    "mark_sending",
    "mark_succeeded",
    "mark_unknown",
    "record",
    "record_for_all",
    "refuse",
    "refuse_output",
    "requeue",
    "resume",
    "resume_collecting",
    "start",
    "state_diagram",
    "wait",
    "wake",
]
