"""The metrics that Prometheus gets, against what has happened."""

from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import Settings

from config.core import clock
from config.shops.callers import shop_name
from tests.conftest import Api, Finish, Generate, data_of
from tests.factories import ShopFactory, TryOnJobFactory, WebhookDeliveryFactory, WebhookEndpointFactory
from tests.tryon.metrics.scraping import Scrape, ask
from tryon import tasks
from tryon.metrics import readings
from tryon.metrics.models import Tally, Topic
from tryon.models import JobEvent, Status, TryOnJob
from tryon.sandbox import Sandbox


@pytest.mark.django_db
def test_only_who_has_the_token_is_told_and_without_one_nothing_is_there(settings: Settings) -> None:
    assert ask().status_code == 200
    refused = ask("another")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    settings.METRICS_TOKEN = ""
    assert ask("").status_code == 404


@pytest.mark.django_db
def test_the_text_has_a_help_and_a_type_for_each_metric_and_openmetrics_is_spoken_too() -> None:
    text = ask().content.decode()
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE tryon_")]
    assert len(names) == len(set(names)) > 15
    assert all(f"# HELP {name} " in text for name in names)
    assert "# TYPE tryon_jobs_total counter" in text
    answer = ask(accept="application/openmetrics-text; version=1.0.0")
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


@pytest.mark.django_db
def test_without_redis_the_rows_are_told_and_that_it_is_away(redis_away: None) -> None:
    TryOnJobFactory.create()
    seen = Scrape()
    assert seen("redis_up") == 0
    assert seen("workers", queue="tryon") == 0
    assert seen("queue_jobs", lane="interactive", shop="owner") == 1


@pytest.mark.django_db
def test_the_queue_is_told_by_shop_and_the_smallest_shops_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MOST_SHOPS", 1)
    now = clock.now()
    large, small, tiny = (shop_name(ShopFactory.create(name=name).pk) for name in ("Large", "Small", "Tiny"))
    for requester, minutes in [(large, 1), (large, 2), (small, 5), (tiny, 9)]:
        job = TryOnJobFactory.create(requester=requester)
        TryOnJob.objects.filter(pk=job.pk).update(updated_at=now - timedelta(minutes=minutes))
    seen = Scrape()
    for shop, jobs, waited in [("Large", 2, 120), ("others", 2, 540)]:
        assert seen("queue_jobs", lane="interactive", shop=shop) == jobs
        assert seen("queue_oldest_seconds", lane="interactive", shop=shop) == pytest.approx(waited, abs=80)


@pytest.mark.django_db(transaction=True)
def test_a_try_on_is_counted_at_once_and_once(generate: Generate, finish: Finish, sandbox: Sandbox) -> None:
    tasks.roll_up_metrics()  # as on each installation, within a minute
    job = finish(generate()["jobId"])
    assert job.status == Status.COMPLETED
    generate()  # the picture is there
    for _ in range(2):  # before the rollup, and after it
        seen = Scrape()
        assert seen("jobs_total", outcome="completed", code="") == 1
        assert seen("fashn_calls_total", outcome="succeeded") == 1
        assert seen("credits_total", kind="spent") == 1
        assert seen("credits_total", kind="saved") == 1
        assert seen("cache_answers_total", outcome="hit") == 1
        assert seen("cache_answers_total", outcome="miss") == 1
        pass_time(minutes=20)
        tasks.roll_up_metrics()
    tasks.roll_up_metrics()
    JobEvent.objects.all().delete()  # what is counted needs no event
    seen = Scrape()
    assert seen("jobs_total", outcome="completed", code="") == 1
    assert seen("stage_seconds_count", stage="fashn", mode="balanced") == 1
    assert seen("stage_seconds_bucket", stage="fashn", mode="balanced", le="+Inf") == 1
    assert seen("wait_seconds_count", lane="interactive") == 1


def pass_time(**ago: int) -> None:
    """Let all that has happened, and the last rollup, be longer ago."""
    for event in JobEvent.objects.all():
        event.at -= timedelta(**ago)
        event.save()
    seconds = int(timedelta(**ago).total_seconds())
    Tally.objects.filter(topic=Topic.THROUGH).update(number=F("number") - seconds)


@pytest.mark.django_db
def test_what_waits_for_shops_servers_is_told_apart_for_failing_endpoints(manager: Api) -> None:
    now = clock.now()
    well, failing, off, test = (
        WebhookEndpointFactory.create(**fields)
        for fields in ({}, {"failing_since": now}, {"is_active": False, "trouble": "gone"}, {"is_test": True})
    )
    for endpoint, minutes in [(well, 5), (well, 20), (failing, 60), (off, 600), (test, 600)]:
        WebhookDeliveryFactory.create(endpoint=endpoint, next_at=now - timedelta(minutes=minutes))
    WebhookDeliveryFactory.create(endpoint=failing, next_at=now + timedelta(hours=9))
    WebhookDeliveryFactory.create(endpoint=well, next_at=None, state="delivered")
    seen = Scrape()
    for health, number, late in [("well", 2, 1200), ("failing", 2, 3600)]:
        assert seen("webhook_pending", endpoints=health) == number
        assert seen("webhook_late_seconds", endpoints=health) == pytest.approx(late, abs=80)
    assert [seen("webhook_endpoints_disabled", reason=reason) for reason in ("gone", "failing")] == [1, 0]
    told = data_of(manager.get("stats"))["webhooks"]
    assert [one["pending"] for one in told["backlogs"]] == [2, 2]
    assert told["disabledEndpoints"] == 1
