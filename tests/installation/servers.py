"""Processes of an installation on this machine, and nginx with a certificate of its own."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from tests.installation.handbook import ROOT
from tests.waiting import LONGEST_SECONDS, eventually

TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for ``localhost`` that only those trust who are told to."""

    public: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    made = Certificate(folder / "tls.pem", folder / "tls.key")
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-out", str(made.public), "-keyout", str(made.key),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return made


@contextmanager
def running(
    name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process of the service until the block ends. Its log is ``<name>.log`` in the folder."""
    with (
        (folder / f"{name}.log").open("ab") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def run(command: Sequence[str], environment: Mapping[str, str], *, code: int = 0) -> str:
    """Run a command to its end and return what it says. Fails for another exit code."""
    outcome = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert outcome.returncode == code, f"{command} ended with {outcome.returncode}: {outcome.stdout}"
    return outcome.stdout


@contextmanager
def nginx(folder: Path, *sites: str) -> Iterator[Path]:
    """Run nginx with the files that a distribution includes from ``conf.d``. Yield the folder of its logs."""
    folder.mkdir()
    places = "".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    # Its workers give up root's rights, and then may not enter a folder of the tests.
    user = "user root; " if os.geteuid() == 0 else ""
    main = f"{user}daemon off; pid {folder}/pid; error_log {folder}/main.log; events {{}}"
    text = "\n".join(sites)
    (folder / "nginx.conf").write_text(f"{main}\nhttp {{ access_log off; {places}\n{text} }}")
    command = ["nginx", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/main.log"]
    with running("nginx", command, folder, {"PATH": os.environ["PATH"]}):
        yield folder


def wait_for(address: str, *, verify: Path | None = None) -> None:
    """Wait until a server answers, whatever it says."""
    eventually(lambda: _answers(address, verify))


def _answers(address: str, verify: Path | None) -> bool:
    try:
        requests.get(address, timeout=5, verify=str(verify) if verify else True, allow_redirects=False)
    except requests.RequestException:
        return False
    return True
