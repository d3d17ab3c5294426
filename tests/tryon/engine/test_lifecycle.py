"""The table of transitions is all that happens to jobs and predictions."""

import ast
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils.functional import Promise

from tests.factories import PredictionFactory, TryOnJobFactory
from tryon.engine import signals
from tryon.engine.lifecycle.edges import GONE, JobEdge, PredictionEdge
from tryon.engine.lifecycle.transition import transition
from tryon.failures import FailureCode
from tryon.fashn import errors as fashn_errors
from tryon.fashn.types import PredictionFailure
from tryon.management.commands.draw_lifecycle import PAGE, drawn
from tryon.models import EventKind, JobEvent, Prediction, PredictionState, Status, TryOnJob

CODE = ("config", "models_library", "results", "tryon")
# Leases are no states: nothing happened to a job that somebody looks after.
# The last takes the names of erased shoppers away.
WRITERS = {
    *("tryon/engine/lifecycle/transition.py", "tryon/engine/leases.py"),
    "tryon/engine/lifecycle/names.py",
    "tryon/demo/scale.py",  # it fills an empty installation
}
WRITES = {"update", "bulk_update", "save", "create", "bulk_create", "update_or_create", "get_or_create"}
# What else is written in modules that know jobs: other tables, by their names, and a set of storage keys.
OTHERS = (
    *("Heartbeat.", "JobEvent.", "JobViewer.", "job.viewers.", "LogEntry.", "ProductImage.", "keys."),
    *("Batch.", "BatchItem.", "ChangedDay.", "Complaint.", "RemovedResult.", "Rollup.", "Spending."),
    "TryOnResult.",
)
# Names that hold batches and their pairs, rows of the rollup, or counters.
NAMES = {
    "tryon/archive/keeping.py": ("ArchivedJob.", "ArchivedViewer.", "own."),
    "tryon/batches/asking.py": ("claimed.",),
    "tryon/batches/claims.py": ("running.", "items."),
    "tryon/batches/orders.py": ("waiting.", "failed.", "mine.", "plan.", "locked."),
    "tryon/batches/settling.py": ("came.", "locked.", "same."),
    "tryon/metrics/counting.py": ("found.",),
    "tryon/money/ledger.py": ("numbers.",),
    "tryon/money/rollup.py": ("rows.model.", "kind.", "total."),
    "tryon/money/selectors.py": ("found.sums.", "self.sums."),
}


