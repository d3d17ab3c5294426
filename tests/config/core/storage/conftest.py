"""Pictures in a bucket, and in a store that does not do its work."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests import s3
from tests.tryon.fashn.loopback import Loopback


@pytest.fixture
def bucket(s3_endpoint: str, settings: Settings, plain_static_files: None) -> str:
    """A bucket of the test's own, where pictures go. Returns its name."""
    name = s3.new_bucket(s3_endpoint)
    s3.use(settings, s3.storage_on(s3_endpoint, name))
    return name


@pytest.fixture
def broken(settings: Settings, plain_static_files: None) -> Iterator[Loopback]:
    """A store that answers as the test says."""
    with Loopback() as server:
        s3.use(settings, s3.storage_on(server.url, "bucket"))
        yield server
