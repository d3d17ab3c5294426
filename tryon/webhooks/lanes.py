"""The threads of a worker process that deliver, beside its steps.

A slow server keeps a thread for seconds, so deliveries have threads of their own, and hold up no step of a
job. Each endpoint has few of them at a time, and takes its turn behind the others after each delivery.
Endpoints whose last attempt failed, and those that were slow, have a pool apart: however many are dead or
slow, the others do not wait for them.
No connection to the database is kept while a server thinks.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import structlog
from django.db import connection

from tryon.webhooks.models import WebhookEndpoint
from tryon.webhooks.posting import Outcome
from tryon.webhooks.sending import AT_ONCE, AT_ONCE_FAILING, claim, endpoints_due, note, send

logger = structlog.stdlib.get_logger(__name__)

THREADS: Final = 8
THREADS_FAILING: Final = 4
# An answer that takes so long keeps its endpoint apart for some time, also where it is a success.
SLOW_MILLISECONDS = 3000
APART_SECONDS: Final = 600.0


class Lanes:
    """Two pools of threads: for endpoints that are well, and for those that are failing."""

    def __init__(self) -> None:
        self._pools: dict[bool, ThreadPoolExecutor] = {}
        self._slow_until: dict[UUID, float] = {}  # by time.monotonic()

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
                while deliver(endpoint_id, keeps_connection=True):
                    pass
                continue
            is_apart = is_failing or self._is_slow(endpoint_id)
            for _ in range(AT_ONCE_FAILING if is_apart else AT_ONCE):
                self._submit(endpoint_id, is_apart=is_apart)

    def _submit(self, endpoint_id: UUID, *, is_apart: bool) -> None:
        if pool := self._pools.get(is_apart):
            pool.submit(self._serve, endpoint_id, is_apart=is_apart)

    def _is_slow(self, endpoint_id: UUID) -> bool:
        return time.monotonic() < self._slow_until.get(endpoint_id, 0.0)

    def _serve(self, endpoint_id: UUID, *, is_apart: bool) -> None:
        """Deliver one thing in a thread, then stand in line for the next."""
        try:
            if not is_apart and self._is_slow(endpoint_id):  # it was not when it came into this line
                return
            if outcome := deliver(endpoint_id, keeps_connection=False):
                if outcome.milliseconds >= SLOW_MILLISECONDS:
                    self._slow_until[endpoint_id] = time.monotonic() + APART_SECONDS
                since = WebhookEndpoint.objects.filter(pk=endpoint_id).values_list("failing_since", flat=True)
                self._submit(endpoint_id, is_apart=since.first() is not None or self._is_slow(endpoint_id))
        except Exception:  # nobody reads the outcome of a thread; the lease ends, and the sweep tries again
            logger.exception("webhook_thread_broke", endpoint=str(endpoint_id))
        finally:
            connection.close()


def deliver(endpoint_id: UUID, *, keeps_connection: bool) -> Outcome | None:
    """Try the next delivery of an endpoint. Return None if there was none to try.

    Without ``keeps_connection`` there is none to the database while the server thinks.
    """
    claimed = claim(endpoint_id)
    if claimed is None:
        return None
    if not keeps_connection:
        connection.close()
    outcome = send(claimed)
    note(claimed, outcome)
    return outcome


LANES: Final = Lanes()
