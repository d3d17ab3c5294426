"""The one function that changes a job or a prediction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

from django.db import IntegrityError, transaction

from config.core import clock
from config.core.constraints import violates
from config.core.snapshots import outdate_after_commit
from tryon.engine import signals
from tryon.engine.errors import TwinActive
from tryon.engine.lifecycle.edges import GONE, JobEdge, PredictionEdge
from tryon.engine.lifecycle.events import record
from tryon.models import Prediction, TryOnJob

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def transition(
    row: TryOnJob | Prediction,
    edge: JobEdge | PredictionEdge,
    *,
    only: Mapping[str, Any] = NOTHING,
    data: Mapping[str, Any] = NOTHING,
    **changes: Any,
) -> bool:
    """Take a row along an edge: one conditional UPDATE, or DELETE, and its event, in one short transaction.

    ``only`` adds conditions, ``changes`` sets further fields, ``data`` goes into the event. Return False if
    the row is not in one of the edge's sources, does not meet ``only``, or its lease has another holder.
    Another process was then first, and the caller stops quietly. ``row`` itself does not change. Receivers of
    ``signals.changed`` write in the same transaction. Raise TwinActive.
    """
    event, sources, target, held, joint = edge.value
    state = "status" if isinstance(row, TryOnJob) else "state"
    conditions = {f"{state}__in": sources, **only}
    if isinstance(row, TryOnJob):
        changes["updated_at"] = clock.now()
        if held:
            conditions["lease"] = row.lease
    if target not in (None, GONE):
        changes[state] = target
    with _one_active_per_recipe(), transaction.atomic():
        found = type(row)._default_manager.filter(pk=row.pk, **conditions)
        changed = found.delete()[0] if target == GONE else found.update(**changes)
        if changed != 1:
            return False
        if not joint:
            record(row.pk if isinstance(row, TryOnJob) else row.job_id, event, **data)
        if isinstance(row, TryOnJob):
            outdate_after_commit([row.pk])
            signals.changed.send(TryOnJob, job_id=row.pk, status=target)
    return True


def create(row: TryOnJob | Prediction, edge: JobEdge | PredictionEdge, **data: Any) -> None:
    """Insert a new row in the state that the edge enters, and write its event.

    Raise TwinActive, and IntegrityError if another constraint forbids the row.
    """
    event, _sources, target, _held, joint = edge.value
    with _one_active_per_recipe(), transaction.atomic():
        if isinstance(row, TryOnJob):
            row.status = str(target)
        else:
            row.state = str(target)
        row.save(force_insert=True)
        if not joint:
            record(row.pk, event, **data)
        if isinstance(row, TryOnJob):
            signals.changed.send(TryOnJob, job_id=row.pk, status=target)


@contextmanager
def _one_active_per_recipe() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if violates(error, TryOnJob, "job_one_active_per_cache_key"):
            raise TwinActive from error
        raise
