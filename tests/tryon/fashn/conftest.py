from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tryon.fashn.calls import client_for
from tests.tryon.fashn.loopback import Loopback
from tryon.fashn.client import FashnClient


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A scripted server on 127.0.0.1."""
    with Loopback() as server:
        yield server


@pytest.fixture
def client(server: Loopback) -> FashnClient:
    return client_for(server.url)


@pytest.fixture
def netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A ~/.netrc with a login for 127.0.0.1, as a developer's machine may have."""
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(file))
