"""Limits on login attempts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.tryon.cleanup.world import clean

LOGIN = "/admin/login/"
PASSWORD = "right horse"
WRONG = "wrong horse"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.AXES_FAILURE_LIMIT = 3
    for name in ("ada", "bob"):
        User.objects.create_user(name, password=PASSWORD, is_staff=True)


def sign_in(name: str = "ada", password: str = WRONG, **extra: Any) -> Any:
    return Client(**extra).post(LOGIN, {"username": name, "password": password})


def fail(times: int, **more: Any) -> Any:
    """Fail to log in, and return the last answer."""
    return [sign_in(**more) for _ in range(times)][-1]


def wait(minutes: float) -> None:
    """Let time pass, as the rows see it."""
    for attempt in AccessAttempt.objects.all():
        attempt.attempt_time -= timedelta(minutes=minutes)
        attempt.save()


def test_the_right_password_is_refused_after_too_many_wrong_ones() -> None:
    assert fail(2).status_code == 200
    assert fail(1).status_code == 429
    assert sign_in(password=PASSWORD).status_code == 429


def test_the_page_says_when_to_try_again() -> None:
    fail(3)
    wait(4.5)
    answer = sign_in()
    text = answer.content.decode()
    assert "Try again in 11 minutes." in text
    assert 600 < int(answer["Retry-After"]) <= 630
    assert 'href="/admin/"' in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


def test_the_page_speaks_korean() -> None:
    fail(3)
    text = sign_in(headers={"Accept-Language": "ko"}).content.decode()
    assert "15분 후에 다시 시도하세요" in text
    assert 'lang="ko"' in text


def test_a_lock_ends_by_itself_also_if_somebody_goes_on_trying() -> None:
    fail(3)
    wait(10)
    assert fail(3).status_code == 429
    wait(5.1)
    assert sign_in(password=PASSWORD).status_code == 302


def test_another_person_and_another_address_are_not_locked_out() -> None:
    fail(3)
    assert sign_in("bob", PASSWORD).status_code == 302
    assert sign_in(password=PASSWORD, REMOTE_ADDR="198.51.100.9").status_code == 302


def test_a_header_makes_no_new_address() -> None:
    for last in range(3):
        answer = sign_in(headers={"X-Forwarded-For": f"203.0.113.{last}", "User-Agent": f"Browser {last}"})
    assert answer.status_code == 429


def test_behind_a_proxy_each_client_is_its_own(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    fail(3, headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.7"})
    assert sign_in(password=PASSWORD, headers={"X-Forwarded-For": "2.2.2.2, 203.0.113.7"}).status_code == 429
    assert sign_in(password=PASSWORD, headers={"X-Forwarded-For": "203.0.113.8"}).status_code == 302


def test_a_login_forgets_the_failures_before_it() -> None:
    fail(2)
    assert sign_in(password=PASSWORD).status_code == 302
    assert not AccessAttempt.objects.exists()
    assert fail(2).status_code == 200


def test_a_name_that_nobody_has_is_answered_as_any_other() -> None:
    assert fail(2, name="nobody").status_code == 200
    assert fail(1, name="nobody").status_code == 429


@pytest.mark.parametrize("command", [["axes_reset"], ["axes_reset_username", "ada"]])
def test_the_operator_unlocks(command: list[str]) -> None:
    fail(3)
    call_command(*command)
    assert sign_in(password=PASSWORD).status_code == 302


def test_nothing_of_a_password_and_no_login_is_kept() -> None:
    fail(2, password="wrong but mine")
    kept = AccessAttempt.objects.get()
    assert "mine" not in f"{kept.post_data}{kept.get_data}"
    sign_in(password=PASSWORD)
    assert not AccessLog.objects.exists()


def test_old_failures_are_cleaned_up_at_night() -> None:
    fail(1)
    wait(14)
    assert "old_logins: removed 0," in clean("old_logins")
    wait(1.1)
    clean("old_logins", dry_run=True)
    assert AccessAttempt.objects.exists()
    assert "old_logins: removed 1," in clean("old_logins")
    assert not AccessAttempt.objects.filter(attempt_time__lt=timezone.now()).exists()
