"""The governor's one row."""

from tryon.models import Governor


def lock() -> Governor:
    """Return the row, locked until the transaction ends. SQLite serialises at BEGIN IMMEDIATE instead."""
    governor, _ = Governor.objects.select_for_update().get_or_create(pk=Governor.ROW)
    return governor


def read() -> Governor:
    """Return the governor's current state, without a lock."""
    return Governor.objects.filter(pk=Governor.ROW).first() or Governor()
