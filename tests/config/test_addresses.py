"""The answers of the admin to each kind of caller: the tables in ``tests/addresses.py`` against it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, Final

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from config.core.upkeep.models import CleanupRun
from config.shops.roles import ROLES
from tests.addresses import METHODS, NOBODY, OF_RQ, OF_THE_ADMIN, OUTSIDERS, Row
from tests.callers import Callers, allow, browser, everybody, staff_with
from tests.factories import (
    ApiKeyFactory,
    ArchivedJobFactory,
    AuditEntryFactory,
    BatchFactory,
    ComparisonFactory,
    ModelImageFactory,
    NamedRecipeFactory,
    ProductFactory,
    ProductImageFactory,
    ShopFactory,
    TryOnJobFactory,
    TryOnResultFactory,
    WebhookDeliveryFactory,
)
from tryon.models import Account
from tryon.services.operations import service_pause

pytestmark = pytest.mark.django_db

PLACEHOLDER: Final = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)\??")


@dataclass(frozen=True, slots=True)
class World:
    """A browser or program of each kind of caller, and what each name in an address stands for."""

    callers: Callers
    staff: User
    ids: Mapping[str, str]

    def path(self, route: str) -> str:
        """Return an address with the ids of rows that are there."""

        def filled(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            return self.ids.get(f"{route}:{name}") or self.ids[f"{owner_of(route)}:{name}"]

        return "/" + PLACEHOLDER.sub(filled, route).translate(str.maketrans("", "", "^$?"))


def owner_of(route: str) -> str:
    """Return the model's part of an admin address, such as ``auth/user``; empty elsewhere."""
    match = re.match(r"admin/(\w+/\w+)/", route)
    return match[1] if match else ""


@pytest.fixture
def world(db: None, settings: Settings) -> World:
    settings.DEMO_SHOP = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    staff = User.objects.create_user("somebody else", is_staff=True)
    return World({**everybody(), "some": [browser(staff)]}, staff, rows_made())


def rows_made() -> dict[str, str]:
    """Make a row of each model. Return their ids."""
    model, product = ModelImageFactory.create(), ProductImageFactory.create()
    done = TryOnJobFactory.create(completed=True, product_image=product, model_image=model)
    ids: dict[str, Any] = {
        "auth/group:object_id": Group.objects.create(name="Some group"),
        "auth/user:object_id": (somebody := User.objects.create_user("somebody")),
        "auth/user:id": somebody,
        "api/apikey:object_id": ApiKeyFactory.create(),
        "api/shop:object_id": ShopFactory.create(),
        "upkeep/cleanuprun:object_id": CleanupRun.objects.create(task="old_events"),
        "people/auditentry:object_id": AuditEntryFactory.create(),
        "models_library/modelimage:object_id": model,
        "results/tryonresult:object_id": TryOnResultFactory.create(job=done),
        "tryon/tryonjob:object_id": done,
        "archive/archivedjob:object_id": ArchivedJobFactory.create(),
        "tryon/productimage:object_id": product,
        "catalogue/product:object_id": ProductFactory.create(),
        "batches/batch:object_id": (batch := BatchFactory.create()),
        "batches/namedrecipe:object_id": NamedRecipeFactory.create(),
        "webhooks/webhookendpoint:object_id": (delivery := WebhookDeliveryFactory.create()).endpoint,
        "webhooks/webhookdelivery:object_id": delivery,
        ":batch_id": batch,
    }
    comparison = ComparisonFactory.create()
    for part in ("", "outcome/", "votes/"):
        ids[f"admin/comparisons/<uuid:comparison_id>/{part}:comparison_id"] = comparison
    texts = {
        "products/import:import_id": "00000000-0000-4000-8000-000000000000",
        ":app_label": "upkeep",
        ":url": "nothing-here",
        "models_library/modelimage:key": (nobodys := "00000000-0000-4000-8000-000000000000"),
        "tryon/productimage:key": nobodys,
        "django_rq/dashboard:queue_index": "0",
        "django_rq/dashboard:connection_index": "0",
        "django_rq/dashboard:job_id": "none",
        "django_rq/dashboard:result_id": "none",
        "django_rq/dashboard:key": "none",
        "django_rq/dashboard:token": "",
        "django_rq/dashboard:scheduler_name": "none",
        "django_rq/dashboard:cron_job_name": "none",
    }
    return {name: str(row.pk) for name, row in ids.items()} | texts


