"""API keys in the admin: shown once, switched off at once."""

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from config.shops.models import ApiKey
from tests.admin_pages import count_queries, page, run_action, sign_in
from tests.factories import ApiKeyFactory

LIST = "/admin/api/apikey/"
MODELS = "/api/tryon/models"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(transactional_db: None) -> Client:
    return sign_in()


def make_key(client: Client, **fields: str) -> tuple[ApiKey, str]:
    """A key made in the admin, and its text as the page showed it."""
    response = client.post(f"{LIST}add/", {"name": "Shop", **fields})
    shown = re.search(r'<code class="studio-key">(tos_[\w-]+)</code>', response.content.decode())
    assert shown is not None
    return ApiKey.objects.get(name="Shop"), shown[1]


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
    response = staff.post(f"{LIST}add/", {"name": "Shop", button: "1"})
    text = re.search(r"tos_[\w-]+", response.content.decode())
    assert text is not None
    assert "no-store" in response["Cache-Control"]
    cookies = [morsel.value for morsel in [*response.cookies.values(), *staff.cookies.values()]]
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    assert not any(text[0] in kept for kept in [*cookies, *sessions, *response.headers.values()])


def test_a_manager_key_is_asked_for(staff: Client) -> None:
    key, _text = make_key(staff, is_manager="on")

    assert key.is_manager is True


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

    staff.post(f"{LIST}{key.pk}/change/", {"name": "Old shop"})

    assert not opens(text)
    key.refresh_from_db()
    assert key.name == "Old shop"


def test_the_digest_cannot_be_changed(staff: Client) -> None:
    key, text = make_key(staff)

    staff.post(f"{LIST}{key.pk}/change/", {"name": "Shop", "is_active": "on", "digest": "0" * 64})

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
