"""The threads of a worker process that deliver, beside its steps.

A slow server keeps a thread for seconds, so deliveries have threads of their own, and hold up no step of a
job. Each endpoint has few of them at a time, and takes its turn behind the others after each delivery.
Endpoints whose last attempt failed have a pool apart: however many are dead, the others do not wait for them.
No connection to the database is kept while a server thinks.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import structlog
from django.db import connection

from tryon.webhooks.models import WebhookEndpoint
from tryon.webhooks.sending import AT_ONCE, AT_ONCE_FAILING, claim, endpoints_due, note, send

logger = structlog.stdlib.get_logger(__name__)

THREADS: Final = 8
THREADS_FAILING: Final = 4


class Lanes:
    """Two pools of threads: for endpoints that are well, and for those that are failing."""

    def __init__(self) -> None:
        self._pools: dict[bool, ThreadPoolExecutor] = {}

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Deliver in threads in the block. What they have begun is finished at its end."""
        self._pools = {
            False: ThreadPoolExecutor(THREADS, thread_name_prefix="webhooks"),
            True: ThreadPoolExecutor(THREADS_FAILING, thread_name_prefix="webhooks-failing"),
        }
        try:
            yield
        finally:
            pools, self._pools = self._pools, {}
            for pool in pools.values():
                pool.shutdown(cancel_futures=True)

    def deliver_due(self) -> None:
        """Deliver what is due. Without threads of its own a process does so at once, one after another."""
        for endpoint_id, is_failing in endpoints_due():
            if not self._pools:
                while deliver(endpoint_id):
                    pass
                continue
            for _ in range(AT_ONCE_FAILING if is_failing else AT_ONCE):
                self._submit(endpoint_id, is_failing=is_failing)

    def _submit(self, endpoint_id: UUID, *, is_failing: bool) -> None:
        if pool := self._pools.get(is_failing):
            pool.submit(self._serve, endpoint_id)

    def _serve(self, endpoint_id: UUID) -> None:
        """Deliver one thing in a thread, then stand in line for the next."""
        try:
            if deliver_between_connections(endpoint_id):
                since = WebhookEndpoint.objects.filter(pk=endpoint_id).values_list("failing_since", flat=True)
                self._submit(endpoint_id, is_failing=since.first() is not None)
        except Exception:  # nobody reads the outcome of a thread; the lease ends, and the sweep tries again
            logger.exception("webhook_thread_broke", endpoint=str(endpoint_id))
        finally:
            connection.close()


def deliver(endpoint_id: UUID) -> bool:
    """Try the next delivery of an endpoint. Return False if there was none to try."""
    claimed = claim(endpoint_id)
    if claimed is not None:
        note(claimed, send(claimed))
    return claimed is not None


def deliver_between_connections(endpoint_id: UUID) -> bool:
    """Do as ``deliver``, with no connection to the database while the server thinks."""
    claimed = claim(endpoint_id)
    if claimed is not None:
        connection.close()
        note(claimed, send(claimed))
    return claimed is not None


LANES: Final = Lanes()
