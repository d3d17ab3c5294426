"""Asks for health again and again, until its input ends: ``python -m tests.config.core.http.asking PORT``.

Prints a line when it has begun, and at the end the seconds of each answer as JSON. It is a process of its
own, because threads that send photos would keep it from Python.
"""

import json
import select
import sys
import time
from http.client import HTTPConnection

BETWEEN_SECONDS = 0.03


def seconds_to_health(port: int) -> float:
    """A connection of its own: each of the web processes is asked."""
    began = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        if (answer.status, answer.read()) != (200, b'{"status": "ok"}'):
            raise RuntimeError(f"not healthy: {answer.status}")
    finally:
        connection.close()
    return time.perf_counter() - began


def main(port: int) -> None:
    """Print what was measured when nobody listens any more."""
    waits = [seconds_to_health(port)]
    sys.stdout.write("asking\n")
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], BETWEEN_SECONDS)[0]:
        waits.append(seconds_to_health(port))
    json.dump(waits, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
