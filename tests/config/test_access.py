"""Each call of the service as each kind of caller: the table in ``tests/access.txt`` against the service."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from config.core import clock
from config.core.storage.local import signed_path
from tests import images
from tests.access import Call, calls, plain
from tests.addresses import OF_RQ, OF_THE_ADMIN, routes
from tests.callers import Callers, allow, browser, everybody, key, program, staff_with
from tests.conftest import data_of
from tests.factories import (
    ModelImageFactory,
    ProductImageFactory,
    ShopFactory,
    TryOnResultFactory,
    WebhookDeliveryFactory,
)
from tryon.models import Status, TryOnJob
from tryon.webhooks.models import WebhookEndpoint

pytestmark = pytest.mark.django_db

PHOTO: Final = images.garment_photo(images.SMALL_SQUARE)
KINDS_OF_JOBS: Final = ("job", "failed", "done")
SHOWN_TO_ALL: Final = "cm"
UNWELCOME: Final = ("none", "miss")
MANY: Final = 1_000_000
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NOBODYS: Final = "00000000-0000-4000-8000-000000000000"

type Rows = Mapping[str, Mapping[str, str]]
"""The ids of rows, by their kind and then by the letter of their owner."""


@dataclass(frozen=True, slots=True)
class World:
    """``picture`` is a signed address. ``secrets`` are the names of files that only Ada may see."""

    callers: Callers
    rows: Rows
    picture: str
    secrets: set[str]


@pytest.fixture
def world(db: None, settings: Settings) -> World:
    settings.DEMO_SHOP = True
    settings.TEST_FASHN_URL = "http://127.0.0.1:9"  # nobody answers, and no worker asks
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for who in ("SHOPPER", "ADDRESS"):
        for kind in ("READS", "WRITES"):
            setattr(settings, f"{who}_{kind}_PER_MINUTE", MANY)
    callers = everybody()
    names = {"s": "tryon", "a": "ada", "b": "bea's", "x": "other", "y": "ada2", "d": "guest", "t": "test"}
    return world_of(callers, {owner: callers[name][0] for owner, name in names.items()})


def world_of(callers: Callers, owners: Mapping[str, Client]) -> World:
    """Let each owner upload a photo and ask for three try-ons, and Ada for three on a photo of herself."""
    model = str(ModelImageFactory.create().pk)
    rows: dict[str, dict[str, str]] = {kind: {} for kind in (*KINDS_OF_JOBS, "result")}
    rows["model"] = {"m": model, "r": str(ModelImageFactory.create(is_active=False).pk)}
    uploads = {owner: data_of(upload(owners[owner], "upload", productId="SKU-1")) for owner in "saxyt"}
    rows["product"] = {owner: row["id"] for owner, row in uploads.items()}
    rows["product"]["c"] = catalogue = str(
        ProductImageFactory.create(product_id="SKU-1").pk
    )  # all a visitor has
    photos = {owner: data_of(send_photo(owners[owner])) for owner in "abyd"}
    rows["photo"] = {owner: row["id"] for owner, row in photos.items()}
    wishes = [(owner, owner, {"modelImageId": model}) for owner in owners]
    wishes.append(("p", "a", {"shopperPhotoId": rows["photo"]["a"]}))
    seeds = count()  # no two ask for the same picture: they would share a job
    for owner, asker, person in wishes:
        wish = {"productImageId": rows["product"].get(asker, catalogue), **person}
        for kind in KINDS_OF_JOBS:
            body = {**wish, "options": {"seed": next(seeds)}}
            rows[kind][owner] = data_of(send(owners[asker], "POST", "/api/tryon/generate", body))["jobId"]
    gone = {owner: owners[owner].delete("/api/tryon/shoppers/gone") for owner in "sxt"}
    url = {"url": "https://shop.example/tryon"}
    made = {owner: send(owners[owner], "POST", "/api/tryon/webhook-endpoints", url) for owner in "sxt"}
    rows["endpoint"] = {owner: data_of(answer)["id"] for owner, answer in made.items()}
    for pk in rows["endpoint"].values():  # one id names both in an address
        WebhookDeliveryFactory.create(endpoint=WebhookEndpoint.objects.get(pk=pk), event__id=pk)
    rows["erasure"] = {owner: data_of(answer)["id"] for owner, answer in gone.items()}
    jobs = TryOnJob.objects
    jobs.filter(pk__in=rows["failed"].values()).update(status=Status.FAILED, error_code="pose_not_found")
    done = jobs.filter(pk__in=rows["done"].values())
    done.update(status=Status.COMPLETED, progress=100, completed_at=clock.now())
    results = {owner: TryOnResultFactory.create(job=jobs.get(pk=pk)) for owner, pk in rows["done"].items()}
    rows["result"] = {owner: str(result.pk) for owner, result in results.items()}
    secrets = {photos["a"][name].partition("?")[0] for name in ("originalUrl", "processedUrl")}
    return World(
        callers,
        rows,
        uploads["s"]["thumbnailUrl"].removeprefix("http://testserver"),
        {*secrets, str(results["p"].image), str(results["p"].thumbnail)},
    )


def upload(client: Client, path: str, **fields: str) -> Any:
    file = SimpleUploadedFile("photo.jpg", PHOTO, content_type="image/jpeg")
    return client.post(f"/api/tryon/{path}", {"file": file, **fields})


def send_photo(client: Client) -> Any:
    return upload(client, "shopper-photos", consentVersion="2026-12")


def send(client: Client, method: str, path: str, body: Mapping[str, Any]) -> Any:
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def ask(world: World, client: Client, call: Call, row_id: str, headers: Mapping[str, str]) -> Any:
    """Return the answer to a call, of which nothing stays behind."""
    with transaction.atomic():
        answer = asked(world, client, call, row_id, headers)
        transaction.set_rollback(True)
    if answer.streaming:
        b"".join(answer)  # it closes the file
    return answer


def asked(world: World, client: Client, call: Call, row_id: str, headers: Mapping[str, str]) -> Any:
    path = path_of(call.address, row_id)
    if call.route == "media/<>":
        return client.get(address_of(world.picture, call.variant))
    if call.method == "GET":
        of_product = {"productId": "SKU-1"} if path.endswith("/product-photos") else {}
        return client.get(path, {"pageSize": "100", **of_product} if call.is_list else {}, headers=headers)
    if (call.method, path, call.variant) == ("POST", "/api/tryon/models", ""):
        return upload(client, "models", name="Ada", category="full_body")
    if (path, call.variant) == ("/api/tryon/upload", ""):
        return upload(client, "upload", productId="SKU-2")
    if (call.method, path) == ("POST", "/api/tryon/shopper-photos"):
        return send_photo(client)
    return send(client, call.method, path, body_of(world, call, row_id))


def path_of(address: str, row_id: str = NOBODYS) -> str:
    return address.replace("<id>", row_id).replace("<token>", "0" * 32).replace("<shopper>", "ada")


def address_of(picture: str, variant: str) -> str:
    """Return the address of a picture: signed, signed until a time that is over, or not signed."""
    key = picture.partition("?")[0].removeprefix("/media/")
    return {"signed": picture, "over": signed_path("/media/", key, 1)}.get(variant, f"/media/{key}")


def body_of(world: World, call: Call, row_id: str) -> dict[str, str]:
    if call.variant == "shopperPhotoId":
        return {"productImageId": world.rows["product"]["c"], "shopperPhotoId": row_id}
    if "/generate" in call.address:
        return {"productImageId": row_id, "modelImageId": world.rows["model"]["m"]}
    if call.variant == "fileUrl":
        return {"fileUrl": "https://127.0.0.1/shirt.jpg", "productId": "SKU-1"}
    if call.variant == "shopperId":
        return {"shopperId": "ada"}
    if call.address.endswith("/feedback"):
        return {"verdict": "yes"}
    if "/webhook-endpoints" in call.address:
        is_empty = call.method == "DELETE" or call.address.endswith(("/test", "/redeliver"))
        return {} if is_empty else {"url": "https://shop.example/other"}
    return {"name": "Ada"} if call.method == "PATCH" else {}


def surprises(world: World, *, is_quick: bool) -> Iterator[str]:
    """Yield each answer that is not as the table says.

    To be quick, ask as one caller of each kind, for one row that they get and one that they don't. Make
    the calls that are for everybody as those only whom all others refuse.
    """
    dice = Random(1)
    table = list(calls())
    for name, clients in world.callers.items():
        hidden = hidden_from(name, table, world)
        for call in table:
            if is_quick and call.is_for_everybody and name not in UNWELCOME:
                continue
            for client in [dice.choice(clients)] if is_quick else clients:
                for row_id, owner in rows_to_name(call, name, world.rows, dice if is_quick else None):
                    wanted = call.status_for(name, owner, world.rows.get(call.rows, {}))
                    # Who gets no row gets no 304 for it either.
                    headers = {} if wanted == call.ok else {"If-None-Match": "*"}
                    answer = ask(world, client, call, row_id, headers)
                    if fault := fault_in(answer, call, name, owner, world.rows):
                        yield f"{call} by {name}: {fault}"
                    elif any(found in text_of(answer) for found in hidden - {row_id}):
                        yield f"{call} by {name}: tells of a row that is not theirs"


def hidden_from(name: str, table: Sequence[Call], world: World) -> set[str]:
    """Return the ids of all rows that the caller gets from no call, and the demo shop does not show.

    To them add the names of Ada's files, unless the caller gets her results.
    """
    gets = {
        (call.rows, owner)
        for call in table
        if call.rows
        for owner in call.seen_by(name, world.rows[call.rows])
    }
    seen = {owner for _kind, owner in gets} | {*SHOWN_TO_ALL}
    hidden = {row_id for ids in world.rows.values() for owner, row_id in ids.items() if owner not in seen}
    return hidden if ("result", "p") in gets else hidden | world.secrets


def rows_to_name(call: Call, name: str, rows: Rows, dice: Random | None) -> list[tuple[str, str]]:
    """Return the ids and owners of the rows that a call is made for."""
    if call.is_list or not call.rows:
        return [("", "")]
    owners, seen = list(rows[call.rows]), call.seen_by(name, rows[call.rows])
    if call.cells[name] in {"401", "403"}:  # before a row is looked for
        owners = owners[-1:]
    elif dice:
        others = [owner for owner in owners if owner not in seen]
        owners = [dice.choice(some) for some in (seen, others) if some]
    return [(rows[call.rows][owner], owner) for owner in owners]


def fault_in(answer: Any, call: Call, name: str, owner: str, rows: Rows) -> str:
    """Return the difference between an answer and the table, or empty text."""
    owners = rows.get(call.rows, {})
    if answer.status_code != (wanted := call.status_for(name, owner, owners)):
        return f"{answer.status_code}, not {wanted}" + (f", for a row of {owner}" if owner else "")
    if not call.is_list or wanted != call.ok:
        return ""
    kinds = KINDS_OF_JOBS if call.rows == "job" else (call.rows,)
    due = {rows[kind][owner] for kind in kinds for owner in call.seen_by(name, owners)}
    shown = {row["id"] for row in answer.json()["data"]}
    seen = {owner for kind in kinds for owner, row_id in rows[kind].items() if row_id in shown}
    return "" if shown == due else f"rows of {''.join(sorted(seen))}, not {call.cells[name]}"


def text_of(answer: Any) -> str:
    return "" if answer.streaming else answer.content.decode()


def test_callers_get_what_the_table_says(world: World) -> None:
    found = list(surprises(world, is_quick=True))
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_callers_get_what_the_table_says_for_each_row(world: World) -> None:
    found = list(surprises(world, is_quick=False))
    assert not found, "\n".join(found)


def test_staff_need_each_permission_of_the_table(world: World) -> None:
    user = User.objects.create_user("somebody", is_staff=True)
    client, found = browser(user), []
    for call in calls():
        if not call.needs:
            continue
        row_id = world.rows[call.rows]["r" if call.rows == "model" else "s"] if call.rows else ""
        for name, permissions in staff_with(call.needs):
            allow(user, permissions)
            answer = ask(world, client, call, row_id, {})
            is_got = answer.status_code == call.ok and (not call.is_list or row_id in text_of(answer))
            if is_got != (call.needs <= permissions) or answer.status_code not in {call.ok, 403, 404}:
                found.append(f"{call} by {name}: {answer.status_code}")
    assert not found, "\n".join(found)


def test_every_address_and_no_other_is_in_a_table() -> None:
    listed = {call.route for call in calls()} | {plain(route) for route in OF_THE_ADMIN | OF_RQ}
    assert {plain(route) for route, _pattern in routes()} == listed


def test_every_method_of_the_api_and_no_other_is_in_the_table() -> None:
    for route, pattern in routes():
        view = getattr(pattern.callback, "cls", None)
        if view is not None:
            taken = {name.upper() for name in view.http_method_names if hasattr(view, name)}
            listed = {call.method for call in calls() if call.route == plain(route)}
            assert listed == taken - {"HEAD", "OPTIONS"}, route


def test_a_method_that_is_not_in_the_table_is_refused(db: None) -> None:
    manager = program(key(ShopFactory.create(), is_manager=True))
    owner = browser(User.objects.create_superuser("owner"))
    by = ((program(""), {401, 403, 405}), (manager, {403, 405}), (owner, {401, 405}))
    found = []
    for route in {call.route: call.address for call in calls()}.values():
        listed = {call.method for call in calls() if call.address == route}
        for method in set(METHODS) - listed:
            for client, refusals in by:
                given = send(client, method, path_of(route), {}).status_code
                if given not in refusals:
                    found.append(f"{method} {route}: {given}")
    assert not found, "\n".join(found)
