"""The table of transitions: each edge with its event, the states it leaves, and the state it enters.

This is the whole machine. ``docs/operations.md`` draws it from here (``manage.py draw_lifecycle``).
"""

from enum import Enum
from typing import Final, NamedTuple

from tryon.models import ACTIVE, EventKind, PredictionState, Status

QUEUED, PROCESSING, COMPLETED, FAILED = Status.QUEUED, Status.PROCESSING, Status.COMPLETED, Status.FAILED

ENDED: Final = (COMPLETED, FAILED, Status.CANCELED)

# In these states a prediction may still bring a picture.
OPEN: Final = (PredictionState.SENDING, PredictionState.RUNNING, PredictionState.UNKNOWN)
UNANSWERED: Final = (PredictionState.SENDING, PredictionState.UNKNOWN)
# The target of an edge that removes the row. So a diagram writes the end of all states.
GONE: Final = "[*]"
KNOWN: Final = (PredictionState.RUNNING, PredictionState.UNKNOWN)


class Edge(NamedTuple):
    """One way for a row to change.

    ``sources`` is empty if the edge creates the row. ``target`` is None if the state stays the same, and
    GONE if the edge removes the row: a call that FASHN never took leaves only its event.
    ``held``: only the holder of the job's lease may take the edge, so a worker that froze in mid-step can't
    overrule its successor. ``joint``: the row's partner takes an edge with the same event in the same
    transaction and writes the event.
    """

    event: EventKind
    sources: tuple[str, ...]
    target: str | None
    held: bool = False
    joint: bool = False


class JobEdge(Enum):
    """Every change of a job."""

    QUEUE = Edge(EventKind.QUEUED, (), QUEUED)
    START = Edge(EventKind.STARTED, (QUEUED,), PROCESSING)
    INHERIT = Edge(EventKind.INHERITED, (QUEUED,), PROCESSING)
    PRICE = Edge(EventKind.PRICED, ACTIVE, None)
    REFUSE = Edge(EventKind.FAILED, (QUEUED,), FAILED)
    NOTE_SUBMITTED = Edge(EventKind.SUBMITTED, (PROCESSING,), None, joint=True)
    NOTE_ADOPTED = Edge(EventKind.ADOPTED, (PROCESSING,), None, joint=True)
    NOTE_PICTURE_READY = Edge(EventKind.PICTURE_READY, (PROCESSING,), None, joint=True)
    AWAIT_CHECK = Edge(EventKind.CHECKED, (PROCESSING,), None, held=True)
    POSTPONE_CHECK = Edge(EventKind.CHECK_POSTPONED, (PROCESSING,), None, held=True)
    AWAIT_WEBHOOK = Edge(EventKind.WAITING_FOR_WEBHOOK, (PROCESSING,), None, held=True)
    COLLECT_AGAIN = Edge(EventKind.COLLECTING_FAILED, (PROCESSING,), None, held=True)
    WAKE = Edge(EventKind.WOKEN, (PROCESSING,), None)
    HURRY = Edge(EventKind.HURRIED, ACTIVE, None)
    COMPLETE = Edge(EventKind.COMPLETED, (PROCESSING,), COMPLETED, held=True)
    BACK_OFF = Edge(EventKind.BACKED_OFF, (PROCESSING,), QUEUED, held=True)
    FAIL = Edge(EventKind.FAILED, (PROCESSING,), FAILED, held=True)
    CANCEL = Edge(EventKind.CANCELED, ACTIVE, Status.CANCELED)
    RETRY = Edge(EventKind.RETRIED, (FAILED,), QUEUED)
    RESUME = Edge(EventKind.REVIVED, (FAILED,), QUEUED)
    RESUME_COLLECTING = Edge(EventKind.REVIVED, (FAILED, QUEUED), PROCESSING)
    CHANGE_PHOTO = Edge(EventKind.PHOTO_CHANGED, (*ACTIVE, *ENDED), None)
    PASS_ON = Edge(EventKind.PASSED_ON, (*ACTIVE, *ENDED), None)
    ERASE = Edge(EventKind.ERASED, ENDED, None)


class PredictionEdge(Enum):
    """Every change of a prediction. An edge ending in ``_LATE`` is for a job that no longer waits."""

    RESERVE = Edge(EventKind.STARTED, (), PredictionState.RESERVED, joint=True)
    RESERVE_NEXT = Edge(EventKind.PICTURE_READY, (), PredictionState.RESERVED, joint=True)
    SEND = Edge(EventKind.SUBMITTING, (PredictionState.RESERVED,), PredictionState.SENDING)
    DROP = Edge(EventKind.PREDICTION_FAILED, (PredictionState.RESERVED,), PredictionState.FAILED)
    RETURN_SLOT = Edge(EventKind.SLOT_RETURNED, (PredictionState.RESERVED,), GONE)
    REFUSE = Edge(EventKind.SUBMISSION_REFUSED, (PredictionState.SENDING,), GONE)
    ACCEPT = Edge(EventKind.SUBMITTED, UNANSWERED, PredictionState.RUNNING)
    ACCEPT_LATE = Edge(EventKind.SUBMITTED, UNANSWERED, PredictionState.UNKNOWN)
    ADOPT = Edge(EventKind.ADOPTED, UNANSWERED, PredictionState.RUNNING)
    ADOPT_LATE = Edge(EventKind.ADOPTED, UNANSWERED, PredictionState.UNKNOWN)
    LOSE = Edge(EventKind.PREDICTION_UNKNOWN, (PredictionState.SENDING,), PredictionState.UNKNOWN)
    SUCCEED = Edge(EventKind.PICTURE_READY, KNOWN, PredictionState.SUCCEEDED)
    FAIL = Edge(EventKind.PREDICTION_FAILED, OPEN, PredictionState.FAILED)
    LET_GO = Edge(EventKind.RESCUE_PLANNED, OPEN, PredictionState.UNKNOWN)
    LOOK_AFTER = Edge(EventKind.RESCUE_PLANNED, (PredictionState.SUCCEEDED,), None)
    CLAIM_RESCUE = Edge(EventKind.RESCUE_TRIED, (PredictionState.UNKNOWN, PredictionState.SUCCEEDED), None)
    HAND_OVER = Edge(EventKind.HANDED_OVER, (PredictionState.UNKNOWN, PredictionState.SUCCEEDED), None)
    RESUME = Edge(EventKind.RESUMED, (PredictionState.UNKNOWN,), PredictionState.RUNNING)
    KEEP = Edge(EventKind.PICTURE_KEPT, (PredictionState.SUCCEEDED,), None)
    FORGET_COPY = Edge(EventKind.COPY_REMOVED, (PredictionState.SUCCEEDED,), None)
    REFUSE_OUTPUT = Edge(EventKind.PICTURE_REFUSED, (PredictionState.SUCCEEDED,), None)
    ERASE = Edge(EventKind.PICTURE_ERASED, (PredictionState.SUCCEEDED,), None)
