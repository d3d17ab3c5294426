"""Each rule finds its trouble from its threshold on, and no trouble on a quiet day."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import django_rq
import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from pytest_django import Settings
from rq.cron import CronScheduler

from config.core import clock, host_clock
from config.core.host_clock import HOST_CLOCK, HostClock
from config.core.upkeep.models import StorageUse
from tests.factories import ModelImageFactory, PredictionFactory, TryOnJobFactory, WebhookDeliveryFactory
from tryon import tasks
from tryon.alerts.finds import Readings
from tryon.alerts.models import Alert
from tryon.alerts.rounds import go_round
from tryon.alerts.rules import RULES
from tryon.alerts.words import sentence_of
from tryon.engine import governor
from tryon.metrics.models import SLICE, Heartbeat, Topic
from tryon.metrics.tallies import Thing, add
from tryon.models import Account, Pause, PredictionState, TryOnJob
from tryon.money.models import Balance
from tryon.webhooks.sending import claim

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quiet_day(settings: Settings) -> None:
    settings.ALERT_CLOCK_SECONDS = 3600.0


def found(name: str) -> list[str]:
    """The sentences about the trouble that a rule finds."""
    findings = RULES[name].find(Readings())
    assert findings is not None
    return [
        sentence_of(Alert(name=name, subject=finding.subject, facts=dict(finding.facts)))
        for finding in findings
    ]


def waits(**span: float) -> None:
    TryOnJob.objects.update(updated_at=clock.now() - timedelta(**span))


def test_a_quiet_day_has_no_alert() -> None:
    workers = {"no_worker", "no_cron"}  # none runs here
    assert {name: found(name) for name in RULES.keys() - workers if found(name)} == {}


def test_jobs_that_wait_for_long() -> None:
    TryOnJobFactory.create(requester="user:1")
    waits(minutes=9)
    assert found("queue_old") == []
    waits(minutes=11)
    [sentence] = found("queue_old")
    assert "lane interactive has waited for 66" in sentence
    TryOnJob.objects.update(lane="bulk")
    assert found("queue_old") == []
    waits(hours=5)
    assert len(found("queue_old")) == 1


def ended(**numbers: int) -> None:
    counts = {
        Thing(Topic.ENDED, Account.LIVE, "completed" if code == "completed" else "failed", code): number
        for code, number in numbers.items()
    }
    add(SLICE, clock.now(), Counter(counts))


def test_jobs_that_fail_with_one_code() -> None:
    ended(provider_unavailable=4)
    assert found("failure_rate") == []  # too few to tell
    ended(provider_unavailable=2, pose_not_found=5, completed=14)
    assert found("failure_rate") == [
        "20 % of the last hour's jobs failed with code pose_not_found: 5 of 25.",
        "24 % of the last hour's jobs failed with code provider_unavailable: 6 of 25.",
    ]
    ended(completed=10)
    assert found("failure_rate") == []


def test_credits_of_the_account() -> None:
    Balance.objects.create(account=Account.LIVE, credits=99, at=clock.now())
    assert found("credits_low") == ["99 credits are left on the account live."]
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    assert found("credits_low") == []
    assert len(found("credits_gone")) == 1


def test_a_circuit_that_is_open() -> None:
    for _ in range(5):
        governor.submission_failed(Account.LIVE)
    assert len(found("circuit_open")) == 1
    governor.submission_accepted(Account.LIVE)
    assert found("circuit_open") == []


def test_the_credits_of_the_day(settings: Settings) -> None:
    settings.TRYON_DAILY_LIMIT = 5
    spent = {"state": PredictionState.SUCCEEDED, "credits_used": 4, "submitted_at": clock.now()}
    PredictionFactory.create(job__failed=True, **spent)
    settings.FASHN_API_KEYS = ["fa-second"]  # its accounts share the budget
    assert found("budget_80") == ["80 % of today's credits of the account live are used: 4 of 5."]
    settings.TRYON_DAILY_LIMIT = 4
    assert found("budget_80") == []
    assert len(found("budget_100")) == 1


def test_storage_that_fills_up(settings: Settings) -> None:
    settings.STORAGE_LIMIT_GB = 1.0
    StorageUse.objects.create(kind="results", bytes_stored=800_000_000)
    assert found("storage_80") == ["80 % of the storage are in use."]
    StorageUse.objects.update(bytes_stored=950_000_000)
    assert found("storage_80") == []
    assert len(found("storage_95")) == 1


def test_a_clock_that_is_off_on_any_machine(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    for machine, seconds in {"web-1": -30, "worker-1": 1, "worker-2": 40, "here": 0}.items():
        clock_of(monkeypatch, machine, seconds)
        HostClock().compare_known()
    assert found("clock_off") == []
    settings.ALERT_CLOCK_SECONDS = 2.0
    assert found("clock_off") == [
        "The clock of the machine web-1 differs from the database's by -30.0 s.",
        "The clock of the machine worker-2 differs from the database's by 40.0 s.",
    ]
    database, later = clock.now(), clock.now() + timedelta(minutes=11)
    monkeypatch.setattr("config.core.clock.now", lambda: later)
    assert found("clock_off") == []  # those machines are gone
    monkeypatch.setattr("config.core.clock.now", lambda: database)
    assert host_clock.known() == {}


def clock_of(monkeypatch: pytest.MonkeyPatch, machine: str, seconds: float) -> None:
    """Have this process be one of another machine, whose clock is ahead."""
    monkeypatch.setattr("socket.gethostname", lambda: machine)
    monkeypatch.setattr("config.core.clock.known_seconds_ahead", lambda: float(seconds))


def test_a_worker_tells_of_its_machines_clock(work: Callable[[], None]) -> None:
    HOST_CLOCK.forget()
    work()
    assert [*host_clock.known()] == [host_clock.host_name()]


def test_a_release_that_ends() -> None:
    photo = ModelImageFactory.create(name="Ada", release_until=clock.today() + timedelta(days=3))
    [sentence] = found("release_ends")
    assert f"Ada ends or has ended. Its last day is {photo.release_until}." in sentence


def test_workers_that_are_gone_for_two_minutes() -> None:
    go_round()
    assert not Alert.objects.filter(raised_at__isnull=False).exists()  # it may be a deploy
    names = {("no_worker", "tryon"), ("no_worker", "maintenance"), ("no_cron", "")}
    assert {*Alert.objects.values_list("name", "subject")} == names
    Alert.objects.update(since=clock.now() - timedelta(minutes=3))
    go_round()
    assert Alert.objects.filter(raised_at__isnull=False).count() == 3


def test_a_clock_process_that_ends_is_told_of_until_another_runs() -> None:
    go_round()
    Alert.objects.filter(name="no_cron").update(since=clock.now() - timedelta(minutes=3))
    go_round()
    told = Alert.objects.filter(name="no_cron", raised_at__isnull=False)
    assert told.filter(resolved_at=None).exists()
    again = CronScheduler(connection=django_rq.get_connection("maintenance"))  # the supervisor's
    again.register_birth()
    go_round()
    assert told.filter(resolved_at=None).exists()  # it may end again
    told.update(seen_at=clock.now() - timedelta(minutes=4))
    go_round()
    assert not told.filter(resolved_at=None).exists()


def test_trouble_that_passes_is_no_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    go_round()
    monkeypatch.setattr("tryon.metrics.readings.ProcessReading.workers_of", lambda *_args: 1)
    go_round()
    assert {*Alert.objects.values_list("name", flat=True)} == {"no_cron"}


@pytest.mark.usefixtures("redis_away")
def test_without_redis_nobody_says_that_a_worker_is_gone() -> None:
    assert RULES["no_worker"].find(Readings()) is None
    Heartbeat.objects.create(process="sweep", at=clock.now() - timedelta(minutes=6))
    assert len(found("no_cron")) == 1


def test_a_worker_of_the_steps_looks_where_no_round_ends(work: Callable[[], None]) -> None:
    tasks.alerts()
    work()
    Heartbeat.objects.filter(process="alerts").update(at=clock.now() - timedelta(minutes=3))
    work()
    assert clock.now() - Heartbeat.objects.get(process="alerts").at < timedelta(minutes=1)


def test_a_rule_that_can_not_read_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> dict[str, float]:
        raise OperationalError

    monkeypatch.setattr("tryon.metrics.readings.clock_offsets", fail)
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    go_round()
    assert Alert.objects.filter(name="key_refused", raised_at__isnull=False).exists()


def test_each_rule_has_its_part_of_the_runbook() -> None:
    text = Path(django_settings.BASE_DIR, "docs", "runbook.md").read_text()
    assert [name for name in RULES if f"### `{name}`" not in text] == []


def test_deliveries_that_wait_for_their_turn() -> None:
    delivery = WebhookDeliveryFactory.create()
    for minutes, sentences in [(9, 0), (11, 1)]:
        delivery.next_at = clock.now() - timedelta(minutes=minutes)
        delivery.save()
        assert len(found("webhooks_late")) == sentences
    assert "has waited for 66" in found("webhooks_late")[0]
    ahead = WebhookDeliveryFactory.create(
        endpoint=delivery.endpoint, next_at=clock.now() - timedelta(hours=1)
    )
    claim(delivery.endpoint.pk)
    assert found("webhooks_late") == []  # the shop's server takes its time
    ahead.delete()
    assert len(found("webhooks_late")) == 1
    delivery.endpoint.failing_since = clock.now()
    delivery.endpoint.save()
    assert found("webhooks_late") == []
