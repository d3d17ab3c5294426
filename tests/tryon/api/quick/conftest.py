"""Clients at the gate, and a job that is done."""

from collections.abc import Iterator

import pytest

from tests.conftest import Api, requester
from tests.factories import TryOnResultFactory
from tests.gateway import Gateway, clients_at_the_gate
from tryon.models import TryOnJob


@pytest.fixture(autouse=True)
def web() -> Iterator[Gateway]:
    """All clients ask at the gate."""
    with clients_at_the_gate() as gateway:
        yield gateway


@pytest.fixture
def done(owner: Api) -> TryOnJob:
    """A finished job of the owner, with its result."""
    return TryOnResultFactory.create(job__requester=requester("Owner")).job
