"""Run a command with a PostgreSQL of its own: ``python -m tests.postgres pytest …``.

The server runs on loopback in a temporary folder, without syncing to disk, and ends with the command. Its
address is in TEST_DATABASE_URL. A cluster that this machine may have is left alone.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from tryon.demo.broker import LOOPBACK, free_port
from tryon.demo.guard import Guard

# initdb and postgres refuse to run as root.
SERVER_USER: Final = "postgres"
OPTIONS: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    # No socket file: its name may be too long for the kernel where TMPDIR is.
    "unix_socket_directories": "",
}


def program(name: str) -> str:
    """A program of PostgreSQL's. Distributions keep the server's off the PATH. Raise FileNotFoundError."""
    if found := shutil.which(name):
        return found
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not installed:
        raise FileNotFoundError(f"{name} is not installed. Install PostgreSQL's server, such as postgresql.")
    return str(installed[-1])


@contextmanager
def private_postgres(*, address: str = LOOPBACK) -> Iterator[str]:
    """Start a server with an empty database, and yield its URL.

    ``address`` is where it is reached. All of its network of 256 addresses may connect.
    """
    user = SERVER_USER if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="tryon-postgres-"))
    try:
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        data, port = folder / "data", free_port()
        # As on a shop's server, letters beyond A to Z have two cases.
        letters = ["-E", "UTF8", "--lc-ctype", "C.UTF-8"]
        quietly([program("initdb"), "-D", str(data), "-U", "tryon", "-A", "trust", *letters], user)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {address}/24 trust\n")
        options = {**OPTIONS, "listen_addresses": address}
        settings = " ".join(f"-c {name}={value}" for name, value in options.items())
        control = [program("pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
        quietly([*control, "-o", f"-p {port} {settings}", "start"], user)
        guard, server = Guard(), int((data / "postmaster.pid").read_text().split()[0])
        guard.watch(server)  # the server ends also when this process is killed
        try:
            yield f"postgres://tryon@{address}:{port}/postgres"
        finally:
            quietly([*control, "-m", "immediate", "stop"], user)
            guard.forget(server)
            guard.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """A new, empty database on a server, dropped at the end. Takes and yields a URL."""
    name = f"tryon_{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{server_url.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def quietly(command: Sequence[str], user: str | None) -> None:
    """Run a command, and show what it says only when it fails."""
    outcome = subprocess.run(
        command,
        user=user,
        cwd="/",
        # Not the shell's: a locale that this machine lacks stops initdb, and PG* variables lead elsewhere.
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if "initdb" in command[0] else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise RuntimeError(f"{command[0]} failed: {outcome.stdout}")


def main(command: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    with private_postgres() as url:
        return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
