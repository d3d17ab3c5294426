"""The wall around decoding: what dies, grows or takes too long behind it is one picture's refusal."""

import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from config.core import images
from config.core.images import CHILDREN, ImageRefused, ImagesBusy, Wall, children
from config.core.images import places as places_of
from config.core.images.wire import read_message
from tests import images as drawn
from tests.conftest import Api, Finish, Generate, error_of
from tests.waiting import LONGEST_SECONDS, eventually
from tryon import tasks
from tryon.models import Status, TryOnJob
from tryon.sandbox import Sandbox

ROOT = Path(__file__).parents[4]

type Configure = Callable[..., Wall]

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def configure(tmp_path: Path) -> Iterator[Configure]:
    """Set limits for this test, which has places of its own."""
    usual = CHILDREN.wall

    def change(**limits: Any) -> Wall:
        CHILDREN.configure(Wall(folder=tmp_path / "places", **limits))
        return CHILDREN.wall

    change()
    yield change
    CHILDREN.configure(usual)


def decoders(parent: int | None = None) -> list[int]:
    """The process ids of a process's decoding children."""
    threads = Path(f"/proc/{parent or os.getpid()}/task").iterdir()
    started = [pid for thread in threads for pid in proc_text(thread / "children").split()]
    module = "config.core.images.child"
    return [int(pid) for pid in started if module in proc_text(Path(f"/proc/{pid}/cmdline"))]


def proc_text(file: Path) -> str:
    """Return what the system tells of a process or thread, nothing once it is gone."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def stat_of(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the state on; none when the process is gone or a zombie."""
    fields = proc_text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return [] if not fields or fields[0] in "ZX" else fields


def the_child() -> int:
    """Start a child and return its process id, when it is ready for pictures."""
    CHILDREN.start()
    images.prepare(BytesIO(drawn.model_photo()))
    (pid,) = decoders()
    return pid


def has_a_picture(pid: int) -> bool:
    """Return whether the bytes of a picture wait in the child's pipe."""
    with Path(f"/proc/{pid}/fd/0").open("rb", buffering=0) as pipe:
        waiting = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return bool(struct.unpack("i", waiting)[0] > 0)


def is_running(pid: int) -> bool:
    return bool(stat_of(pid))


@contextmanager
def killed_at_its_next_picture(pid: int) -> Iterator[None]:
    """Stop the child; kill it when it has been handed a picture."""

    def kill() -> None:
        eventually(lambda: has_a_picture(pid))
        os.kill(pid, signal.SIGKILL)

    os.kill(pid, signal.SIGSTOP)
    killer = threading.Thread(target=kill)
    killer.start()
    yield
    killer.join()


@cache
def slow_jpeg() -> bytes:
    """100 megapixels, and the last scan over them many times: ten seconds of work."""
    whole = drawn.encode(drawn.swatch((10_000, 10_000), 90, "L"), "JPEG", progressive=True)
    last_scan = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last_scan:-2] * 80 + b"\xff\xd9"


def refusal(content: bytes) -> str:
    with pytest.raises((ImageRefused, ImagesBusy)) as caught:
        images.prepare(BytesIO(content))
    return caught.value.code


def run_script(text: str, *arguments: str, cores: int = 1) -> subprocess.Popen[str]:
    """Run Python in another process that sees this number of cores."""
    command = [sys.executable, "-X", f"cpu_count={cores}", "-c", text, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


PREPARE = """
import sys
from pathlib import Path
from config.core import images
from config.core.images import CHILDREN, Wall

CHILDREN.configure(Wall(folder=Path(sys.argv[1]), wait_seconds=float(sys.argv[3])))
try:
    with open(sys.argv[2], "rb") as file:
        images.prepare(file)
    print("picture", flush=True)
except (images.ImageRefused, images.ImagesBusy) as error:
    print(error.code, flush=True)
"""


def test_child_that_is_killed_refuses_its_upload_and_the_next_one_works(owner: Api) -> None:
    with killed_at_its_next_picture(the_child()):
        response = owner.upload(drawn.garment_photo())

    assert response.status_code == 422
    assert error_of(response)["code"] == "image_decoder_failed"
    assert owner.upload(drawn.garment_photo()).status_code == 201


def test_child_that_dies_idle_costs_no_picture(owner: Api) -> None:
    pid = the_child()
    os.kill(pid, signal.SIGKILL)
    # Not by /proc: it has a zombie when the first thread is dead, and poll() has it alive until all are.
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    assert owner.upload(drawn.garment_photo()).status_code == 201


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: drawn.flat_png((6000, 4000), "RGBA"), id="png"),
        pytest.param(
            lambda: drawn.encode(drawn.swatch((6000, 4000), "teal"), "JPEG", progressive=True), id="jpeg"
        ),
        pytest.param(lambda: drawn.encode(drawn.swatch((6000, 4000), "teal"), "AVIF", speed=10), id="avif"),
        pytest.param(lambda: drawn.flat_heic("RGB", (6000, 4000), chroma=420), id="heic"),
    ],
)
def test_picture_that_needs_more_memory_is_refused_and_the_next_one_works(
    owner: Api, configure: Configure, content: Callable[[], bytes]
) -> None:
    configure(memory_mb=90)

    response = owner.upload(content())

    assert response.status_code == 422
    assert error_of(response)["code"] == "image_memory_exceeded"
    assert owner.upload(drawn.garment_photo()).status_code == 201


