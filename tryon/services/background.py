"""Work for the maintenance worker, asked for after the commit. If Redis is away, the sweep does it."""

from tryon.engine import queue


def batches_later() -> None:
    """Have plans counted and batches fed."""
    queue.enqueue_batches()
