"""The demo's supervisor: it waits, restarts and cleans up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.waiting import LONGEST_SECONDS, eventually
from tryon.demo import supervisor as supervision
from tryon.demo.errors import ChildFailed
from tryon.demo.processes import Service
from tryon.demo.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[3]
SLEEPS = "import time; time.sleep(600)"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(supervision, "FIRST_BACK_OFF_SECONDS", 0.01)
    watching = Supervisor(os.environ, tmp_path, said.append)
    yield watching
    watching.stop()


@pytest.fixture
def service(tmp_path: Path) -> Callable[..., Service]:
    """A Python program as a service, ready once it wrote its process id into ``pid``."""

    def build(program: str) -> Service:
        program = f"import os; open('pid', 'w').write(str(os.getpid())); {program}"
        return Service(
            "program", (sys.executable, "-c", program), tmp_path, lambda pid: pid_in(tmp_path) == pid
        )

    return build


def pid_in(folder: Path) -> int:
    """The id of the program that started last; 0 before the first."""
    file = folder / "pid"
    return int(file.read_text() or 0) if file.exists() else 0


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def check_until(supervisor: Supervisor, happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "waited in vain"
        supervisor.pause(0.01)


def test_stop_ends_every_service(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path
) -> None:
    supervisor.launch(service(SLEEPS))
    supervisor.wait_until_ready()
    pid = pid_in(tmp_path)
    assert lives(pid)
    supervisor.stop()
    assert not lives(pid)


def test_killed_service_is_started_again_and_told_of(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path, said: list[str]
) -> None:
    supervisor.launch(service(SLEEPS))
    supervisor.wait_until_ready()
    first = pid_in(tmp_path)
    os.kill(first, 9)
    check_until(supervisor, lambda: pid_in(tmp_path) not in (0, first))
    assert "program stopped (signal 9)" in said[0]


def test_service_that_recycles_itself_is_started_again_quietly(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path, said: list[str]
) -> None:
    supervisor.launch(service("import time\nwhile not os.path.exists('over'): time.sleep(0.01)"))
    supervisor.wait_until_ready()
    first = pid_in(tmp_path)
    (tmp_path / "over").touch()
    check_until(supervisor, lambda: pid_in(tmp_path) not in (0, first))
    assert said == []


def test_service_that_ends_before_it_is_ready_is_a_failure(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.launch(Service("web", (sys.executable, "-c", "exit(3)"), tmp_path, lambda _: False))
    with pytest.raises(ChildFailed, match=r"web could not start \(exit code 3\)"):
        supervisor.wait_until_ready()


def test_program_that_does_not_exist_is_a_failure(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="redis could not be started"):
        supervisor.launch(Service("redis", (str(tmp_path / "none"),), tmp_path, lambda _: True))


def test_service_that_keeps_dying_is_started_again_and_ends_no_other(
    supervisor: Supervisor,
    service: Callable[..., Service],
    tmp_path: Path,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervision, "FIRST_BACK_OFF_SECONDS", 0.001)
    monkeypatch.setattr(supervision, "LONGEST_BACK_OFF_SECONDS", 0.004)
    supervisor.launch(service(SLEEPS))
    supervisor.wait_until_ready()
    other = pid_in(tmp_path)
    is_killed = (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    supervisor.launch(Service("worker", is_killed, tmp_path, lambda _: True))

    check_until(supervisor, lambda: len(said) > 6)

    assert lives(other)
    waits = [line.partition(" again in ")[2].partition(" s.")[0] for line in said]
    assert waits == ["0.001", "0.002", *["0.004"] * (len(said) - 2)]
    assert all(line.startswith("worker stopped (signal 9)") for line in said)


def test_failed_command_names_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match=r"migrate failed \(exit code 1\)") as failed:
        supervisor.run("migrate", (sys.executable, "-c", "print('why'); exit(1)"), tmp_path)
    log = tmp_path / "migrate.log"
    assert str(log) in str(failed.value)
    assert log.read_text() == "why\n"


def test_what_a_service_started_ends_with_it(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path
) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    supervisor.launch(
        service(
            f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {stubborn!r}]);"
            "open('child', 'w').write(str(child.pid)); child.wait()"
        )
    )
    check_until(supervisor, (tmp_path / "child").exists)
    check_until(supervisor, lambda: bool((tmp_path / "child").read_text()))
    grandchild = int((tmp_path / "child").read_text())
    supervisor.stop()
    # Its parent is gone, so its new parent reaps it: until then it is a dead entry, not a running program.
    check_until(supervisor, lambda: not runs(grandchild))


def runs(pid: int) -> bool:
    """Return whether the process exists and is no zombie."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.parent.parent.joinpath("self").exists():
        return lives(pid)
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # also when it ends while it is read
        return False


KILLED_AT_A_START = """
import os, sys
from pathlib import Path
from tryon.demo import supervisor
from tryon.demo.processes import Child, Service

class LastChild(Child):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        print(self.pid, flush=True)
        os.kill(os.getpid(), 9)

supervisor.Child = LastChild
folder = Path(sys.argv[1])
service = Service("program", (sys.executable, "-c", "import time; time.sleep(600)"), folder, lambda pid: True)
supervisor.Supervisor(os.environ, folder, print).launch(service)
"""


@pytest.mark.slow
def test_supervisor_that_is_killed_while_it_starts_a_service_takes_it_along(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_AT_A_START, str(tmp_path)]
    killed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert eventually(lambda: not runs(int(killed.stdout)))


def test_restarted_service_is_another_process_and_nothing_is_said(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path, said: list[str]
) -> None:
    supervisor.launch(service(SLEEPS))
    supervisor.wait_until_ready()
    first = pid_in(tmp_path)
    supervisor.restart("another")
    assert lives(first)
    supervisor.restart("program")
    check_until(supervisor, lambda: pid_in(tmp_path) not in (0, first))
    assert not lives(first)
    assert said == []


def test_service_that_waits_for_its_restart_is_restarted_at_once(
    supervisor: Supervisor,
    service: Callable[..., Service],
    tmp_path: Path,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervision, "FIRST_BACK_OFF_SECONDS", 10_000.0)
    monkeypatch.setattr(supervision, "LONGEST_BACK_OFF_SECONDS", 10_000.0)
    supervisor.launch(service(SLEEPS))
    supervisor.wait_until_ready()
    first = pid_in(tmp_path)
    os.kill(first, 9)
    check_until(supervisor, lambda: bool(said))
    supervisor.restart("program")
    check_until(supervisor, lambda: pid_in(tmp_path) not in (0, first))
