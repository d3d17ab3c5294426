"""The changes of predictions, the paid calls. Each function takes one edge of the table."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from config.core import clock
from tryon.engine.lifecycle.edges import UNANSWERED, JobEdge, PredictionEdge
from tryon.engine.lifecycle.jobs import DOWNLOADING_PROGRESS, lock_job
from tryon.engine.lifecycle.transition import NOTHING, create, transition
from tryon.models import IN_FLIGHT, Payer, Prediction, TryOnJob

SUBMITTED_PROGRESS: Final = 10


def mark_sending(prediction: Prediction) -> bool:
    """Open the unsafe window. The commit precedes the first byte, so that a killed worker is noticed."""
    return _change(prediction, PredictionEdge.SEND, submitted_at=clock.now())


def mark_running(
    prediction: Prediction,
    *,
    provider_id: str,
    expected_at: datetime,
    next_check_at: datetime,
    progress: int = SUBMITTED_PROGRESS,
) -> bool:
    """Close the unsafe window, because FASHN gave an id.

    Return False if the webhook gave the id before the answer did, or the job no longer waits.
    """
    with transaction.atomic():
        _lock_owner(prediction)
        if not Prediction.objects.filter(pk=prediction.pk, provider_id="", state__in=UNANSWERED).exists():
            return False
        waits = _is_awaited(prediction) and _note_on_job(
            prediction,
            JobEdge.NOTE_SUBMITTED,
            progress=progress,
            expected_at=expected_at,
            next_check_at=next_check_at,
        )
        _note_id(
            prediction,
            PredictionEdge.ACCEPT if waits else PredictionEdge.ACCEPT_LATE,
            provider_id=provider_id,
            rescue_at=None if waits else clock.now(),
        )
        return waits


def adopt(prediction: Prediction, *, provider_id: str) -> bool:
    """Take the id from a webhook, because no answer brought it. Anything else it says is asked, not believed.

    A job that has given up on this prediction, and may be making another, gets its picture by rescue.
    """
    now = clock.now()
    with transaction.atomic():
        _lock_owner(prediction)
        waits = _is_awaited(prediction) and _note_on_job(prediction, JobEdge.NOTE_ADOPTED, next_check_at=now)
        return _note_id(
            prediction,
            PredictionEdge.ADOPT if waits else PredictionEdge.ADOPT_LATE,
            provider_id=provider_id,
            rescue_at=None if waits else now,
        )


def mark_unknown(prediction: Prediction, *, error_name: str) -> bool:
    """Note that a prediction was, or may have been, sent and no id came back: the money may be spent."""
    data = {"error": error_name, "price": prediction.price}
    return _change(prediction, PredictionEdge.LOSE, data=data, error_name=error_name)


def let_go(prediction: Prediction, *, rescue_at: datetime | None) -> bool:
    """Detach a prediction from its job, and plan to ask for its picture at ``rescue_at``, None for never.

    Return False if it has changed since it was read: a later attempt may wait for it again.
    """
    as_read = {"job_id": prediction.job_id, "state": prediction.state}
    return _plan_rescue(prediction, PredictionEdge.LET_GO, rescue_at, only=as_read)


def look_after(prediction: Prediction, *, at: datetime | None) -> bool:
    """Plan the rescue of a paid picture for ``at``, None for no rescue."""
    return _plan_rescue(prediction, PredictionEdge.LOOK_AFTER, at)


def claim_rescue(prediction: Prediction, *, now: datetime, next_at: datetime | None) -> bool:
    """Claim the rescue of a picture that is due. It sets the next rescue before any work starts."""
    return _change(prediction, PredictionEdge.CLAIM_RESCUE, only={"rescue_at__lte": now}, rescue_at=next_at)


def keep(prediction: Prediction, *, key: str) -> bool:
    """Note that our copy of the paid picture is stored under ``key``. Return False if it was erased."""
    return _change(
        prediction,
        PredictionEdge.KEEP,
        only={"kept": "", "output__gt": ""},
        data={"prediction": str(prediction.pk)},
        kept=key,
    )


def forget_copy(prediction: Prediction) -> bool:
    """Note that our copy of the paid picture is about to be removed."""
    return _change(
        prediction,
        PredictionEdge.FORGET_COPY,
        only={"job_id": prediction.job_id},  # not of a later attempt that has just taken it over
        data={"prediction": str(prediction.pk)},
        kept="",
    )


def mark_succeeded(
    prediction: Prediction,
    *,
    output: str,
    credits_used: int,
    progress: int = DOWNLOADING_PROGRESS,
    next_call: Prediction | None = None,
    price: int = 0,
    kept: str = "",
) -> bool:
    """Note that the picture is at FASHN and paid. The next prediction takes the slot; else it is free.

    ``price`` is the price of the predictions after the next one. ``kept`` is the key of our copy, for a
    picture that came with FASHN's answer.

    If the job does not wait for the picture, its rescue is due at once.
    """
    now = clock.now()
    with transaction.atomic():
        _lock_owner(prediction)
        if not _change(
            prediction,
            PredictionEdge.SUCCEED,
            data={"credits": credits_used} | ({"payer": prediction.payer} if prediction.payer else {}),
            output=output,
            kept=kept,
            credits_used=credits_used,
            finished_at=now,
            rescue_at=None,
        ):
            return False
        waits = _is_awaited(prediction) and _note_on_job(
            prediction, JobEdge.NOTE_PICTURE_READY, next_check_at=now, price=price, progress=progress
        )
        if not waits:
            look_after(prediction, at=now)
        elif next_call is not None:
            _give_to(next_call, prediction.job_id)
            create(next_call, PredictionEdge.RESERVE_NEXT)
    return True


def refuse_output(prediction: Prediction, *, code: str) -> bool:
    """Note that the paid picture is not usable, so a person's retry has to pay for another."""
    return _change(
        prediction,
        PredictionEdge.REFUSE_OUTPUT,
        data={"code": code},
        output="",
        error_name=code,
        rescue_at=None,
    )