def test_webp_for_which_memory_cannot_suffice_is_refused_by_its_size(configure: Configure) -> None:
    configure(memory_mb=90)

    assert (
        refusal(drawn.encode(drawn.swatch((6000, 4000), "teal"), "WEBP", method=0)) == "image_too_many_pixels"
    )


def test_picture_that_takes_too_much_cpu_is_refused_and_the_next_one_works(
    owner: Api, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(cpu_seconds=1)
    monkeypatch.setattr(children, "CLOCK_FACTOR", 1000)

    response = owner.upload(slow_jpeg())

    assert response.status_code == 422
    assert error_of(response)["code"] == "image_time_exceeded"
    assert owner.upload(drawn.garment_photo()).status_code == 201


def test_cpu_of_earlier_pictures_does_not_count(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "CLOCK_FACTOR", 1000)
    configure(cpu_seconds=1)
    pid = the_child()
    photo = drawn.encode(Image.effect_noise((3000, 3000), 80), "PNG")

    while decoders() == [pid] and cpu_ticks(pid) <= os.sysconf("SC_CLK_TCK"):
        images.prepare(BytesIO(photo))

    assert decoders() == [pid]


def test_child_that_stands_still_is_ended_by_the_clock(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "CLOCK_FACTOR", 10)
    configure(cpu_seconds=1)
    pid = the_child()
    os.kill(pid, signal.SIGSTOP)
    # Without the clock the test would wait until the child goes on.
    goes_on = threading.Timer(LONGEST_SECONDS, os.kill, (pid, signal.SIGCONT))
    goes_on.start()

    assert refusal(drawn.model_photo()) == "image_time_exceeded"
    goes_on.cancel()
    assert images.prepare(BytesIO(drawn.model_photo())).processed.width == 600


@pytest.mark.parametrize(("cores", "outcome"), [(1, "images_busy"), (2, "picture")])
def test_as_many_pictures_at_once_as_cores_over_all_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, outcome: str
) -> None:
    """One process holds a place with a child that stands still; another process asks for one."""
    monkeypatch.setattr(os, "process_cpu_count", lambda: cores)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(drawn.model_photo())
    pid = the_child()
    os.kill(pid, signal.SIGSTOP)
    first = threading.Thread(target=images.prepare, args=(BytesIO(drawn.model_photo()),))
    first.start()
    eventually(lambda: has_a_picture(pid))

    def other(wait_seconds: float) -> str:
        script = run_script(PREPARE, str(tmp_path / "places"), str(photo), str(wait_seconds), cores=cores)
        return script.communicate()[0].strip()

    assert other(0.2) == outcome
    os.kill(pid, signal.SIGCONT)
    assert other(LONGEST_SECONDS) == "picture"
    first.join()


def test_request_that_gets_no_place_is_told_when_to_come_again(owner: Api, configure: Configure) -> None:
    wall = configure(wait_seconds=0.1)
    with all_places_taken(wall):
        response = owner.upload(drawn.garment_photo())

    assert response.status_code == 503
    assert (error_of(response)["code"], error_of(response)["retryable"]) == ("images_busy", True)
    assert int(response["Retry-After"]) > 0
    assert owner.upload(drawn.garment_photo()).status_code == 201


@contextmanager
def all_places_taken(wall: Wall) -> Iterator[None]:
    wall.folder.mkdir(exist_ok=True)
    places = [os.open(wall.folder / str(number), os.O_CREAT) for number in range(os.cpu_count() or 1)]
    for place in places:
        fcntl.flock(place, fcntl.LOCK_EX)
    yield
    for place in places:
        os.close(place)


