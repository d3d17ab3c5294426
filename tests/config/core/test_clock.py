"""Every process goes by the database's clock, whatever its host's clock says."""

import asyncio
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self, override

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

from config.core import clock
from config.core.host_clock import HOST_CLOCK, HostClock

pytestmark = pytest.mark.django_db


class SkewedHost(datetime):
    """A host whose clock is half a minute ahead."""

    @classmethod
    @override
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(seconds=30)


@pytest.fixture
def skewed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "datetime", SkewedHost)
    monkeypatch.setattr(HOST_CLOCK, "_told_at", math.inf)  # this process tells nobody of it
    clock.forget()
    yield
    clock.forget()
    clock.now()


def test_the_hosts_clock_does_not_count(skewed: None) -> None:
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 15


def test_a_host_that_is_off_is_told_of(
    skewed: None, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    host = HostClock()
    host.compare()
    host.compare()

    assert [record for record in caplog.messages if "host_clock_off" in record] == caplog.messages[:1]
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["clock"] == "off"
    assert 15 < ready.json()["clockSecondsAhead"] < 45


def test_a_setting_says_from_when_on_a_clock_is_off(
    skewed: None, client: Client, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.ALERT_CLOCK_SECONDS = 60.0
    HostClock().compare()
    assert "host_clock_off" not in caplog.text
    assert client.get("/readyz").json()["clock"] == "ok"


def test_a_host_that_is_right_is_not_told_of(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    HostClock().compare()

    assert "host_clock_off" not in caplog.text
    assert client.get("/readyz").json()["clock"] == "ok"


def test_the_last_reading_counts_on_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    before = clock.now()

    def away() -> object:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr(clock, "READING_SECONDS", 0.0)
    assert before <= clock.now() < before + timedelta(seconds=15)


def test_an_event_loop_does_not_wait_for_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    before = clock.now()
    monkeypatch.setattr(clock, "READING_SECONDS", 0.0)
    assert not clock.is_read()

    async def story() -> datetime:
        return clock.now()  # Django allows no query here

    assert before <= asyncio.run(story()) < before + timedelta(seconds=15)