def answer(world: World, client: Client, method: str, route: str, row: Row) -> int:
    """Return the status of one request, of which nothing stays behind."""
    cookies = SimpleCookie(client.cookies.output(header="", sep=";"))
    path = world.path(route)
    with transaction.atomic():
        if method == "GET":
            response: Any = client.get(path, row.query)
        else:
            response = client.post(path, row.body) if method == "POST" else client.generic(method, path)
        transaction.set_rollback(True)
    client.cookies = cookies
    return int(response.status_code)


def is_answer_of_staff(given: int, row: Row, permissions: frozenset[str]) -> bool:
    """Return whether an answer suits staff with these permissions. To change rows includes to view them.

    With some of the permissions a row can be seen, so that its refusal is a 403 in place of a 404.
    """
    views = {name.replace(".change_", ".view_") for name in permissions}
    if row.needs <= permissions | views:
        return given == row.ok
    return given == row.staff or (given in {403, 404} and row.staff in {403, 404})


def surprises(world: World, table: Mapping[str, Mapping[str, Row]]) -> Iterator[str]:
    """Yield each answer that is not as the table says."""
    for route, rows in table.items():
        for method, row in rows.items():
            for name, given, is_right in answers(world, method, route, row):
                if not is_right:
                    yield f"{method} {route} by {name}: {given}"


def answers(world: World, method: str, route: str, row: Row) -> Iterator[tuple[str, int, bool]]:
    """Yield the answers to all callers, and to staff with the right permissions, or with all the others."""

    def given_to(name: str) -> int:
        return answer(world, world.callers[name][0], method, route, row)

    for name in OUTSIDERS:
        # Without a token of the page's, a form is refused before that.
        yield name, (given := given_to(name)), given in {row.others, 403 if method == "POST" else 0}
    yield "owner", (given := given_to("owner")), given == (row.staff if NOBODY in row.needs else row.ok)
    if method == "POST":
        yield "csrf", (given := given_to("csrf")), given == 403
    for name, permissions in ROLES.items():
        given = given_to(name[:3].lower())
        yield name, given, is_answer_of_staff(given, row, permissions)
    for name, permissions in staff_with(frozenset() if NOBODY in row.needs else row.needs):
        allow(world.staff, permissions)
        given = given_to("some")
        yield name, given, is_answer_of_staff(given, row, permissions)


@pytest.mark.slow
@pytest.mark.parametrize("table", [OF_THE_ADMIN, OF_RQ], ids=["admin", "rq"])
def test_the_admin_answers_as_the_table_says(world: World, table: Any) -> None:
    found = list(surprises(world, table))
    assert not found, "\n".join(found)


NO_PAGES: Final = {
    *("admin/login/", "admin/jsi18n/", "admin/autocomplete/", "admin/money/csv/"),
    "admin/tryon/tryonjob/<path:object_id>/bundle/",
    "admin/django_rq/dashboard/^metrics/?$",
}


def test_every_page_of_the_admin_says_that_all_is_paused(world: World) -> None:
    service_pause(Account.LIVE)
    silent = []
    for route, rows in (OF_THE_ADMIN | OF_RQ).items():
        if rows["GET"].ok == 200 and route not in NO_PAGES and "json" not in route:
            shown = world.callers["owner"][0].get(world.path(route))
            if shown.status_code == 200 and "An operator paused the service" not in shown.content.decode():
                silent.append(route)
    assert not silent, "\n".join(silent)


@pytest.mark.slow
def test_a_method_that_is_not_in_the_table_is_refused(world: World) -> None:
    """The admin takes every method but POST for a GET: then it answers as a method that the table has."""
    found = []
    for route, rows in (OF_THE_ADMIN | OF_RQ).items():
        for method in set(METHODS) - set(rows):
            for name in ("none", "staff"):
                given = answer(world, world.callers[name][0], method, route, Row(0, 0, 0))
                known = {row.others if name == "none" else row.staff for row in rows.values()}
                if given not in known | ({403, 404} if 403 in known else {401, 403, 405}):
                    found.append(f"{method} {route} by {name}: {given}")
    assert not found, "\n".join(found)
