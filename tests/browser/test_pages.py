"""Every page in a real browser: no console error, no CSP report, no violation that axe finds, no overflow.

Each address of the site is in one of the tables. One that is in none fails the test.
"""

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any, Final

import django_rq
import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings
from rq import Worker

from config.core.upkeep.models import CleanupRun
from models_library.models import ModelImage
from tests.browser.visits import Visitor
from tests.browser.widest import widest_rows
from tests.conftest import Finish, Generate
from tests.factories import (
    ArchivedJobFactory,
    AuditEntryFactory,
    BatchItemFactory,
    ComparisonFactory,
    NamedRecipeFactory,
    ProductFactory,
    WebhookDeliveryFactory,
)
from tryon.catalogue.exchange.imports import import_check
from tryon.models import ProductImage
from tryon.sandbox import Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Addresses that answer data or a picture, redirect, or only act: there is nothing to look at.
NO_PAGES: Final = {
    *("home", "favicon", "schema", "media", "healthz", "readyz", "metrics", "doctor", "fashn-webhook"),
    *("money_csv", "comparison_votes"),
    *("autocomplete", "jsi18n", "view_on_site", "logout"),
    *("tryon_productimage_add_one", "models_library_modelimage_add_one"),
    *("tryon_productimage_save_filter", "models_library_modelimage_save_filter"),
    *("tryon_productimage_remove_filter", "models_library_modelimage_remove_filter"),
    *("tryon_governor_pause", "tryon_governor_resume"),
    "tryon_tryonjob_bundle",
    "models_library_modelimage_release_file",
    "batches_batch_change",  # it leads to the batch's own page
    *("django_rq_home_json", "django_rq_metrics"),
    *("django_rq_actions", "django_rq_confirm_action", "django_rq_stop_job"),
    # A clock that has ended leaves Redis in a minute.
    *("django_rq_cron_scheduler_detail", "django_rq_cron_job_detail"),
    *("django_rq_requeue_job", "django_rq_enqueue_job"),
    *("review_next", "review_decide", "review_undo", "review_again", "review_hold", "review_leave"),
    *("review_keys", "review_zip"),
}
# The walk is cut in parts: each is a test, and they run side by side.
PARTS: Final = 3
# Of others, and in English only.
ENGLISH: Final = ("django_rq", "docs")
# Forms that nobody gets: what the system writes is not added, changed or deleted by hand.
REFUSED: Final = {
    *("upkeep_cleanuprun_add", "upkeep_cleanuprun_delete"),
    *("people_auditentry_add", "people_auditentry_delete"),
    *("results_tryonresult_add", "tryon_tryonjob_add", "tryon_tryonjob_delete"),
    *("archive_archivedjob_add", "archive_archivedjob_delete"),
    *("batches_batch_add", "batches_batch_delete"),
    *("tryon_governor_add", "tryon_governor_delete", "tryon_productimage_delete"),
    *("webhooks_webhookdelivery_add", "webhooks_webhookdelivery_delete"),
    "api_shop_delete",  # it has keys
}


def failing() -> None:
    """A task that RQ's dashboard lists as failed, with words as long as the paths of some machine."""
    raise ValueError("as a test wishes, in /" + "a-folder-of-some-machine/" * 12)


def routes() -> Iterator[tuple[str, str]]:
    """Yield the route and the name of each address. A redirect of the admin's to a change form has none."""

    def walk(entries: list[Any], before: str) -> Iterator[tuple[str, URLPattern]]:
        for entry in entries:
            route = before + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, route)
            else:
                yield route, entry

    for route, pattern in walk(get_resolver().url_patterns, "/"):
        if pattern.name and pattern.name not in NO_PAGES and not pattern.name.startswith("api-"):
            yield ("/admin/tryon/" if pattern.name == "app_list" else route), pattern.name


def filled(route: str, words: Mapping[str, object]) -> str:
    """Return an address of a route: a row's key where it wants one, else the word for the converter."""
    if "<path:object_id>" in route:
        app, model = route.split("/")[2:4]
        [row] = [
            kind._default_manager.first()
            for kind in admin.site._registry
            if (kind._meta.app_label, kind._meta.model_name) == (app, model)
        ]
        assert row is not None, f"no row for {route}"
        route = route.replace("<path:object_id>", str(row.pk))
    for converter, word in words.items():
        route = route.replace(converter, str(word))
    assert not set("<(") & set(route), f"{route} is in none of the tables"
    return route


@pytest.fixture
def words(
    staff: Visitor, generate: Generate, finish: Finish, work: Callable[[], None]
) -> Mapping[str, object]:
    """A site that has been used, and what the converters of its addresses stand for."""
    table = BytesIO(b"product_id,price\nSKU-1,abc\nSKU-2,1\n")
    checked = import_check(User.objects.get(username="ada"), table, size=40, file_name="products.csv")
    finish(generate()["jobId"])
    widest_rows()
    Group.objects.create(name="Reviewers")
    CleanupRun.objects.create(task="expired_results")
    AuditEntryFactory.create()
    ArchivedJobFactory.create()
    ProductFactory.create()
    NamedRecipeFactory.create()
    WebhookDeliveryFactory.create()
    photos = {"product_image": ProductImage.objects.get(), "model_image": ModelImage.objects.get()}
    item = BatchItemFactory.create(batch__running=True, **photos)
    queue = django_rq.get_queue("tryon")
    task = queue.enqueue("tests.browser.test_pages.failing")
    work()
    worker = Worker([queue], connection=queue.connection, worker_ttl=86_400)  # RQ forgets it after minutes
    worker.register_birth()  # type: ignore[no-untyped-call]
    failure = task.latest_result()
    assert failure is not None
    return {
        "<uuid:comparison_id>": ComparisonFactory.create().pk,
        "<uuid:import_id>": checked.pk,
        "<int:queue_index>": 1,  # by the order of names
        "<str:job_id>": task.id,
        "<str:result_id>": failure.id,
        "<str:key>": worker.key,
        "<uuid:batch_id>": item.batch_id,
    }


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_of_the_back_office(
    sandbox: Sandbox,
    staff: Visitor,
    words: Mapping[str, object],
    settings: Settings,
    part: int,
    language: str,
) -> None:
    settings.DEMO_SHOP = True
    faults = []
    for route, name in list(routes())[part::PARTS]:
        if language != "en" and name.startswith(ENGLISH):
            continue
        status = 403 if name in REFUSED else 200
        address = filled(route, {**words, "<id>": staff.user_id})
        faults += staff.faults_of(address, status=status, language=language)
    assert not faults, "\n".join(faults)


def test_pages_for_who_has_not_signed_in(nobody: Visitor) -> None:
    faults = [
        *nobody.faults_of("/admin/login/"),
        *nobody.faults_of("/api/docs"),
        *nobody.faults_of("/no/such/page", status=404),
    ]
    assert not faults, "\n".join(faults)
