"""The log of what people change and decide."""

from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import Settings

from config.core import clock
from config.people import audit
from config.people.models import AuditEntry, Decision
from config.shops.callers import Caller
from config.shops.models import ApiKey
from tests.admin_pages import run_action, sign_in
from tests.conftest import Generate
from tests.factories import (
    ApiKeyFactory,
    AuditEntryFactory,
    ModelImageFactory,
    ProductImageFactory,
    ShopFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tests.tryon.cleanup.world import clean

pytestmark = pytest.mark.django_db


def owner_of(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def entries_about(row: Any) -> list[Any]:
    return [*AuditEntry.objects.get_for_object(row)]


def test_a_change_in_the_admin_is_logged_with_its_person() -> None:
    client, shop = sign_in(), ShopFactory.create(name="Linden")
    client.post(f"/admin/api/shop/{shop.pk}/change/", {"name": "Linden 2", "is_active": "on"})

    (entry,) = entries_about(shop)
    assert entry.actor == owner_of(client)
    assert entry.changes == {"name": ["Linden", "Linden 2"]}
    assert len(entry.cid) == 32  # the request's id, as in the logs


def test_a_new_key_is_logged_without_its_digest() -> None:
    client, shop = sign_in(), ShopFactory.create()
    client.post(
        "/admin/api/apikey/add/",
        {"shop": str(shop.pk), "name": "Server", "kind": "secret", "scopes": ["tryon"]},
    )

    key = ApiKey.objects.get()
    (entry,) = entries_about(key)
    assert entry.changes["name"] == [None, "Server"]
    assert key.digest not in str([*AuditEntry.objects.values_list()])
    client.post("/admin/api/apikey/", {"action": "deactivate", "_selected_action": str(key.pk)})
    assert entries_about(key)[0].changes == {"is_active": [True, False]}


def test_a_new_password_is_logged_and_never_its_hash() -> None:
    client, person = sign_in(), User.objects.create_user("ada", "ada@example.com", "first-one-1")
    old = person.password
    fields = {"password1": "second-one-2", "password2": "second-one-2", "usable_password": "true"}
    client.post(f"/admin/auth/user/{person.pk}/password/", fields)

    (entry,) = entries_about(person)
    assert entry.changes == {"password": ["…", "…"]}
    person.refresh_from_db()
    assert old != person.password
    assert person.password not in str([*AuditEntry.objects.values_list()])


def test_the_groups_of_a_person_are_logged() -> None:
    client, person = sign_in(), User.objects.create_user("ada")
    group = Group.objects.create(name="Night")
    client.post(
        f"/admin/auth/user/{person.pk}/change/",
        {"username": "ada", "groups": [group.pk], "date_joined_0": "2026-11-01", "date_joined_1": "10:00"},
    )

    changes = [entry.changes for entry in entries_about(person)]
    assert {"groups": {"type": "m2m", "operation": "add", "objects": ["Night"]}} in changes


def test_what_nobody_did_is_not_logged() -> None:
    photo, person = ModelImageFactory.create(), User.objects.create_user("ada")
    photo.name = "New"
    photo.save()
    person.groups.set([Group.objects.create(name="Night")])
    ApiKeyFactory.create()
    audit.note(Caller("shop:one", shop="shop:one"), photo, Decision.RETRY, credits=1)
    audit.note(None, photo, Decision.RETRY)

    assert not AuditEntry.objects.exists()


def test_a_decision_has_its_facts() -> None:
    person, photo = User.objects.create_user("ada"), ProductImageFactory.create()
    for actor in (person, Caller(f"user:{person.pk}")):
        audit.note(actor, photo, Decision.REGENERATE, credits=3, seeds=[1, 2])

    for entry in entries_about(photo):
        assert entry.actor == person
        assert entry.decision == Decision.REGENERATE
        assert entry.additional_data == {"credits": 3, "seeds": [1, 2]}


def test_who_pauses_and_resumes_is_logged() -> None:
    client = sign_in("tryon.view_governor", "tryon.pause_service")
    for order in ("pause", "resume"):
        client.post(f"/admin/tryon/governor/{order}/")

    entries = AuditEntry.objects.order_by("pk")
    assert [entry.decision for entry in entries] == ["pause", "resume"]
    assert {entry.actor for entry in entries} == {owner_of(client)}


def test_who_spends_reviews_and_erases_in_the_api_or_the_admin_is_logged() -> None:
    client = sign_in()
    product, model = ProductImageFactory.create(), ModelImageFactory.create(name="Bea")
    wish = {"productImageId": str(product.pk), "modelImageId": str(model.pk)}
    job = client.post("/api/tryon/generate", wish, content_type="application/json").json()["data"]["jobId"]
    client.post(f"/api/tryon/jobs/{job}/cancel", content_type="application/json")
    failed = TryOnJobFactory.create(failed=True)
    client.post(f"/api/tryon/jobs/{failed.pk}/retry", content_type="application/json")
    result = TryOnResultFactory.create()
    run_action(client, "/admin/results/tryonresult/", "approve", [result.pk])
    client.delete(f"/api/tryon/results/{result.pk}")
    client.post(f"/admin/models_library/modelimage/{model.pk}/erase/")

    told = [(entry.decision, entry.additional_data) for entry in AuditEntry.objects.order_by("pk")]
    assert told == [
        ("generate", {"credits": 1}),
        ("cancel", None),
        ("retry", {"credits": 1}),
        ("review", {"review": "approved"}),
        ("delete", {"credits": 1}),
        ("erase", None),
    ]
    assert {entry.actor for entry in AuditEntry.objects.all()} == {owner_of(client)}
    assert "Bea" not in str([*AuditEntry.objects.values_list()])


def test_downloads_of_rows_are_logged() -> None:
    client = sign_in()
    result = TryOnResultFactory.create(review="approved")
    run_action(client, "/admin/results/tryonresult/", "export_csv", [result.pk])
    client.get("/admin/review/approved.zip")
    client.get("/admin/money/csv/?days=30")
    client.get(f"/admin/tryon/tryonjob/{result.job.pk}/bundle/")

    told = [(entry.object_repr, entry.additional_data) for entry in AuditEntry.objects.order_by("pk")]
    today = clock.today()
    assert told == [
        (f"tryonresult-{today}.csv", {"count": 1}),
        (ANY, {"count": 1}),
        (f"credits-{today - timedelta(days=29)}-{today}.csv", {"days": 30}),
        (str(result.job), None),
    ]
    assert {(entry.decision, entry.actor) for entry in AuditEntry.objects.all()} == {
        ("export", owner_of(client))
    }


def test_what_a_shop_does_with_its_key_is_not_logged(generate: Generate) -> None:
    generate()
    assert not AuditEntry.objects.exists()


def test_old_entries_go(settings: Settings) -> None:
    old, young = AuditEntryFactory.create_batch(2)
    days = timedelta(days=settings.AUDIT_LOG_DAYS)
    AuditEntry.objects.filter(pk=old.pk).update(timestamp=clock.now() - days)
    assert "old_audit_entries: removed 1," in clean("old_audit_entries")
    assert AuditEntry.objects.get() == young


def test_the_log_forgets_what_was_erased() -> None:
    person, photo = User.objects.create_user("ada"), ModelImageFactory.create(name="Bea")
    audit.note(person, photo, Decision.ERASE)
    audit.forget(type(photo), [photo.pk])

    (entry,) = entries_about(photo)
    assert (entry.actor, entry.object_repr, entry.changes) == (person, "", None)
