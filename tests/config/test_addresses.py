"""The answers to each kind of caller: the table in ``tests/addresses.py`` against the service."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, Final
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from config.core.upkeep.models import CleanupRun
from config.shops.keys import key_issue
from config.shops.roles import ROLES, groups_make, permissions_named
from tests.addresses import (
    ADDRESSES,
    METHODS,
    NOBODY,
    OF_RQ,
    OF_THE_ADMIN,
    OF_THE_API,
    OPEN,
    Expected,
    Row,
    routes,
)
from tests.conftest import visiting
from tests.factories import (
    ApiKeyFactory,
    ModelImageFactory,
    ProductImageFactory,
    ShopFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tryon.models import Account, Erasure
from tryon.services.operations import service_pause

pytestmark = pytest.mark.django_db

PLACEHOLDER: Final = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)\??")


@dataclass(frozen=True, slots=True)
class World:
    """A browser or program of each kind of caller, and what each name in an address stands for."""

    callers: Mapping[str, Client]
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


def signed_in(name: str, **fields: Any) -> tuple[User, Client]:
    user = User.objects.create_user(name, is_staff=True, **fields)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return user, client


def with_key(text: str) -> Client:
    return Client(headers={"Authorization": f"Api-Key {text}"}, raise_request_exception=False)


@pytest.fixture
def world(db: None, settings: Settings) -> World:
    settings.DEMO_SHOP = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    keys = {
        name: key_issue(name=name, is_manager=name == "manager") for name in ("owner", "stranger", "manager")
    }
    callers = {name: with_key(text) for name, (_row, text) in keys.items()}
    callers["anonymous"], callers["visitor"] = Client(), visiting()
    groups_make()
    for name in ROLES:
        user, callers[name] = signed_in(name)
        user.groups.add(Group.objects.get(name=name))
    staff, callers["staff"] = signed_in("staff")
    _owner, callers["superuser"] = signed_in("superuser", is_superuser=True)
    return World(callers, staff, rows_of(f"shop:{keys['owner'][0].shop_id}"))


def rows_of(requester: str) -> dict[str, str]:
    """Make rows for every address, the requester's where somebody asked for them. Return their ids."""
    model = ModelImageFactory.create()
    ModelImageFactory.create(is_active=False)
    product = ProductImageFactory.create(requester=requester)
    photos = {"product_image": product, "model_image": model, "requester": requester}
    done = TryOnJobFactory.create(completed=True, **photos)
    failed = TryOnJobFactory.create(failed=True, **photos)
    queued = TryOnJobFactory.create(**photos)
    result = TryOnResultFactory.create(job=done)
    ids = {
        "api/tryon/jobs/<id:job_id>:job_id": done,
        "api/tryon/jobs/<id:job_id>/cancel:job_id": queued,
        "api/tryon/jobs/<id:job_id>/retry:job_id": failed,
        ":image_id": model,
        ":result_id": result,
        ":product_id": product,
        ":photo_id": product,
        ":shopper_photo_id": ShopperPhotoFactory.create(),
        ":erasure_id": Erasure.objects.create(shop=requester),
        ":model_id": model,
        "auth/group:object_id": Group.objects.create(name="Some group"),
        "auth/user:object_id": (somebody := User.objects.create_user("somebody")),
        "auth/user:id": somebody,
        "api/apikey:object_id": ApiKeyFactory.create(),
        "api/shop:object_id": ShopFactory.create(),
        "upkeep/cleanuprun:object_id": CleanupRun.objects.create(task="old_events"),
        "models_library/modelimage:object_id": model,
        "results/tryonresult:object_id": result,
        "tryon/tryonjob:object_id": done,
        "tryon/productimage:object_id": product,
    }
    texts = {
        ":token": uuid4().hex,
        ":shopper_id": "customer-1",
        ":key": "products/00/none.jpg",
        ":app_label": "upkeep",
        ":url": "nothing-here",
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


def answer(world: World, name: str, method: str, route: str, row: Row) -> Expected:
    """Return the answer to one request, of which nothing stays behind."""
    client = world.callers[name]
    cookies = SimpleCookie(client.cookies.output(header="", sep=";"))
    path = world.path(route)
    with transaction.atomic():
        if method == "GET":
            response: Any = client.get(path, row.query)
        elif route.startswith("api/") and not route.endswith(("upload", "models")):
            ids = {key.removeprefix(":"): value for key, value in world.ids.items() if key.startswith(":")}
            body = {key: value.format(**ids) for key, value in row.body.items()}
            response = client.generic(method, path, json.dumps(body), content_type="application/json")
        else:
            response = client.post(path, row.body) if method == "POST" else client.generic(method, path)
        transaction.set_rollback(True)
    client.cookies = cookies
    is_list = route in {f"api/tryon/{name}" for name in ("models", "results", "jobs", "uploads")}
    if method == "GET" and is_list and response.status_code == 200:
        return f"200/{len(response.json()['data'])}"
    return int(response.status_code)


def is_answer_of_staff(given: Expected, row: Row, permissions: frozenset[str]) -> bool:
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


def answers(world: World, method: str, route: str, row: Row) -> Iterator[tuple[str, Expected, bool]]:
    """Yield the answers to all callers, and to staff with the right permissions, or with all the others."""
    for name, wanted in row.callers.items():
        given = answer(world, name, method, route, row)
        yield name, given, given == wanted
    given = answer(world, "superuser", method, route, row)
    yield "superuser", given, given == (row.staff if NOBODY in row.needs else row.ok)
    for name, permissions in ROLES.items():
        given = answer(world, name, method, route, row)
        yield name, given, is_answer_of_staff(given, row, permissions)
    for name, permissions in staff_with(row.needs):
        world.staff.user_permissions.set(permissions_named(permissions))
        given = answer(world, "staff", method, route, row)
        yield name, given, is_answer_of_staff(given, row, permissions)


def staff_with(needs: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield sets of permissions: none, those that are needed, and for each of these all but it."""
    yield "staff without permissions", frozenset()
    if NOBODY in needs or not needs:
        return
    yield f"staff with {', '.join(sorted(needs))}", needs
    found = Permission.objects.values_list("content_type__app_label", "codename")
    every = frozenset(f"{app}.{codename}" for app, codename in found)
    for left_out in sorted(needs):
        rest = every - {left_out, left_out.replace(".view_", ".change_")}
        yield f"staff with all but {left_out}", rest


def test_every_address_and_no_other_is_in_the_table() -> None:
    assert {route for route, _pattern in routes()} == set(ADDRESSES)


def test_every_method_of_the_api_and_no_other_is_in_the_table() -> None:
    for route, pattern in routes():
        view = getattr(pattern.callback, "cls", None)
        if view is not None:
            taken = {name.upper() for name in view.http_method_names if hasattr(view, name)}
            assert set(ADDRESSES[route]) == taken - {"HEAD", "OPTIONS"}, route


@pytest.mark.parametrize("table", [OPEN, OF_THE_API], ids=["open", "api"])
def test_the_api_answers_as_the_table_says(world: World, table: Any) -> None:
    found = list(surprises(world, table))
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("table", [OF_THE_ADMIN, OF_RQ], ids=["admin", "rq"])
def test_the_admin_answers_as_the_table_says(world: World, table: Any) -> None:
    found = list(surprises(world, table))
    assert not found, "\n".join(found)


NO_PAGES: Final = {"admin/login/", "admin/jsi18n/", "admin/autocomplete/"}


def test_every_page_of_the_admin_says_that_all_is_paused(world: World) -> None:
    service_pause(Account.LIVE)
    silent = []
    for route, rows in (OF_THE_ADMIN | OF_RQ).items():
        if rows["GET"].ok == 200 and route not in NO_PAGES and "json" not in route:
            shown = world.callers["superuser"].get(world.path(route))
            if shown.status_code == 200 and "An operator paused the service" not in shown.content.decode():
                silent.append(route)
    assert not silent, "\n".join(silent)


def test_a_method_that_is_not_in_the_table_is_refused(world: World) -> None:
    """The admin takes every method but POST for a GET: then it answers as a method that the table has."""
    found = []
    for route, rows in ADDRESSES.items():
        is_page = route.startswith("admin/")
        for method in set(METHODS) - set(rows):
            for name in ("anonymous", "staff") if is_page else ("anonymous", "owner", "superuser"):
                given = answer(world, name, method, route, Row({}, 0, 0))
                known = {row.callers.get(name, row.staff) for row in rows.values() if is_page}
                refused = {403, 404} if 403 in known else {401, 403, 405}
                if given not in known | refused:
                    found.append(f"{method} {route} by {name}: {given}")
    assert not found, "\n".join(found)
