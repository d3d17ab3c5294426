"""docs/ops: dashboards and alert rules name what a scrape has, and Prometheus takes them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from config.core.admin.runbook import names
from config.core.upkeep import quota
from tests.factories import TryOnJobFactory
from tests.tryon.metrics.happenings import completed
from tests.tryon.metrics.scraping import ask
from tryon.alerts.finds import BULK_PATIENCE, LATE_SWEEP_SECONDS, LATE_WEBHOOK_SECONDS, LEAST_FAILURES
from tryon.alerts.rules import RULES as ALERTS
from tryon.metrics.rollup import roll_up
from tryon.models import Account, Lane
from tryon.money.models import Balance

OPS: Final = Path(__file__).resolve().parents[3] / "docs" / "ops"
# Alerts about rows that no metric counts.
WITHOUT_METRIC: Final = {"release_ends"}
# Prometheus adds these labels itself.
ADDED: Final = {"instance", "job", "le"}


def dashboards() -> dict[str, Any]:
    return {path.name: json.loads(path.read_text()) for path in sorted((OPS / "dashboards").glob("*.json"))}


@cache
def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((OPS / "alerts.yml").read_text())["groups"][0]["rules"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Yield each PromQL expression with the place where it stands."""
    for name, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", target["expr"]
    for rule in rules():
        yield f"alerts.yml: {rule['alert']}", rule["expr"]


@pytest.fixture
def scraped(db: None, settings: Settings) -> Mapping[str, list[Mapping[str, str]]]:
    """Return the labels of each series by its name, of an installation where everything has happened."""
    settings.STORAGE_LIMIT_GB, settings.TRYON_DAILY_LIMIT = 1, 100
    quota.note({"results": quota.Use(objects=1, bytes=100)})
    Balance.objects.create(account=Account.LIVE, credits=40)
    for lane in Lane:
        TryOnJobFactory.create(lane=lane)
    completed(ago=timedelta(minutes=20), waited=1, at_fashn=6)
    roll_up(max_seconds=60)
    found: dict[str, list[Mapping[str, str]]] = {}
    for family in text_string_to_metric_families(ask().content.decode()):
        ends = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        found |= {f"{family.name}{end}": [] for end in ends}
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def selectors(expression: str) -> list[Any]:
    """Return what an expression selects. Raise ValueError for one that Prometheus would refuse."""
    found: list[Any] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def faults(selector: Any, scraped: Mapping[str, list[Mapping[str, str]]]) -> Iterator[str]:
    """Yield what a selector names that no scrape has."""
    if selector.name not in scraped:
        yield selector.name
        return
    series = scraped[selector.name]
    for matcher in selector.matchers.matchers if series else ():
        values = {labels.get(matcher.name) for labels in series}
        if matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.Re):
            for value in matcher.value.split("|"):
                if value not in values:
                    yield f"{selector.name}{{{matcher.name}={value}}}"


def test_every_metric_that_dashboards_and_rules_name_is_in_a_scrape(
    scraped: Mapping[str, list[Mapping[str, str]]],
) -> None:
    found = [
        f"{place}: {fault}"
        for place, expression in expressions()
        for selector in selectors(expression)
        for fault in faults(selector, scraped)
    ]
    assert found == []


def test_every_label_that_the_dashboards_show_is_one_of_the_metric(
    scraped: Mapping[str, list[Mapping[str, str]]],
) -> None:
    for name, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                shown = {*re.findall(r"{{(\w+)}}", target["legendFormat"])} - ADDED
                series = [one for selector in selectors(target["expr"]) for one in scraped[selector.name]]
                assert all(shown <= labels.keys() for labels in series), (name, panel["title"])


def test_ids_are_unique_and_no_panel_lies_on_another() -> None:
    boards = dashboards()
    assert len({board["uid"] for board in boards.values()}) == len(boards) == 3
    for name, board in boards.items():
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids)), name
        cells = [
            (x, y)
            for place in (panel["gridPos"] for panel in board["panels"])
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(cells) == len(set(cells)), name
        assert max(x for x, _ in cells) < 24, name


def test_every_rule_has_its_part_of_the_runbook() -> None:
    for rule in rules():
        assert rule["alert"] in names()
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert']}"
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def numbers(expression: str) -> set[float]:
    """Return the numbers that an expression compares with. 0 and 1 are states."""
    return {float(number) for number in re.findall(r"(?:[<>]=?|==) ([\d.]+)", expression)} - {0, 1}


def test_the_rules_are_the_services_own_alerts_with_their_default_thresholds() -> None:
    values = {"queue_old": [600, 600 * BULK_PATIENCE], "no_cron": [LATE_SWEEP_SECONDS]}
    values |= {"failure_rate": [20, LEAST_FAILURES], "dead_letters": [10], "credits_low": [100]}
    values |= {"clock_off": [2], "storage_80": [80, 95], "storage_95": [95]}
    values |= {"budget_80": [80, 100], "budget_100": [100], "webhooks_late": [LATE_WEBHOOK_SECONDS]}
    by_name = {rule["alert"]: rule for rule in rules() if rule["alert"] != "not_scraped"}
    assert by_name.keys() == ALERTS.keys() - WITHOUT_METRIC
    for name, rule in by_name.items():
        own = ALERTS[name]
        assert rule["labels"]["severity"] == own.severity, name
        assert rule.get("for", "0m") == f"{own.patience.total_seconds() / 60:.0f}m", name
        assert numbers(rule["expr"]) == {*values.get(name, [])}, name
        if own.setting.startswith("ALERT_"):
            assert own.threshold() in values[name], name


# A developer's machine may be without. .ci/run installs it.
@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool, of Debian's package prometheus")
@pytest.mark.parametrize("command", ["check rules alerts.yml", "test rules alerts_test.yml"])
def test_prometheus_takes_the_rules_and_they_tell_what_they_should(command: str) -> None:
    done = subprocess.run(
        ["promtool", *command.split()], cwd=OPS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
