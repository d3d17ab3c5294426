"""Two people at one form: the second is told, and nothing is half-done."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, Permission, User
from django.db import models
from django.test import Client

from config.shops.models import Shop
from tests.admin_pages import page, sign_in
from tests.factories import ModelImageFactory, ProductFactory, ProductImageFactory, ShopFactory

pytestmark = pytest.mark.django_db

TOLD = "Somebody has changed this since you opened it, so nothing was saved."


def address_of(row: models.Model) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def opened(client: Client, row: models.Model) -> dict[str, Any]:
    """Return what the form of a row sends when nothing is changed."""
    form = BeautifulSoup(page(client, address_of(row)), "html.parser").select("#content form")[0]
    sent: dict[str, Any] = {"_save": "Save"}
    for field in form.select("input[name], textarea[name]"):
        if field.get("type") not in {"checkbox", "submit", "file"} or field.has_attr("checked"):
            sent[str(field["name"])] = field.get(
                "value", "on" if field.get("type") == "checkbox" else field.text.strip("\n")
            )
    for choice in form.select("select[name]"):
        chosen = [str(option["value"]) for option in choice.select("option[selected]")]
        sent[str(choice["name"])] = chosen
    return sent


def save(client: Client, row: models.Model, form: dict[str, Any], **changes: Any) -> str:
    return client.post(address_of(row), form | changes, follow=True).content.decode()


@pytest.mark.parametrize(
    ("factory", "field"),
    [
        (ModelImageFactory, "name"),
        (ProductImageFactory, "product_id"),
        (ProductFactory, "name"),
        (ShopFactory, "name"),
    ],
)
def test_a_save_over_a_newer_change_is_refused(factory: Any, field: str) -> None:
    client, row = sign_in(), factory.create()
    ada, bea = opened(client, row), opened(client, row)
    assert TOLD not in save(client, row, ada, **{field: "Of Ada"})

    refused = save(client, row, bea, **{field: "Of Bea"})
    assert TOLD in refused
    assert "Of Bea" in refused  # what was typed is still there to copy
    row.refresh_from_db()
    assert getattr(row, field) == "Of Ada"
    again = save(client, row, bea, **{field: "Of Bea"})
    assert TOLD in again

    assert TOLD not in save(client, row, opened(client, row), **{field: "Of Bea"})
    row.refresh_from_db()
    assert getattr(row, field) == "Of Bea"


def test_permissions_of_a_group_are_part_of_its_version() -> None:
    client, group = sign_in(), Group.objects.create(name="Night")
    one, other = Permission.objects.all()[:2]
    ada, bea = opened(client, group), opened(client, group)
    save(client, group, ada, permissions=[one.pk])
    assert TOLD in save(client, group, bea, permissions=[other.pk])
    assert [*group.permissions.all()] == [one]


def test_a_person_is_saved_twice_in_a_row_without_a_word() -> None:
    client, person = sign_in(), User.objects.create_user("bea")
    for name in ("Bea", "Beatrice"):
        assert TOLD not in save(client, person, opened(client, person), first_name=name)
        person.refresh_from_db()
        assert person.first_name == name


def test_the_refusal_speaks_the_reader_s_language() -> None:
    client, shop = sign_in(), ShopFactory.create()
    form = opened(client, shop)
    Shop.objects.update(name="Of Ada")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    text = save(client, shop, form, name="Of Bea")
    assert "저장되지 않았습니다" in text
    assert Shop.objects.get().name == "Of Ada"
