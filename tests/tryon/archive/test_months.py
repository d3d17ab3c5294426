"""Events by month on PostgreSQL: months are made ahead and dropped, and no event finds no place."""

from datetime import datetime, timedelta
from importlib import import_module
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from config.core import clock
from tests.factories import TryOnJobFactory
from tests.tryon.cleanup.world import clean
from tests.waiting import LONGEST_SECONDS
from tryon import tasks
from tryon.models import JobEvent, Status, TryOnJob

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps the events in one table"),
]

DEFAULT = "tryon_jobevent_default"


def tables() -> set[str]:
    """The tables that have events."""
    return {str(table) for (table,) in rows("SELECT DISTINCT tableoid::regclass FROM tryon_jobevent")}


def rows(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found: list[Any] = cursor.fetchall()
        return found


def named(at: datetime) -> str:
    return f"tryon_jobevent_{at:%Y_%m}"


def test_the_sweep_makes_the_months_to_come() -> None:
    for _ in range(2):
        tasks.sweep()
    coming = clock.now() + timedelta(days=70)
    TryOnJobFactory.create(completed=True).events.create(kind="queued", at=coming)
    assert tables() == {named(coming)}


def test_events_of_a_month_that_nobody_made_find_a_place_and_move_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coming = clock.now() + timedelta(days=400)
    event = TryOnJobFactory.create(completed=True).events.create(kind="queued", at=coming)
    assert tables() == {DEFAULT}
    monkeypatch.setattr("tryon.archive.months.AHEAD", 14)
    tasks.sweep()
    assert tables() == {named(coming)}
    assert JobEvent.objects.get() == event


def test_old_months_are_dropped_without_what_is_needed(settings: Settings) -> None:
    done, active = TryOnJobFactory.create(completed=True), TryOnJobFactory.create()
    for job in (done, active):
        for kind in ("queued", "rescued"):
            job.events.create(kind=kind)
    clean("old_events")
    assert JobEvent.objects.count() == 4
    settings.EVENT_TTL_DAYS = -200  # so that this month is over
    assert "old_events: would remove 1\n" in clean("old_events", dry_run=True)

    assert "old_events: removed 1," in clean("old_events")

    assert list(done.events.values_list("kind", flat=True)) == ["rescued"]
    assert active.events.count() == 2
    assert tables() == {DEFAULT}
    assert rows("SELECT count(*) FROM pg_class WHERE relname = 'tryon_jobevent_first'") == [(0,)]
    TryOnJob.objects.update(status=Status.CANCELED)
    tasks.sweep()  # this month is made again
    assert tables() == {named(clock.now())}


def test_what_outlived_its_month_goes_with_its_job(settings: Settings) -> None:
    job = TryOnJobFactory.create()
    job.events.create(kind="queued", at=clock.now() + timedelta(days=2000))
    settings.EVENT_TTL_DAYS = -2001
    clean("old_events")
    assert tables() == {DEFAULT}
    TryOnJob.objects.update(status=Status.CANCELED)
    assert "old_events: removed 1," in clean("old_events")
    assert not JobEvent.objects.exists()


def test_a_table_that_waits_for_its_drop_keeps_no_job(settings: Settings) -> None:
    tasks.sweep()
    job = TryOnJobFactory.create(failed=True)
    job.events.create(kind="queued")
    [month] = tables()
    settings.EVENT_TTL_DAYS = -200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tryon.archive.months._detached", list)
        clean("old_events")
    assert rows(f"SELECT to_regclass('{month}')") == [(month,)]
    TryOnJob.objects.update(updated_at=clock.now() - timedelta(days=900))

    clean("archived_jobs")

    assert not TryOnJob.objects.exists()
    clean("old_events")
    assert rows(f"SELECT to_regclass('{month}')") == [(None,)]


def test_a_sweep_waits_for_no_long_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks.sweep()
    missing = named(clock.now() + timedelta(days=70))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {missing}")
    job, holding, over = TryOnJobFactory.create(completed=True), Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            TryOnJob.objects.filter(pk=job.pk).update(retry_count=1)
            holding.set()
            over.wait(LONGEST_SECONDS)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    assert holding.wait(LONGEST_SECONDS)
    with monkeypatch.context() as patch:
        patch.setattr("tryon.archive.months.PATIENCE", "10ms")
        tasks.sweep()
    assert rows(f"SELECT to_regclass('{missing}')") == [(None,)]
    over.set()
    thread.join()
    tasks.sweep()
    assert rows(f"SELECT to_regclass('{missing}')") == [(missing,)]


def test_a_table_with_events_is_divided_and_joined_again_while_others_write() -> None:
    """Only the way back stops the writers."""
    job = TryOnJobFactory.create(completed=True)
    change("join")
    old = [job.events.create(kind="queued", at=clock.now() - timedelta(days=days)) for days in (400, 1)]
    over, written = Event(), list[JobEvent]()

    def write() -> None:
        while not over.is_set():
            written.append(TryOnJob.objects.get(pk=job.pk).events.create(kind="checked"))
        connection.close()

    writer = Thread(target=write)
    writer.start()
    change("partition")
    over.set()
    writer.join()

    assert list(job.events.all()) == [*old, *written]
    assert tables() == {"tryon_jobevent_first"}
    newest = job.events.create(kind="completed", at=clock.now() + timedelta(days=1))
    change("join")
    assert list(job.events.all()) == [*old, *written, newest]
    assert job.events.create(kind="queued").pk > newest.pk
    change("partition")


def change(name: str) -> None:
    """Run a function of the migration. The test database is made by the whole one."""
    migration = import_module("tryon.migrations.0029_events_by_month")
    getattr(migration, name)(None, SimpleNamespace(connection=connection))
