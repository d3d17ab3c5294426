"""A process on a machine that differs in what all machines share is refused by name."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import django_rq
import pytest
from django.core.management import call_command
from django.db import OperationalError
from pytest_django import Settings
from structlog.testing import capture_logs

from config.core.upkeep import identity, installation
from config.core.upkeep.models import Installation
from tests.worker import QuietWorker
from tryon.engine import queue
from tryon.services.machines import require_shared_settings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def neighbour() -> Any:
    """A worker at work on another machine."""
    worker: Any = QuietWorker([django_rq.get_queue("tryon")], connection=django_rq.get_connection("tryon"))
    worker.hostname = "machine-1"
    worker.register_birth()
    return worker


def refused() -> list[str]:
    """Return the settings for which a process of this machine does not start."""
    with capture_logs() as log, suppress(SystemExit):
        require_shared_settings()
    lines = [line for line in log if line["event"] == "machine_refused"]
    assert all(line["others"] == ["machine-1"] for line in lines)
    return [name for line in lines for name in line["settings"]]


@pytest.mark.usefixtures("neighbour")
def test_each_setting_that_machines_share_is_refused_by_its_name(settings: Settings, tmp_path: Path) -> None:
    assert refused() == []
    for name in ("SECRET_KEY", "FASHN_API_KEY", "TEST_FASHN_API_KEY", "FASHN_API_URL"):
        value = getattr(settings, name)
        setattr(settings, name, "https://another.example")
        assert name in refused(), name
        setattr(settings, name, value)
    settings.MEDIA_ROOT = tmp_path
    assert refused() == ["S3_BUCKET"]
    Installation.objects.all().delete()  # as in another database
    installation.forget()
    assert "DATABASE_URL" in refused()
    installation.forget()


@pytest.mark.usefixtures("neighbour")
def test_a_worker_that_differs_does_not_start_and_a_store_may_have_a_login_for_each_machine(
    settings: Settings,
) -> None:
    settings.S3_SECRET_KEY = "of this machine"
    assert refused() == []
    settings.SECRET_KEY = "another"
    with pytest.raises(SystemExit, match="1"):
        call_command("rqworker", "tryon", burst=True, worker_class="tryon.worker.StepWorker", verbosity=0)


def test_nobody_is_refused_once_the_others_have_ended(settings: Settings, neighbour: Any) -> None:
    settings.SECRET_KEY = "another"
    assert "SECRET_KEY" in refused()
    neighbour.register_death()
    assert refused() == []


def test_a_worker_registers_again_in_a_redis_that_was_emptied(neighbour: Any, settings: Settings) -> None:
    neighbour.connection.flushdb()
    neighbour.heartbeat()
    neighbour.run_maintenance_tasks()
    settings.SECRET_KEY = "another"
    assert "SECRET_KEY" in refused()


def test_a_worker_that_registers_while_the_database_is_away_tells_no_database(
    neighbour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(identity, "connection", Away())
        neighbour.connection.flushdb()
        neighbour.run_maintenance_tasks()
    (worker,) = queue.workers()
    assert "SECRET_KEY" in worker.shared
    assert "DATABASE_URL" not in worker.shared
    assert refused() == []


class Away:
    """A connection of PostgreSQL's that has been lost."""

    vendor = "postgresql"

    def cursor(self) -> Any:
        raise OperationalError("server closed the connection unexpectedly")