def erase_picture(prediction: Prediction) -> bool:
    """Forget the paid picture: FASHN's address and our copy. The money stays noted."""
    data = {"prediction": str(prediction.pk)}
    return _change(prediction, PredictionEdge.ERASE, data=data, output="", kept="", rescue_at=None)


def drop(prediction: Prediction, *, error_name: str) -> bool:
    """Give back a reserved slot unused. Return False if the prediction has been sent since."""
    return _change(
        prediction,
        PredictionEdge.DROP,
        data={"error": error_name},
        error_name=error_name,
        finished_at=clock.now(),
    )


def return_slot(prediction: Prediction) -> bool:
    """Remove a reserved prediction as if its slot had not been taken. Return False if it has been sent."""
    return transition(prediction, PredictionEdge.RETURN_SLOT)


def forget_refused(prediction: Prediction, *, error_name: str) -> bool:
    """Remove a prediction that FASHN refused, because it takes no more for now. Only the event is left.

    Return False if it is not being sent any more: another process has given its answer up.
    """
    data = {"error": error_name, "account": prediction.account}
    return transition(prediction, PredictionEdge.REFUSE, data=data)


def mark_failed(prediction: Prediction, *, error_name: str, error_message: str = "") -> bool:
    """Note that FASHN made no picture and charges nothing."""
    return _change(
        prediction,
        PredictionEdge.FAIL,
        data={"error": error_name, "message": error_message},
        error_name=error_name,
        error_message=error_message,
        finished_at=clock.now(),
        rescue_at=None,
    )


def hand_over(prediction: Prediction, heir: TryOnJob) -> bool:
    """Give a prediction of an ended job to a later attempt at the same recipe."""
    return _change(
        prediction,
        PredictionEdge.HAND_OVER,
        only={"job_id": prediction.job_id},
        data={"prediction": str(prediction.pk), "to": str(heir.pk)},
        job_id=heir.pk,
    )


def resume(prediction: Prediction) -> bool:
    """Wait again for a prediction that was given up. It takes a slot, and its job asks for it."""
    return _change(prediction, PredictionEdge.RESUME, data={"prediction": str(prediction.pk)}, rescue_at=None)


def _lock_owner(prediction: Prediction) -> None:
    """Lock the prediction's job until the transaction ends. A later attempt may have taken it over."""
    while True:
        lock_job(prediction.job_id)
        owner = Prediction.objects.values_list("job_id", flat=True).get(pk=prediction.pk)
        if owner == prediction.job_id:
            return
        prediction.job_id = owner


def _give_to(call: Prediction, job_id: UUID) -> None:
    """Let a new call be the job's own. A later attempt pays for its further steps."""
    if call.job_id == job_id:
        return
    call.job_id = job_id
    payer = Payer(*TryOnJob.objects.values_list(*Payer._fields).get(pk=job_id))
    for field, value in payer._asdict().items():
        setattr(call, field, value)


def _is_awaited(prediction: Prediction) -> bool:
    """Return whether the job waits for this prediction, because no other one is in flight."""
    others = Prediction.objects.filter(job_id=prediction.job_id).exclude(pk=prediction.pk)
    return not others.filter(state__in=IN_FLIGHT).exists()


def _note_id(
    prediction: Prediction, edge: PredictionEdge, *, provider_id: str, rescue_at: datetime | None
) -> bool:
    """Store FASHN's id of a prediction, if it has none yet."""
    return _change(
        prediction,
        edge,
        only={"provider_id": ""},
        data={"providerId": provider_id},
        provider_id=provider_id,
        rescue_at=rescue_at,
        error_name="",
    )


def _note_on_job(prediction: Prediction, edge: JobEdge, **changes: Any) -> bool:
    return transition(TryOnJob(pk=prediction.job_id), edge, **changes)


def _plan_rescue(
    prediction: Prediction, edge: PredictionEdge, at: datetime | None, *, only: Any = NOTHING
) -> bool:
    data = {"at": at.isoformat() if at else None}
    return _change(prediction, edge, only=only, data=data, rescue_at=at)


def _change(
    prediction: Prediction,
    edge: PredictionEdge,
    *,
    only: Any = NOTHING,
    data: Any = NOTHING,
    **changes: Any,
) -> bool:
    """Take the edge, and change the object along with its row."""
    if not transition(prediction, edge, only=only, data=data, **changes):
        return False
    if edge.value.target is not None:
        prediction.state = edge.value.target
    for field, value in changes.items():
        setattr(prediction, field, value)
    return True
