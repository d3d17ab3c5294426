"""Every change of a job's state, and of its predictions'.

Each is one conditional UPDATE plus an event, in one short transaction. False means that somebody else
was first: the caller stops quietly.
"""

from tryon.engine.lifecycle.events import record, record_for_all
from tryon.engine.lifecycle.jobs import (
    DOWNLOADING_PROGRESS,
    back_off,
    cancel,
    complete,
    fail,
    hurry,
    lock_job,
    refuse,
    requeue,
    revive,
    start,
    wait,
    wake,
)
from tryon.engine.lifecycle.predictions import (
    adopted,
    dropped,
    ended,
    kept,
    look_after,
    output_refused,
    rescue_later,
    running,
    sending,
    succeeded,
    unanswered,
)

__all__ = [
    "DOWNLOADING_PROGRESS",
    "adopted",
    "back_off",
    "cancel",
    "complete",
    "dropped",
    "ended",
    "fail",
    "hurry",
    "kept",
    "lock_job",
    "look_after",
    "output_refused",
    "record",
    "record_for_all",
    "refuse",
    "requeue",
    "rescue_later",
    "revive",
    "running",
    "sending",
    "start",
    "succeeded",
    "unanswered",
    "wait",
    "wake",
]