@pytest.mark.parametrize(("quota", "places"), [("max 100000", 8), ("150000 100000", 2), ("1000 100000", 1)])
def test_container_with_a_quota_has_fewer_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, places: int
) -> None:
    monkeypatch.setattr(os, "process_cpu_count", lambda: 8)
    monkeypatch.setattr(places_of, "CGROUP_QUOTA", tmp_path / "cpu.max")
    (tmp_path / "cpu.max").write_text(quota + "\n")

    assert places_of.place_count() == places


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "in the middle of a picture"])
def test_children_end_when_their_parent_is_killed(tmp_path: Path, busy: bool) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(slow_jpeg() if busy else drawn.model_photo())
    wait = "import time; time.sleep(600)"
    script = run_script(f"{PREPARE}\n{wait}", str(tmp_path / "places"), str(photo), "10")
    eventually(lambda: bool(decoders(script.pid)))
    (pid,) = decoders(script.pid)
    if busy:
        eventually(lambda: not has_a_picture(pid) and cpu_ticks(pid) > 50)
    else:
        assert script.stdout is not None
        assert script.stdout.readline() == "picture\n"

    script.kill()
    script.communicate()

    # It is not left to finish, which takes ten seconds of CPU and more.
    used = cpu_ticks(pid)
    eventually(lambda: not is_running(pid) or cpu_ticks(pid) > used + 5 * os.sysconf("SC_CLK_TCK"))
    assert not is_running(pid)


def cpu_ticks(pid: int) -> int:
    """The CPU time of a running process, in ticks of the system; 0 of one that is gone."""
    fields = stat_of(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def test_child_gets_neither_sockets_nor_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASHN_API_KEY", "fa-secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.set_inheritable(True)
        pid = the_child()

    files = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.name != "2"]
    assert files
    assert not [file for file in files if file.startswith("socket")]
    assert b"SECRET" not in (environment := Path(f"/proc/{pid}/environ").read_bytes())
    assert b"fa-secret" not in environment


def test_child_is_replaced_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "MAX_PICTURES", 3)
    first = the_child()
    images.prepare(BytesIO(drawn.model_photo()))
    assert decoders() == [first]
    images.prepare(BytesIO(drawn.model_photo()))

    eventually(lambda: len(decoders()) == 1)  # its successor is already there
    assert decoders() != [first]


def test_forked_process_neither_uses_nor_keeps_its_parents_children(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(drawn.model_photo())
    fork = """
import os, time
if os.fork() == 0:
    with open(sys.argv[2], "rb") as file:
        images.prepare(file)
    print(os.getpid(), flush=True)
    time.sleep(600)
os.wait()
"""
    script = run_script(PREPARE + fork, str(tmp_path / "places"), str(photo), "10")
    assert script.stdout is not None
    assert script.stdout.readline() == "picture\n"
    forked = int(script.stdout.readline())
    (pid,) = decoders(script.pid)
    try:
        assert len(decoders(forked)) == 1
        script.kill()
        eventually(lambda: not is_running(pid))
    finally:
        os.kill(forked, signal.SIGKILL)
        script.communicate()


@pytest.mark.parametrize(
    "nonsense",
    [b"\xff\xff\xff\xff", b"\0\0\0\x02[]", b"\0\0\0\x02{]", b'\0\0\0\x13{"sizes":[9999999999]}'[:23]],
)
def test_answer_that_is_nonsense_is_not_believed(nonsense: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        read_message(BytesIO(nonsense))


@pytest.mark.django_db(transaction=True)
def test_result_that_kills_its_child_does_not_kill_the_worker(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    """The upload's child is the worker's too: both are this process."""
    job_id = generate()["jobId"]
    with killed_at_its_next_picture(the_child()):
        job = finish(job_id)

    assert job.status == Status.COMPLETED
    failed = TryOnJob.objects.get(pk=job_id).events.get(kind="collecting_failed")
    assert failed.data["code"] == "image_decoder_failed"
    assert sandbox.ledger()["requests"]["run"] == 1


@pytest.mark.django_db(transaction=True)
def test_result_that_gets_no_place_is_read_later(
    generate: Generate, finish: Finish, work: Callable[[], None], configure: Configure, sandbox: Sandbox
) -> None:
    wall = configure(wait_seconds=0.1)
    job_id = generate()["jobId"]
    job = TryOnJob.objects.get(pk=job_id)
    with all_places_taken(wall):
        while not job.events.filter(kind="collecting_failed").exists():
            work()
            TryOnJob.objects.update(next_check_at=timezone.now() - timedelta(minutes=1))
            tasks.sweep()

    assert finish(job_id).status == Status.COMPLETED
    codes = {event.data["code"] for event in job.events.filter(kind="collecting_failed")}
    assert codes == {"images_busy"}
    assert sandbox.ledger()["requests"]["run"] == 1
