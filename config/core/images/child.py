"""The process that decodes pictures: ``python -m config.core.images.child MEMORY_MB CPU_SECONDS``."""

import math
import os
import resource
import select
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from config.core.images.compose import lay_on_colour
from config.core.images.errors import ImageMemoryExceeded, ImageRefused
from config.core.images.faults import limit_memory
from config.core.images.pictures import Picture
from config.core.images.pipeline import clean, measure, prepare, read_result
from config.core.images.wire import read_message, write_message

type Answer = tuple[dict[str, Any], list[Picture]]

# The share of the limit that earlier pictures may keep. With more, the next one might lack memory.
LEFT_OVER_SHARE: Final = 1 / 8
# Seconds that an orphan has left in the middle of a picture. An idle one ends at once.
ORPHAN_SECONDS: Final = 1


def main(memory_mb: int, cpu_seconds: int) -> None:
    """Work on one picture after another until the parent closes the pipe, or is gone."""
    requests, answers = _pipes()
    threading.Thread(target=_end_as_orphan, args=(requests.fileno(),), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory(memory_mb)
    most = _memory_in_use() + (memory_mb << 20) * LEFT_OVER_SHARE
    while True:
        try:
            head, (content,) = read_message(requests)
        except EOFError:
            return
        _limit_cpu(cpu_seconds)
        answer, pictures = _answer(head, content)
        contents = [picture.content for picture in pictures]
        answer["worn"] = _memory_in_use() > most
        write_message(answers, answer, map(len, contents), contents)


def _answer(head: dict[str, Any], content: bytes) -> Answer:
    jobs: dict[str, Callable[[], Answer]] = {
        "prepare": lambda: prepare(content, original=head["original"]),
        "clean": lambda: clean(content),
        "read_result": lambda: read_result(content),
        "measure": lambda: measure(content, head["files"], other_background=head["other_background"]),
        "lay_on_colour": lambda: lay_on_colour(content, head["colour"]),
    }
    try:
        facts, pictures = jobs[head["job"]]()
    except MemoryError:
        return {"refused": ImageMemoryExceeded.code, "details": {}}, []
    except ImageRefused as refused:
        return {"refused": refused.code, "details": refused.details}, []
    sizes = [[picture.format.name, picture.width, picture.height] for picture in pictures]
    return {**facts, "pictures": sizes}, pictures


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the parent's two pipes. The output of libraries goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(0, "rb", closefd=False), os.fdopen(answers, "wb")


def _limit_cpu(seconds: int) -> None:
    """Let the system end this process when it takes longer for its next picture."""
    allowed = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _memory_in_use() -> int:
    """Return the bytes that RLIMIT_DATA counts, or 0 if the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    except OSError:
        return 0


def _end_as_orphan(pipe: int) -> None:
    """End this process when the other end of the pipe is closed, as after the parent's death."""
    poller = select.poll()
    poller.register(pipe, 0)  # only a hang-up is reported
    poller.poll()
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
