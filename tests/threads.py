"""Doing the same thing many times at once, each thread with a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(number: int, call: Callable[[], Any], *, threads: int = 10) -> list[Any]:
    """Run ``call`` ``number`` times, ``threads`` at a time, and return what came of it."""

    def run(_: int) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(number)))
