"""The credits that may be spent today."""

from tryon.engine import governor


def left_today(account: str) -> int | None:
    """Return the credits of the daily limit that shoppers leave to batches, None without a limit."""
    left = governor.credits_left_for_batches(account)
    return None if left is None else max(0, left)
