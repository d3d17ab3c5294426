"""The time that one request may spend on storage, all its calls together.

The timeouts of S3's client are for one read of one attempt: a store that hangs would hold a request for over
a minute, and one that drips for as long as it likes. So a request hands its calls to other threads, and
waits for them as long as its budget lasts. Workers have no budget: they call the store themselves.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import structlog
from django.http import HttpRequest, HttpResponse

logger = structlog.stdlib.get_logger(__name__)

REQUEST_SECONDS = 10.0
# Calls that nobody waits for any more hold their threads for a while. When all are held, requests are refused
# at the end of their budgets.
THREADS: Final = 8

_left: ContextVar[list[float] | None] = ContextVar("storage_seconds_left", default=None)
_threads: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="storage")


class StorageBudgetMiddleware:
    """Give each request ``REQUEST_SECONDS``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with budget(REQUEST_SECONDS):
            return self.get_response(request)


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Let all calls of the block together take this long."""
    token = _left.set([seconds])
    try:
        yield
    finally:
        _left.reset(token)


def within_budget[T](call: Callable[[], T]) -> T:
    """Return what the call to the store returns. Raise TimeoutError, an OSError, when the budget is used up.

    The call then goes on by itself. What it stores, no row names, and the sweep removes it.
    """
    left = _left.get()
    if left is None:
        return call()
    if left[0] <= 0:
        raise TimeoutError
    began = time.monotonic()
    future = _threads.submit(call)
    try:
        return future.result(left[0])
    except TimeoutError:
        if not future.done() and not future.cancel():
            future.add_done_callback(_note_end)
        raise
    finally:
        left[0] -= time.monotonic() - began


def _note_end(future: Future[Any]) -> None:
    error = future.exception()
    logger.warning("late_storage_call_ended", error=type(error).__name__ if error else "")
