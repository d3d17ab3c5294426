"""docs/runbook.md has a part for each code, alert and line of the log, and pages lead to it."""

import ast
import functools
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.test import Client

from config.core.admin.runbook import LABELS, chapters, runbook_link
from config.core.errors import errors
from config.core.http.exceptions import KNOWN
from config.core.upkeep.models import CleanupRun
from tests.factories import BatchFactory, TryOnJobFactory
from tryon.admin.operations import OF_A_FINDING, OF_A_PAUSE
from tryon.alerts.rules import RULES
from tryon.events.refusals import Refusal
from tryon.failures import FailureCode
from tryon.models import Account, Governor, Status

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("config", "models_library", "results", "tryon")
LEVELS: Final = {"warning", "error", "exception", "critical", "log"}


def tells(node: ast.AST, tellers: set[str]) -> bool:
    """Return whether an expression is a way to write a line at warning or above.

    It is a method of a logger, ``alarm(…)``, or a name that one of them was assigned to.
    """
    match node:
        case ast.Attribute(value=ast.Name(id="logger"), attr=attr):
            return attr in LEVELS
        case ast.Call(func=ast.Name(id="alarm")):
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return tells(body, tellers) or tells(orelse, tellers)
        case ast.Name(id=name):
            return name in tellers
        case _:
            return False


def events_of(source: str) -> Iterator[str]:
    """Yield the name of each line that a module writes at warning or above."""
    nodes = [*ast.walk(ast.parse(source))]
    tellers = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and tells(node.value, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and tells(node.func, tellers):
            yield ast.literal_eval(node.args[0])


@functools.cache
def log_events() -> set[str]:
    """Return the names of all lines at warning or above."""
    sources = (path.read_text() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {event for source in sources if "logger" in source for event in events_of(source)}


def alerts() -> set[str]:
    """Return the names of our alerts and of those of Prometheus."""
    rules = (ROOT / "docs" / "ops" / "alerts.yml").read_text()
    return {*RULES, *re.findall(r"^ *- alert: (\w+)$", rules, re.MULTILINE)}


def codes() -> set[str]:
    """Return the codes of the API, of the back office and of failed jobs."""
    for doors in (settings.ROOT_URLCONF, "config.core.http.gate"):
        import_module(doors)  # and with it every module that defines an error
    frameworks = {code for _, code, _ in KNOWN.values()} | {"validation_error"}
    refused_live = {refusal.code for refusal in Refusal.__subclasses__()}
    return (
        frameworks | refused_live | {error.code for error in errors()} | {code.value for code in FailureCode}
    )


def test_lines_of_the_log_are_found() -> None:
    source = """
logger.info("told", error="x")
logger.warning("warned")
tell = logger.error if late else logger.info
tell("late")
other("nothing")
alarm(logger, account)("alarmed", at=1)
"""
    assert {*events_of(source)} == {"warned", "late", "alarmed"}
    assert len(log_events()) > 40
    assert {"circuit_open", "storage_filling", "cleanup_finished", "image_child_died"} <= log_events()


def test_every_code_alert_and_line_of_the_log_has_one_part_and_no_other_has() -> None:
    parts = [part.name for chapter in chapters() for part in chapter.parts]
    assert sorted(parts) == sorted(codes() | log_events() | alerts())


def test_every_part_has_its_cause_what_shoppers_see_and_what_to_do() -> None:
    incomplete = [
        part.name
        for chapter in chapters()
        for part in chapter.parts
        if [label for label, _ in part.facts] != [*LABELS.values()]
    ]
    assert incomplete == []


def test_parts_name_other_parts_that_exist() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text()
    named = {
        name
        for sentence in re.findall(r"\b(?:see|as with) ((?:`\w+`(?:,| or| and)? ?)+)", text)
        for name in re.findall(r"`(\w+)`", sentence)
    }
    assert len(named) > 10
    assert named - {part.name for chapter in chapters() for part in chapter.parts} == set()


@pytest.mark.django_db
def test_the_page_has_each_part_and_its_labels_in_the_persons_language(admin_client: Client) -> None:
    page = admin_client.get("/admin/runbook/", headers={"Accept-Language": "ko"}).content.decode()
    assert "영어로만 제공됩니다" in page
    anchors = re.findall(r'<h3 id="(\w+)">', page)
    assert anchors == [part.name for chapter in chapters() for part in chapter.parts]
    assert page.count('<dt lang="ko">원인</dt>') == len(anchors)
    assert "`" not in page
    assert "**" not in page


@pytest.mark.django_db
def test_pages_lead_to_the_part_about_their_trouble(admin_client: Client) -> None:
    job = TryOnJobFactory.create(status=Status.FAILED, error_code=FailureCode.DEADLINE_PASSED)
    batch = BatchFactory.create(running=True, state="paused", pause_code="price_rose")
    CleanupRun.objects.create(task="old_jobs", problem="It stopped.", finished_at=job.created_at)
    assert links(admin_client, f"/admin/tryon/tryonjob/{job.pk}/change/") == ["deadline_passed"]
    assert links(admin_client, "/admin/") == ["deadline_passed"]
    no_process = ["no_worker", "no_cron"]
    assert links(admin_client, "/admin/tryon/governor/") == ["dead_letters", *no_process]
    assert links(admin_client, f"/admin/batches/{batch.pk}/") == ["batch_stopped"]
    assert links(admin_client, "/admin/upkeep/cleanuprun/") == ["cleanup_finished"]
    assert "no_cron" in links(admin_client, "/admin/tryon/governor/doctor/")
    for reason, name in OF_A_PAUSE.items():
        Governor.objects.update_or_create(account=Account.LIVE, defaults={"pause": reason})
        assert links(admin_client, "/admin/tryon/governor/") == [name, "dead_letters", *no_process]


def links(client: Client, address: str) -> list[str]:
    """Return the parts of the runbook that a page leads to."""
    return re.findall(r'href="/admin/runbook/#(\w+)"', client.get(address).content.decode())


def test_pages_name_parts_that_exist() -> None:
    used = {*OF_A_PAUSE.values(), *OF_A_FINDING.values()}
    for path in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% runbook_link "(\w+)" %}', path.read_text()))
    assert {name for name in used if not runbook_link(name)} == set()
    assert runbook_link("no_such_name") == ""


def test_the_image_has_the_runbook() -> None:
    assert "\nCOPY docs/runbook.md docs/runbook.md\n" in (ROOT / "Dockerfile").read_text()