def writes(path: Path) -> Iterator[str]:
    """Each call in a module that may write a row, as text, if the module knows jobs or predictions."""
    tree = ast.parse(path.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    known = {name.name for node in imports if node.module == "tryon.models" for name in node.names}
    if not known & {"TryOnJob", "Prediction"}:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            yield ast.unparse(node.func)


def test_nothing_else_writes_jobs_or_predictions() -> None:
    found = {}
    for package in CODE:
        for path in (settings.BASE_DIR / package).rglob("*.py"):
            name = str(path.relative_to(settings.BASE_DIR))
            if "migrations" in path.parts or name in WRITERS:
                continue
            allowed = OTHERS + NAMES.get(name, ())
            if others := [call for call in writes(path) if not call.startswith(allowed)]:
                found[name] = others
    assert found == {}


def test_the_search_would_find_a_write(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "from tryon.models import TryOnJob\nTryOnJob.objects.filter(pk=1).update(status='failed')\n"
    )
    assert list(writes(module)) == ["TryOnJob.objects.filter(pk=1).update"]


@pytest.mark.parametrize("edges", [JobEdge, PredictionEdge])
def test_no_two_edges_are_the_same(edges: type[JobEdge] | type[PredictionEdge]) -> None:
    assert len(list(edges)) == len(edges.__members__)


def test_a_joint_edge_has_a_partner_that_writes_the_event() -> None:
    every = [edge.value for edge in [*JobEdge, *PredictionEdge]]
    for edge in every:
        if edge.joint:
            assert [other for other in every if other.event == edge.event and not other.joint], edge


@pytest.mark.parametrize("words", [EventKind, FailureCode])
def test_every_kind_and_every_code_has_words(words: type[EventKind] | type[FailureCode]) -> None:
    """Django would make words of the name of one that has none, and they would not be translated."""
    assert [member.value for member in words if not isinstance(member._label_, Promise)] == []


def test_every_code_of_fashns_is_a_failure_code() -> None:
    codes = {error.code for error in fashn_errors.FashnError.__subclasses__()}
    # These hold a job back, whatever it asked for: it never fails with them.
    codes -= {"provider_unauthorized", "provider_rate_limited", "provider_concurrency_limited"}
    codes -= {"provider_out_of_credits"}
    names = ["PoseError", "ThirdPartyError", "UnavailableError", "PipelineError", "InternalServerError"]
    names += ["ImageLoadError", "ContentModerationError", "InputValidationError", "canceled", "time_out", "?"]
    codes |= {PredictionFailure(name=name, message="").code for name in names}
    assert codes <= set(FailureCode.values)


def test_the_diagrams_in_the_docs_are_drawn_from_the_table() -> None:
    text = PAGE.read_text()
    assert "stateDiagram-v2" in text
    assert drawn(text) == text


def job_in(status: str) -> TryOnJob:
    fields: dict[str, object] = {"status": status}
    if status == Status.FAILED:
        fields["error_code"] = "internal_error"
    if status == Status.COMPLETED:
        fields |= {"progress": 100, "completed_at": "2026-01-01T00:00:00Z"}
    return TryOnJobFactory.create(**fields)


def needed(edge: JobEdge) -> dict[str, Any]:
    """The fields that the database wants in the edge's target."""
    if edge.value.target == Status.FAILED:
        return {"error_code": "internal_error"}
    if edge.value.target == Status.COMPLETED:
        return {"progress": 100, "completed_at": "2026-01-01T00:00:00Z"}
    return {}


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("edge", [edge for edge in JobEdge if edge.value.sources])
def test_a_job_takes_an_edge_from_its_sources_only(edge: JobEdge, status: str) -> None:
    job = job_in(status)
    allowed = status in edge.value.sources

    assert transition(job, edge, data={"number": 1}, **needed(edge)) is allowed

    job.refresh_from_db()
    assert job.status == (edge.value.target or status if allowed else status)
    written = allowed and not edge.value.joint
    assert list(JobEvent.objects.values_list("kind", "data")) == (
        [(edge.value.event.value, {"number": 1})] if written else []
    )


@pytest.mark.django_db
@pytest.mark.parametrize("edge", [edge for edge in JobEdge if edge.value.sources])
def test_some_edges_are_the_lease_holders_alone(edge: JobEdge) -> None:
    job = job_in(edge.value.sources[0])
    TryOnJob.objects.filter(pk=job.pk).update(lease=uuid.uuid4(), lease_until="2026-01-01T00:00:00Z")

    assert transition(job, edge, **needed(edge)) is not edge.value.held


@pytest.mark.django_db
@pytest.mark.parametrize("state", PredictionState.values)
@pytest.mark.parametrize("edge", [edge for edge in PredictionEdge if edge.value.sources])
def test_a_prediction_takes_an_edge_from_its_sources_only(edge: PredictionEdge, state: str) -> None:
    prediction = PredictionFactory.create(state=state, provider_id="p-1")
    allowed = state in edge.value.sources

    assert transition(prediction, edge, speed="2k quality") is allowed

    left = [] if allowed and edge.value.target == GONE else [edge.value.target or state if allowed else state]
    assert list(Prediction.objects.values_list("state", flat=True)) == left
    assert JobEvent.objects.filter(job=prediction.job, kind=edge.value.event).exists() is allowed


@pytest.mark.django_db
def test_each_change_of_a_job_is_told_in_its_transaction() -> None:
    told: list[object] = []

    def hear(job_id: uuid.UUID, status: str | None, **_: object) -> None:
        told.append((status, TryOnJob.objects.get(pk=job_id).status, connection.in_atomic_block))

    job = TryOnJobFactory.create()
    signals.changed.connect(hear)
    try:
        assert transition(job, JobEdge.PRICE, only={"price": job.price}, price=2)
        assert transition(job, JobEdge.CANCEL)
        assert not transition(job, JobEdge.CANCEL)
    finally:
        signals.changed.disconnect(hear)
    assert told == [(None, "queued", True), ("canceled", "canceled", True)]
