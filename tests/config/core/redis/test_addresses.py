"""Every form of REDIS_URL, against real servers, for each of its three users."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis import Redis, RedisError

from config.core.redis.addresses import AddressUnreadable, check_address, connect, sentinel_address
from tests.processes import output_of
from tests.waiting import eventually
from tryon.demo.broker import LOOPBACK, find_server, free_port

# What each user does with Redis: enqueue, run a worker until the queue is empty, cache.
USE_IT = """
import django
django.setup()
from django.core.cache import cache
from django.core.management import call_command
from tryon.engine import queue
cache.set("colour", "red")
assert cache.get("colour") == "red", "the cache does not answer"
assert not queue.is_away()
task = queue._queue("tryon").enqueue("platform.system", job_id="task-1")
call_command("rqworker", "tryon", burst=True, worker_class="rq.SimpleWorker", verbosity=0)
assert task.latest_result().return_value == "Linux", "the worker did not run the task"
"""


@contextmanager
def server(folder: Path, *lines: str, sentinel: bool = False) -> Iterator[None]:
    """A Redis with this configuration; the caller waits until it answers."""
    config = folder / ("sentinel.conf" if sentinel else "redis.conf")
    config.write_text("\n".join([f"bind {LOOPBACK}", 'save ""' if not sentinel else "", *lines]))
    command = [str(find_server()), str(config), *(["--sentinel"] if sentinel else [])]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def until(works: Callable[[], object]) -> None:
    """Wait until a call raises no RedisError."""

    def worked() -> bool:
        try:
            works()
        except RedisError:
            return False
        return True

    eventually(worked)


def use(url: str, folder: Path) -> None:
    """Let a fresh process use this REDIS_URL for everything."""
    output_of(USE_IT, REDIS_URL=url, VAR_DIR=str(folder))


@pytest.mark.slow
def test_a_unix_socket(tmp_path: Path) -> None:
    # The kernel takes 107 characters, and the test's own folder may lie deep.
    with TemporaryDirectory(dir="/tmp") as folder, server(tmp_path, "port 0", f"unixsocket {folder}/r.sock"):
        url = f"unix://{folder}/r.sock?db=0"
        eventually((Path(folder) / "r.sock").exists)
        use(url, tmp_path)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for loopback, with its key beside it."""
    if shutil.which("openssl") is None:
        # Found on every Debian; a developer's machine may be without.
        pytest.skip("openssl makes the certificate, and is not installed")
    path = tmp_path / "server.crt"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
            "-subj", "/CN=localhost", "-addext", f"subjectAltName=IP:{LOOPBACK}",
            "-keyout", str(path.with_suffix(".key")), "-out", str(path),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return path


@pytest.mark.slow
def test_tls_with_a_certificate_that_is_checked(tmp_path: Path, certificate: Path) -> None:
    port = free_port()
    lines = [
        "port 0",
        f"tls-port {port}",
        f"tls-cert-file {certificate}",
        f"tls-key-file {certificate.with_suffix('.key')}",
        "tls-auth-clients no",
    ]
    probe = subprocess.run(
        [str(find_server()), "--port", "0", "--tls-port", "0", "--check-system"],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Bad directive" in probe.stdout + probe.stderr and "tls-port" in probe.stdout + probe.stderr:
        # The one that make redis compiles. The distribution's, which .ci/run installs, speaks TLS.
        pytest.skip("this redis-server was built without TLS")
    with server(tmp_path, *lines):
        url = f"rediss://{LOOPBACK}:{port}/0"
        trusting = f"{url}?ssl_ca_certs={certificate}"
        until(lambda: connect(trusting).ping())
        use(trusting, tmp_path)
        use(f"{url}?ssl_cert_reqs=none", tmp_path)
        with pytest.raises(RedisError):
            connect(url).ping()  # nobody vouches for this certificate


@pytest.mark.slow
def test_sentinel_leads_to_the_master(tmp_path: Path) -> None:
    master, watcher = free_port(), free_port()
    lines = [
        f"port {watcher}",
        f"sentinel monitor shop {LOOPBACK} {master} 1",
        "sentinel auth-pass shop secret",
    ]
    with (
        server(tmp_path, f"port {master}", "requirepass secret"),
        server(tmp_path, *lines, sentinel=True),
    ):
        until(lambda: Redis(port=master, password="secret").ping())
        url = f"redis+sentinel://:secret@{LOOPBACK}:{watcher}/shop/0"
        until(lambda: connect(url).ping())
        use(url, tmp_path)


def test_a_sentinel_url_is_read() -> None:
    address = sentinel_address(
        "redis+sentinel://shop:p%40ss@one,two:26380,[::1]:26381/main/3?sentinel_password=s"
    )
    assert address.hosts == (("one", 26379), ("two", 26380), ("::1", 26381))
    assert (address.master, address.db) == ("main", 3)
    assert (address.username, address.password, address.sentinel_password) == ("shop", "p@ss", "s")


@pytest.mark.parametrize(
    "url",
    [
        "http://redis",
        "redis",
        "redis+cluster://one",
        "redis://:secret@one:port",
        "redis://:12/34@one",
        "redis://:12?3=4@one",
        "redis://:12?34@one",
        "redis://:12#34@one",
        "redis://:sec[ret@one",
        "redis://:sec ret@one",
        "redis://one/first",
        "redis://one?socket_timeout=secret",
        "unix://",
        "redis+sentinel://one",
        "redis+sentinel://:sec/ret@one/main",
        "redis+sentinel://:sec[ret@/main",
        "redis+sentinel:///main",
        "redis+sentinel://one:x/main",
        "redis+sentinel://one/main/x",
        "redis+sentinel://one/main?ssl_cert_reqs=none",
    ],
)
def test_what_nobody_can_read_stops_the_start(url: str) -> None:
    with pytest.raises(AddressUnreadable, match=r"^REDIS_URL must ") as refused:
        check_address(url)
    assert not re.search("sec|ret|12|34", str(refused.value))
