"""API keys in the admin: shown once, switched off at once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client

from config.core import clock
from config.shops.models import ApiKey, Shop
from tests.admin_pages import count_queries, page, run_action, sign_in
from tests.factories import ApiKeyFactory

LIST = "/admin/api/apikey/"
MODELS = "/api/tryon/models"

pytestmark = pytest.mark.django_db(transaction=True)


def make_key(client: Client, **fields: str) -> tuple[ApiKey, str]:
    """A key made in the admin, and its text as the page showed it."""
    response = client.post(f"{LIST}add/", filled(**fields))
    shown = re.search(r'<code class="studio-key">(tos_[\w-]+)</code>', response.content.decode())
    assert shown is not None
    return ApiKey.objects.get(name="Shop"), shown[1]


def filled(**fields: str) -> dict[str, str]:
    """The form of a new key, filled in."""
    shop = Shop.objects.get_or_create(name="Linden")[0]
    return {"name": "Shop", "shop": str(shop.pk), "kind": "secret", "scopes": "tryon", **fields}


def opens(text: str) -> bool:
    """Return whether the API takes the key."""
    return Client(headers={"Authorization": f"Api-Key {text}"}).get(MODELS).status_code == 200


def test_a_new_key_works_and_its_text_is_shown_once(staff: Client) -> None:
    key, text = make_key(staff)

    assert opens(text)
    for path in (LIST, f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/history/", "/admin/"):
        shown = page(staff, path)
        assert text not in shown
        assert key.digest not in shown
    assert key.prefix in page(staff, LIST)


@pytest.mark.parametrize("button", ["_save", "_continue", "_addanother"])
def test_a_new_key_is_only_in_the_page_that_shows_it(staff: Client, button: str) -> None:
    """No cookie has it, no row has it, and no cache keeps the page."""
    response = staff.post(f"{LIST}add/", filled(**{button: "1"}))
    text = re.search(r"tos_[\w-]+", response.content.decode())
    assert text is not None
    assert "no-store" in response["Cache-Control"]
    cookies = [morsel.value for morsel in [*response.cookies.values(), *staff.cookies.values()]]
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    assert not any(text[0] in kept for kept in [*cookies, *sessions, *response.headers.values()])


def test_a_key_is_what_the_form_says(staff: Client) -> None:
    key, text = make_key(staff, is_test="on", scopes="library", daily_credits="7")

    assert re.fullmatch(r"tos_sk_test_[0-9A-Za-z]{49}", text)
    assert key.prefix == text[:16]
    assert (str(key.shop), key.scopes, key.daily_credits) == ("Linden", ["library"], 7)
    assert "Choose at least one scope." in staff.post(f"{LIST}add/", filled(scopes="")).content.decode()


def test_a_publishable_key_has_no_scopes(staff: Client) -> None:
    key, text = make_key(staff, kind="publishable")

    assert text.startswith("tos_pk_live_")
    assert key.scopes == []


def test_the_shop_and_the_kind_of_a_key_stay_and_a_manager_can_become_less(staff: Client) -> None:
    key = ApiKeyFactory.create(name="Old", is_manager=True)

    changed = filled(name="New", kind="publishable", is_active="on")
    assert staff.post(f"{LIST}{key.pk}/change/", changed).status_code == 302

    shop, key = key.shop, ApiKey.objects.get(pk=key.pk)
    assert (key.name, key.shop, key.kind, key.is_manager) == ("New", shop, "secret", False)
    assert "id_is_manager" not in page(staff, f"{LIST}{key.pk}/change/")


def test_a_rotated_key_works_beside_the_new_one_for_the_hours_asked_for(staff: Client) -> None:
    old, old_text = make_key(staff, is_test="on", scopes="tryon")
    asked = run_action(staff, LIST, "rotate", [old.pk])
    assert "The old key works this long beside the new one." in asked

    shown = run_action(staff, LIST, "rotate", [old.pk], hours="2")

    new_text = re.search(r'<code class="studio-key">(tos_[\w-]+)</code>', shown)
    assert new_text is not None
    assert opens(old_text)
    assert opens(new_text[1])
    old.refresh_from_db()
    new = ApiKey.objects.exclude(pk=old.pk).get()
    assert old.expires_at is not None
    assert timedelta(hours=1.9) < old.expires_at - clock.now() <= timedelta(hours=2)
    assert (new.shop, new.is_test, new.scopes, new.expires_at) == (old.shop, True, ["tryon"], None)

    ApiKey.objects.filter(pk=old.pk).update(expires_at=clock.now())
    cache.clear()
    assert not opens(old_text)
    assert "This key does not work any more." in run_action(staff, LIST, "rotate", [old.pk], hours="2")


def test_a_rotation_without_overlap_ends_the_old_key_at_once(staff: Client) -> None:
    old, text = make_key(staff)
    assert opens(text)

    run_action(staff, LIST, "rotate", [old.pk], hours="0")

    assert not opens(text)


def test_a_rotation_gives_a_key_no_more_time_than_it_had(staff: Client) -> None:
    end = clock.now() + timedelta(hours=1)
    key = ApiKeyFactory.create(expires_at=end)
    run_action(staff, LIST, "rotate", [key.pk], hours="2")
    assert set(ApiKey.objects.values_list("expires_at", flat=True)) == {end}


def test_one_key_is_rotated_at_a_time_by_who_may_add_and_change(staff: Client) -> None:
    keys = ApiKeyFactory.create_batch(2)
    assert "Choose one key." in run_action(staff, LIST, "rotate", [key.pk for key in keys], hours="2")
    User.objects.all().delete()
    run_action(sign_in("api.view_apikey", "api.change_apikey"), LIST, "rotate", [keys[0].pk], hours="2")
    assert ApiKey.objects.count() == 2


def test_a_deactivated_key_stops_at_once_and_can_come_back(staff: Client) -> None:
    key, text = make_key(staff)
    assert opens(text)

    assert "1 key no longer works." in run_action(staff, LIST, "deactivate", [key.pk])
    assert not opens(text)

    assert "1 key works again." in run_action(staff, LIST, "activate", [key.pk])
    assert opens(text)


def test_a_request_during_the_deactivation_does_not_remember_the_key(staff: Client) -> None:
    key, text = make_key(staff)
    read: list[str] = []

    def deactivate_after_the_read(execute: Any, sql: str, *rest: Any) -> Any:
        rows = execute(sql, *rest)
        if key.digest in str(rest) and not read:
            read.append(sql)
            run_action(staff, LIST, "deactivate", [key.pk])
        return rows

    with connection.execute_wrapper(deactivate_after_the_read):
        assert opens(text)
    assert read
    assert not opens(text)


def test_unticking_active_stops_a_key_at_once(staff: Client) -> None:
    key, text = make_key(staff)
    assert opens(text)

    staff.post(f"{LIST}{key.pk}/change/", filled(name="Old shop"))

    assert not opens(text)
    key.refresh_from_db()
    assert key.name == "Old shop"


def test_the_digest_cannot_be_changed(staff: Client) -> None:
    key, text = make_key(staff)

    staff.post(f"{LIST}{key.pk}/change/", filled(is_active="on", digest="0" * 64))

    assert opens(text)


def test_deleted_keys_stop_at_once(staff: Client) -> None:
    key, text = make_key(staff)
    assert opens(text)

    run_action(staff, LIST, "delete_selected", [key.pk], post="yes")

    assert not opens(text)


def test_keys_need_the_permission() -> None:
    viewer = sign_in("api.view_apikey")
    key = ApiKeyFactory.create()

    run_action(viewer, LIST, "deactivate", [key.pk])

    key.refresh_from_db()
    assert key.is_active is True
    assert viewer.get(f"{LIST}add/").status_code == 403


def test_list_needs_no_more_queries_for_more_keys(staff: Client) -> None:
    ApiKeyFactory.create_batch(4)
    before = count_queries(staff, LIST)
    ApiKeyFactory.create_batch(4)

    assert count_queries(staff, LIST) == before
