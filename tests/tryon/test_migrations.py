"""Migrations: rows of earlier releases are taken over, and the release before works on while they run."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.migrations import AddField, Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

from config.core import clock


def our_migrations() -> Iterator[Migration]:
    """Each migration of our apps that changes what an earlier release made."""
    # The environment may lie in the project's folder too.
    ours = {
        app.label
        for app in apps.get_app_configs()
        if app.path.startswith(str(settings.BASE_DIR)) and "site-packages" not in app.path
    }
    loader = MigrationLoader(None)
    for (label, _name), migration in sorted(loader.disk_migrations.items()):
        if label in ours and not migration.initial:
            yield migration


def stops_the_release_before(field: "models.Field[Any, Any]") -> bool:
    """Return whether an INSERT that does not know the column is refused."""
    return not field.null and not field.many_to_many and field.db_default is NOT_PROVIDED


# A column that the first version has had from its beginning: no release runs without it.
OLD = {("tryon", "0002_prediction_kept", "kept")}


def test_no_new_column_stops_the_release_before() -> None:
    """During a deploy its processes insert rows until the last of them has ended."""
    found = [
        (migration.app_label, migration.name, operation.name)
        for migration in our_migrations()
        for operation in migration.operations
        if isinstance(operation, AddField) and stops_the_release_before(operation.field)
    ]
    assert [column for column in found if column not in OLD] == []


@pytest.mark.parametrize(
    ("field", "stops"),
    [
        (models.IntegerField(default=0), True),
        (models.CharField(max_length=9, blank=True), True),
        (models.IntegerField(db_default=0), False),
        (models.IntegerField(null=True), False),
    ],
)
def test_the_search_would_find_one(field: "models.Field[Any, Any]", stops: bool) -> None:
    assert stops_the_release_before(field) is stops


@pytest.fixture
def migrated_to(transactional_db: None) -> Iterator[Callable[..., Any]]:
    """Bring the database to a migration and return the models as they are there."""

    def migrate(*targets: tuple[str, str]) -> Any:
        executor = MigrationExecutor(connection)
        executor.migrate(list(targets))
        return MigrationExecutor(connection).loader.project_state(list(targets)).apps

    yield migrate
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_calls_that_share_an_id_are_told_apart(migrated_to: Callable[..., Any]) -> None:
    old = migrated_to(("tryon", "0005_one_clock"))
    make = jobs_and_calls(old)
    first, running, other = (
        make("succeeded", "abc"),
        make("running", "abc"),
        make("succeeded", "def"),
    )
    late = make("running", "abc")
    unnamed = [make("unknown", ""), make("unknown", "")]

    new = migrated_to(("tryon", "0006_provider_id_once"))

    ids = dict(new.get_model("tryon", "Prediction").objects.values_list("pk", "provider_id"))
    assert ids == {first: "", running: "abc", other: "def", late: "", **dict.fromkeys(unnamed, "")}
    assert new.get_model("tryon", "Prediction").objects.get(pk=late).state == "unknown"


def test_earlier_rescues_are_counted_by_day(migrated_to: Callable[..., Any]) -> None:
    old = migrated_to(("tryon", "0009_nothing_grows"))
    call = old.get_model("tryon", "Prediction").objects.get(pk=jobs_and_calls(old)("succeeded", "abc"))
    today, yesterday = clock.now(), clock.now() - timedelta(days=1)
    for at, kind, data in (
        (today, "rescued", {"credits": 2}),
        (today, "rescued", {"credits": 3}),
        (yesterday, "rescued", {}),
        (today, "completed", {"credits": 9}),
    ):
        old.get_model("tryon", "JobEvent").objects.create(job_id=call.job_id, at=at, kind=kind, data=data)

    new = migrated_to(("tryon", "0010_rescues_counted"))

    counts = new.get_model("upkeep", "DailyCount").objects.values_list("name", "day", "number")
    assert set(counts) == {
        ("rescued_pictures", today.date(), 2),
        ("rescued_credits", today.date(), 5),
        ("rescued_pictures", yesterday.date(), 1),
    }


@pytest.mark.slow
def test_the_rows_of_a_key_become_those_of_its_shop_and_back(migrated_to: Callable[..., Any]) -> None:
    before = [("api", "0003_words_of_manager"), ("tryon", "0013_asks_of_viewers")]
    old = migrated_to(*before, ("results", "0005_nothing_grows"))
    key = old.get_model("api", "ApiKey").objects.create(name="Linden", digest="d", is_manager=True)
    job = old.get_model("tryon", "Prediction").objects.get(pk=jobs_and_calls(old)("succeeded", "abc")).job
    name = f"key:{key.pk}"
    old.get_model("tryon", "TryOnJob").objects.update(requester=name)
    old.get_model("tryon", "ProductImage").objects.update(requester=name)
    for requester in (name, "user:1"):
        old.get_model("tryon", "JobViewer").objects.create(job=job, requester=requester)
        old.get_model("results", "ResultFeedback").objects.create(
            job_id=job.pk, requester=requester, verdict="yes"
        )

    new = migrated_to(("tryon", "0016_requesters_are_shops"), ("results", "0006_requesters_are_shops"))

    shop = new.get_model("api", "Shop").objects.get()
    assert (shop.pk, shop.name) == (key.pk, "Linden")
    taken_over = new.get_model("api", "ApiKey").objects.get()
    assert (taken_over.shop, taken_over.scopes, taken_over.kind) == (shop, ["tryon"], "secret")
    assert named(new) == {f"shop:{shop.pk}", "user:1"}
    assert new.get_model("tryon", "ProductImage").objects.get().shop == f"shop:{shop.pk}"

    assert named(migrated_to(*before, ("results", "0005_nothing_grows"))) == {name, "user:1"}


def named(tables: Any) -> set[str]:
    """The requesters in all tables."""
    found: set[str] = set()
    for app, model in (
        ("tryon", "TryOnJob"),
        ("tryon", "JobViewer"),
        ("tryon", "ProductImage"),
        ("results", "ResultFeedback"),
    ):
        found |= set(tables.get_model(app, model).objects.values_list("requester", flat=True))
    return found


def jobs_and_calls(tables: Any) -> Callable[[str, str], Any]:
    """Make a call of a job of its own, with the models of a migration; returns its key."""
    number = iter(range(100))
    model_image = tables.get_model("models_library", "ModelImage").objects.create(
        name="Ada", category="full_body", width=1, height=1, checksum="m"
    )
    product = tables.get_model("tryon", "ProductImage").objects.create(
        product_id="SKU", width=1, height=1, checksum="p"
    )

    def make(state: str, provider_id: str) -> Any:
        job = tables.get_model("tryon", "TryOnJob").objects.create(
            cache_key=f"key-{next(number)}", product_image=product, model_image=model_image
        )
        return (
            tables.get_model("tryon", "Prediction")
            .objects.create(job=job, state=state, provider_id=provider_id, submitted_at=clock.now())
            .pk
        )

    return make
