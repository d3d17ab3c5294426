"""The governor's row of an account."""

from tryon.models import Governor


def lock(account: str) -> Governor:
    """Return the row, locked until the transaction ends. SQLite serialises at BEGIN IMMEDIATE instead."""
    rows = Governor.objects.select_for_update()
    governor, _ = rows.get_or_create(pk=Governor.row_of(account), defaults={"account": account})
    return governor


def read(account: str) -> Governor:
    """Return the account's current state, without a lock."""
    return Governor.objects.filter(account=account).first() or Governor(account=account)
