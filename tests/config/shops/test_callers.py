"""Callers: keys, people signed in to the admin."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.shops.keys import key_issue
from config.shops.models import ApiKey

STATS = "/api/tryon/stats"
MODELS = "/api/tryon/models"
PAUSE = "/api/tryon/stats/pause"

pytestmark = pytest.mark.django_db


def signed_in(*, is_staff: bool, is_superuser: bool = False) -> Client:
    """A browser of somebody with an account. It sends no CSRF token by itself."""
    client = Client(enforce_csrf_checks=True)
    user = User.objects.create_user("somebody", is_staff=is_staff, is_superuser=is_superuser)
    client.force_login(user)
    return client


def test_staff_signed_in_to_the_admin_are_callers_of_the_api() -> None:
    assert signed_in(is_staff=True).get(MODELS).status_code == 200


def test_the_owner_of_the_shop_may_do_everything() -> None:
    assert signed_in(is_staff=True, is_superuser=True).get(STATS).status_code == 200


def test_an_account_that_is_no_staff_is_nobody() -> None:
    client = signed_in(is_staff=False)
    assert client.get(STATS).status_code == 401
    assert client.get(MODELS).status_code == 401


def test_staff_whose_account_is_closed_are_nobody() -> None:
    client = signed_in(is_staff=True)
    User.objects.update(is_active=False)
    assert client.get(MODELS).status_code == 401


def test_another_page_can_not_act_for_staff() -> None:
    client = signed_in(is_staff=True, is_superuser=True)
    assert client.post(PAUSE).status_code == 403
    assert client.get(STATS).json()["data"]["governor"]["pause"] == ""


def test_a_key_that_was_switched_off_before_it_was_ever_used_opens_nothing() -> None:
    _row, text = key_issue(name="Shop")
    ApiKey.objects.update(is_active=False)
    assert Client(headers={"Authorization": f"Api-Key {text}"}).get(MODELS).status_code == 401


@pytest.mark.parametrize(("path", "status"), [("/api/tryon/uploads", 401), ("/admin/", 302)])
def test_no_session_is_looked_for_by_a_name_that_no_session_has(
    client: Client, path: str, status: int
) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path, headers={"Cookie": r'sessionid="abcdefgh\000b"'})
    assert answer.status_code == status
    assert "django_session" not in str(queries.captured_queries)
