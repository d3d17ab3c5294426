"""The demo as a person starts it: a real command, real processes, real HTTP."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from config.core.http import health
from tests import redis_servers
from tests.hardened import hardened, is_possible
from tests.waiting import LONGEST_SECONDS, eventually
from tryon.demo.broker import LOOPBACK, PrivateRedis, free_port
from tryon.demo.library import MODELS, PRODUCTS

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[3]


@dataclass
class Serving:
    """A demo that serves."""

    process: subprocess.Popen[str]
    var: Path
    said: str

    @property
    def handout(self) -> dict[str, str]:
        return handout_in(self.var)

    def get(self, path: str) -> Any:
        """The data that the API answers with."""
        headers = {"Authorization": f"Api-Key {self.handout['apiKey']}"}
        response = requests.get(
            f"{self.handout['url']}/api/tryon/{path}", headers=headers, timeout=LONGEST_SECONDS
        )
        return response.json()["data"]


def command(var: Path, *options: str) -> list[str]:
    return [sys.executable, "manage.py", "demo", "--var", str(var), *options]


def environment() -> dict[str, str]:
    """The test run's own, but for its Redis: the demo brings one."""
    return {name: value for name, value in os.environ.items() if name != "REDIS_URL"}


def run_demo(var: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(command(var, *options))


def run(start: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        start,
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def complaint_of(ended: subprocess.CompletedProcess[str]) -> str:
    """The one line that a demo says which can't go on."""
    assert ended.returncode != 0
    [line] = ended.stderr.splitlines()
    return line


def said_until_ready(process: subprocess.Popen[str]) -> str:
    """Return the lines that the demo prints until it serves."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    return said


def handout_in(var: Path) -> dict[str, str]:
    handout: dict[str, str] = json.loads((var / "demo.json").read_text())
    return handout


def processes_of(var: Path) -> dict[int, str]:
    """Running processes, by id, that the demo in ``var`` started: its folder is in their environment."""
    listed = subprocess.run(
        ["ps", "axeww", "-o", "pid=,command="],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.strip().split(" ", 1) for line in listed.stdout.splitlines()]
    return {int(pid): text for pid, text in rows if f"VAR_DIR={var} " in f"{text} "}


def worker_of(serving: Serving) -> int | None:
    texts = processes_of(serving.var)
    return next((pid for pid, text in sorted(texts.items()) if "rqworker tryon" in text), None)


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var"


@pytest.fixture(scope="module")
def once(var: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """A first start with ``--once``, on a read-only root where this machine allows it, and its handout."""
    start = command(var, "--once", "--port", str(free_port()), "--speed", "50")
    ended = run(hardened(start, folder=var.parent))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert processes_of(var) == {}
    return ended, handout_in(var)


@pytest.fixture(scope="module")
def serving(once: object, var: Path) -> Iterator[Serving]:
    """A second start in the same folder, which serves."""
    options = ("--port", str(free_port()), "--speed", "50")
    with subprocess.Popen(
        command(var, *options), cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        said = said_until_ready(process)
        yield Serving(process, var, said)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, said + rest
    assert processes_of(var) == {}


def test_last_line_of_once_is_the_path_of_a_new_picture(
    once: tuple[subprocess.CompletedProcess[str], dict[str, str]],
) -> None:
    path = Path(once[0].stdout.splitlines()[-1])
    with Image.open(path) as picture:
        assert picture.size == (864, 1296)
    assert path.read_bytes() not in [photo.path.read_bytes() for photo in (*MODELS, *PRODUCTS)]


# Mounts need root, or user namespaces, which some hosts forbid.
@pytest.mark.skipif(not is_possible(), reason="this machine lets nobody make mounts of their own")
def test_all_processes_run_on_a_read_only_root_without_any_right(once: object, tmp_path: Path) -> None:
    said = run(hardened(["sh", "-c", f"touch {PROJECT}/x; cat /proc/self/status"], folder=tmp_path))
    assert "Read-only file system" in said.stderr
    assert "CapBnd:\t0000000000000000" in said.stdout
    assert "NoNewPrivs:\t1" in said.stdout


def test_once_shows_progress_line_by_line_where_there_is_no_terminal(
    once: tuple[subprocess.CompletedProcess[str], dict[str, str]],
) -> None:
    said = once[0].stdout
    assert "100 %  completed" in said
    assert "\r" not in said
    assert "\x1b" not in said


def test_handout_is_for_its_owner_alone(serving: Serving) -> None:
    assert (serving.var / "demo.json").stat().st_mode & 0o077 == 0
    assert serving.handout.keys() == {
        "url", "apiKey", "adminUser", "adminPassword", "sandboxUrl", "sandboxKey",
        "testApiKey", "testSandboxUrl", "eventsUrl",
    }  # fmt: skip


def test_other_users_of_the_machine_see_no_key_and_open_no_file(serving: Serving) -> None:
    secrets = [value for name, value in serving.handout.items() if "Key" in name or "Password" in name]
    assert len(secrets) == 4
    listed = subprocess.run(["ps", "axww", "-o", "command="], capture_output=True, text=True, check=True)
    assert "fashn_sandbox" in listed.stdout
    assert [secret for secret in secrets if secret in listed.stdout] == []
    logs = {path.name: path.read_text() for path in (serving.var / "logs").iterdir()}
    assert "sandbox.log" in logs
    assert [name for name, text in logs.items() if any(secret in text for secret in secrets)] == []
    # Styles and scripts are public, and collectstatic says so by their mode. Their folder is closed.
    files = [path for path in (serving.var, *serving.var.rglob("*")) if "static" not in path.parts]
    assert [str(path) for path in files if path.exists() and path.lstat().st_mode & 0o077] == []


def test_the_doctor_finds_the_demo_well_as_the_readme_calls_it(serving: Serving) -> None:
    readme = (PROJECT / "README.md").read_text()
    [line] = re.findall(r"^\(set -a; .*doctor\)$", readme, re.MULTILINE)
    said = run(["sh", "-c", line.replace("var/demo.env", f"{serving.var}/demo.env")])
    assert said.returncode == 0, said.stdout + said.stderr
    assert re.search(r"ok +FASHN \(\d", said.stdout)
    assert re.search(r"ok +Workers \(", said.stdout)
    assert "Only this machine reaches the service." in said.stdout


def test_second_start_keeps_login_key_library_and_jobs(
    serving: Serving, once: tuple[subprocess.CompletedProcess[str], dict[str, str]]
) -> None:
    kept = ("apiKey", "adminUser", "adminPassword", "sandboxKey")
    assert [serving.handout[name] for name in kept] == [once[1][name] for name in kept]
    assert len(serving.get("models")) == len(MODELS)


def test_library_covers_the_three_categories(serving: Serving) -> None:
    models = serving.get("models")
    assert len(models) >= 6
    assert {model["category"] for model in models} == {"full_body", "upper_body", "lower_body"}


def test_what_is_printed_leads_to_pages_that_open(serving: Serving) -> None:
    handout = serving.handout
    shown = [handout[name] for name in ("url", "apiKey", "adminUser", "adminPassword", "sandboxUrl")]
    assert [text for text in shown if text not in serving.said] == []
    session = requests.Session()
    login = f"{handout['url']}/admin/login/"
    session.get(login, timeout=LONGEST_SECONDS)
    form = {
        "username": handout["adminUser"],
        "password": handout["adminPassword"],
        "csrfmiddlewaretoken": session.cookies["csrftoken"],
        "next": "/admin/",
    }
    session.post(login, data=form, timeout=LONGEST_SECONDS)
    addresses = [word for word in serving.said.split() if word.startswith(handout["url"])]
    answers = {address: session.get(address, timeout=LONGEST_SECONDS) for address in addresses}
    assert {address: answer.status_code for address, answer in answers.items()} == dict.fromkeys(
        addresses, 200
    )
    assert [answer.url for answer in answers.values() if "login" in answer.url] == []


def test_printed_sandbox_key_opens_the_sandbox(serving: Serving) -> None:
    headers = {"Authorization": f"Bearer {serving.handout['sandboxKey']}"}
    credits = requests.get(
        f"{serving.handout['sandboxUrl']}/v1/credits", headers=headers, timeout=LONGEST_SECONDS
    )
    assert credits.status_code == 200


def test_killed_worker_is_started_again(serving: Serving) -> None:
    killed = eventually(lambda: worker_of(serving))
    os.kill(killed, signal.SIGKILL)
    assert eventually(lambda: worker_of(serving) not in (None, killed))


def test_second_demo_in_the_same_folder_is_refused(serving: Serving) -> None:
    refused = run_demo(serving.var, "--once", "--port", str(free_port()))
    assert "Another demo is running" in complaint_of(refused)


def test_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        refused = run_demo(tmp_path / "var", "--once", "--port", str(port))
    assert complaint_of(refused).startswith(f"demo: Port {port} can't be used")
    assert processes_of(tmp_path / "var") == {}


def test_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = run_demo(tmp_path / "file" / "var", "--once", "--port", str(free_port()))
    assert complaint_of(refused).startswith("demo: Can't write to")


def test_killed_demo_takes_its_processes_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    with subprocess.Popen(
        command(folder, "--port", str(free_port())), cwd=PROJECT, env=environment(), stdout=subprocess.DEVNULL
    ) as process:
        eventually(lambda: processes_of(folder))
        process.kill()
    assert eventually(lambda: processes_of(folder) == {})


def test_child_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    (folder / "db.sqlite3").mkdir(parents=True)
    failed = run_demo(folder, "--once", "--port", "0")
    assert complaint_of(failed).startswith("demo: migrate failed")
    assert str(folder / "logs" / "migrate.log") in failed.stderr
    assert processes_of(folder) == {}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"redis://{LOOPBACK}:9/0", "demo: Nothing answers at REDIS_URL"),
        ("redis://:s3cr/3t@host", "demo: REDIS_URL must be redis://"),
    ],
)
def test_redis_url_that_can_not_be_used_is_one_line(tmp_path: Path, url: str, says: str) -> None:
    complaint = complaint_of(run_demo_with(url, tmp_path))
    assert complaint.startswith(says)
    assert "s3cr" not in complaint


def test_a_redis_that_refuses_to_write_is_one_line(tmp_path: Path) -> None:
    with PrivateRedis(tmp_path / "redis") as broker:
        redis_servers.fill(broker.url)
        refused = run_demo_with(broker.url, tmp_path)
    assert complaint_of(refused).startswith("demo: Redis at REDIS_URL answers, but takes nothing: ")


def run_demo_with(redis_url: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tryon.demo", "--var", str(tmp_path), "--once", "--port", str(free_port())],
        cwd=PROJECT,
        env={**environment(), "REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_dev_runs_changed_code_in_web_server_and_worker(tmp_path: Path) -> None:
    project, folder, port = tmp_path / "project", tmp_path / "var", free_port()
    for package in ("config", "models_library", "results", "templates", "tryon"):
        shutil.copytree(PROJECT / package, project / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "manage.py", project)
    view = project / Path(health.__file__).relative_to(PROJECT)
    # The copy's lines are not the project's: they must not count in its coverage.
    uncounted = {name: value for name, value in environment().items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(
        command(folder, "--dev", "--port", str(port), "--speed", "50"),
        cwd=project,
        env=uncounted,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        serving = Serving(process, folder, said_until_ready(process))
        assert process.stdout is not None
        try:
            worker = eventually(lambda: worker_of(serving))
            view.write_text(view.read_text().replace('"ok"', '"changed"'))
            changed = f"{view.relative_to(project)} changed. Workers and clock start again.\n"
            assert process.stdout.readline() == changed
            assert eventually(lambda: worker_of(serving) not in (None, worker))
            assert eventually(lambda: status_at(f"http://{LOOPBACK}:{port}/healthz") == "changed")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0
    assert processes_of(folder) == {}


def status_at(address: str) -> str:
    """Return the status that a health page tells; empty while its server starts again."""
    try:
        status: str = requests.get(address, timeout=LONGEST_SECONDS).json()["status"]
    except requests.ConnectionError:
        return ""
    return status
