"""The governor's row of an account."""

from tryon.accounts import queue_of
from tryon.models import Governor, Pause


def lock(account: str) -> Governor:
    """Return the row, locked until the transaction ends. SQLite serialises at BEGIN IMMEDIATE instead."""
    rows, number = Governor.objects.select_for_update(), Governor.row_of(account)
    governor = rows.filter(pk=number).first()
    if governor is None:
        new = {"account": account, "pause": _pause_of_a_new(account)}
        governor, _ = rows.get_or_create(pk=number, defaults=new)
    return governor


def read(account: str) -> Governor:
    """Return the account's current state, without a lock."""
    return Governor.objects.filter(account=account).first() or Governor(
        account=account, pause=_pause_of_a_new(account)
    )


def _pause_of_a_new(account: str) -> str:
    """Return the pause that a key begins with which is added while an operator has paused its queue."""
    first = queue_of(account)
    paused = Governor.objects.filter(account=first, pause=Pause.OPERATOR)
    return Pause.OPERATOR if account != first and paused.exists() else ""
