"""PgBouncer of the distribution in transaction mode, before a PostgreSQL of a test's own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.installation.handbook import page_blocks
from tests.postgres import SERVER_USER
from tests.waiting import eventually
from tryon.demo.broker import LOOPBACK, free_port

(SETTINGS,) = page_blocks("docs/scaling.md", "PgBouncer", "ini")


def program() -> str:
    """Return PgBouncer's program. Debian keeps it off a user's PATH. Raise FileNotFoundError."""
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise FileNotFoundError("pgbouncer is not installed. Install the distribution's package pgbouncer.")
    return found


@contextmanager
def pgbouncer(server_url: str, *, address: str = LOOPBACK, settings: str = SETTINGS) -> Iterator[str]:
    """Run PgBouncer before a server for the block, and yield the URL of the same database through it."""
    server, port = urlsplit(server_url), free_port()
    folder = Path(tempfile.mkdtemp(prefix="tryon-pgbouncer-"))
    user = SERVER_USER if os.geteuid() == 0 else None
    (folder / "users").write_text(f'"{server.username}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={server.hostname} port={server.port}\n"
        f"[pgbouncer]\nlisten_addr = {address}\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {folder}/users\nlogfile = {folder}/log\n{settings}"
    )
    if user:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user)
    command = [program(), "-q", str(folder / "pgbouncer.ini")]
    try:
        with subprocess.Popen(command, user=user, cwd="/", stdin=subprocess.DEVNULL) as process:
            try:
                url = f"postgres://{server.username}@{address}:{port}{server.path}"
                eventually(lambda: _answers(url))
                yield url
            finally:
                process.kill()
    finally:
        shutil.rmtree(folder)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
