"""Statistics of a window: of the last hour, day or week, before and after the rollup."""

from datetime import timedelta
from typing import Any

import pytest

from config.core import clock
from config.shops.models import Shop
from tests.conftest import Api, data_of, error_of
from tests.factories import TryOnJobFactory
from tests.tryon.metrics.happenings import completed, failed
from tryon.metrics.rollup import roll_up
from tryon.models import Account, JobEvent, Lane, TryOnJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return Shop.objects.create(name="Linden")


def window(api: Api, name: str) -> Any:
    return data_of(api.get("stats", window=name))["window"]


def roll() -> None:
    roll_up(max_seconds=60)


def test_each_window_has_its_jobs_durations_and_shops(manager: Api, shop: Shop) -> None:
    minutes, hours, days = timedelta(minutes=20), timedelta(hours=5), timedelta(days=3)
    of_shop = {"requester": f"shop:{shop.pk}"}
    for at_fashn in (6, 6, 6, 14):
        completed(ago=minutes, waited=2, at_fashn=at_fashn, **of_shop)
    failed("pose_not_found", ago=minutes, **of_shop)
    failed("deadline_passed", ago=hours, requester="user:1", lane=Lane.BULK)
    completed(ago=days, waited=100, at_fashn=6, lane=Lane.BULK)
    completed(ago=minutes, waited=1, at_fashn=6, account=Account.TEST)
    roll()

    hour = window(manager, "1h")
    assert hour["jobs"] == {"completed": 4, "failed": 1, "canceled": 0}
    assert hour["failureRate"] == 0.2
    assert hour["failures"] == {"pose_not_found": 1}
    stages = {stage["stage"]: stage for stage in hour["stages"]}
    assert stages["fashn"] == {
        "stage": "fashn",
        "mode": "balanced",
        "count": 4,
        "p50Seconds": 6.7,
        "p95Seconds": 14.0,
    }
    assert hour["waits"] == [{"lane": "interactive", "count": 4, "p50Seconds": 1.8, "p95Seconds": 2.4}]
    assert hour["shops"] == [
        {"id": str(shop.pk), "name": "Linden", **hour["jobs"], "creditsSpent": 0},
    ]
    assert len(hour["course"]) == 13
    assert sum(part["completed"] for part in hour["course"]) == 4

    day, week = window(manager, "24h"), window(manager, "7d")
    assert day["failures"] == {"pose_not_found": 1, "deadline_passed": 1}
    assert {(shop["id"], shop["name"]) for shop in day["shops"]} == {
        (str(shop.pk), "Linden"),
        (None, "admin"),
    }
    assert week["jobs"] == {"completed": 5, "failed": 2, "canceled": 0}
    assert [wait["lane"] for wait in week["waits"]] == ["bulk", "interactive"]
    assert sum(part["completed"] for part in week["course"]) == 5


def test_what_is_not_added_up_yet_is_there_and_stays_once_it_is(
    manager: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll()
    completed(ago=timedelta(seconds=1), waited=2, at_fashn=6)
    seen = window(manager, "1h")
    assert seen["jobs"]["completed"] == sum(part["completed"] for part in seen["course"]) == 1
    monkeypatch.setattr("tryon.metrics.rollup.MARGIN", timedelta(minutes=-10))  # ten minutes pass
    roll()
    JobEvent.objects.all().delete()
    assert window(manager, "1h")["jobs"]["completed"] == 1
    assert [wait["count"] for wait in window(manager, "1h")["waits"]] == [1]  # durations come with the rollup


def test_the_day_is_the_default_and_another_window_is_refused(manager: Api) -> None:
    roll()
    assert len(window(manager, "24h")["course"]) == len(data_of(manager.get("stats"))["window"]["course"])
    assert error_of(manager.get("stats", window="2h"))["code"] == "validation_error"


def test_the_queue_counts_from_the_last_change_of_state(manager: Api) -> None:
    old = clock.now() - timedelta(days=30)
    retried = TryOnJobFactory.create(created_at=old)
    TryOnJob.objects.filter(pk=retried.pk).update(updated_at=clock.now() - timedelta(seconds=90))
    lanes = {lane["lane"]: lane for lane in data_of(manager.get("stats"))["queue"]}
    assert lanes["interactive"]["queued"] == 1
    assert 90 <= lanes["interactive"]["oldestSeconds"] < 900
    assert lanes["bulk"] == {"lane": "bulk", "queued": 0, "oldestSeconds": 0}
