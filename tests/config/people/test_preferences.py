"""A person's time zone and language."""

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from config.people.models import Preferences, preferences_of
from config.people.preferences import writing_to
from tests.admin_pages import count_queries, page, sign_in
from tests.factories import ModelImageFactory, TryOnJobFactory

pytestmark = pytest.mark.django_db

PAGE = "/admin/preferences/"
MODELS = "/admin/models_library/modelimage/"


def text_of(client: Client, path: str) -> str:
    return " ".join(BeautifulSoup(page(client, path), "html.parser").get_text(" ").split())


def test_times_are_those_of_the_zone_that_a_person_chooses_and_the_zone_is_named() -> None:
    client = sign_in()
    TryOnJobFactory.create(created_at=datetime(2026, 11, 27, 20, 30, tzinfo=UTC))
    assert "2026-11-27 20:30" in text_of(client, "/admin/tryon/tryonjob/")

    client.post(PAGE, {"time_zone": "Asia/Seoul", "language": ""})
    text = text_of(client, "/admin/tryon/tryonjob/")
    assert "2026-11-28 05:30" in text
    assert "Your preferences (Asia/Seoul)" in text
    assert timezone.get_current_timezone_name() == "UTC"  # the thread's next request is another person's


def test_the_pages_of_the_password_lead_to_the_preferences_too() -> None:
    client = sign_in()
    for path in ("/admin/password_change/", "/admin/password_change/done/"):
        links = BeautifulSoup(page(client, path), "html.parser").select("#user-tools a")
        assert [link["href"] for link in links] == [PAGE]


def test_times_of_the_api_stay_those_of_utc() -> None:
    client = sign_in()
    client.post(PAGE, {"time_zone": "Asia/Seoul", "language": "ko"})
    ModelImageFactory.create(created_at=datetime(2026, 11, 27, 20, 30, tzinfo=UTC))
    (row,) = client.get("/api/tryon/models").json()["data"]
    assert row["createdAt"] == "2026-11-27T20:30:00Z"


def test_the_language_that_a_person_chooses_is_kept_whatever_the_browser_asks() -> None:
    client = sign_in()
    saved = client.post(PAGE, {"time_zone": "", "language": "ko"}, follow=True).content.decode()
    assert "환경설정이 저장되었습니다." in saved
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    answer = client.get(PAGE)
    assert answer["Content-Language"] == "ko"
    assert '<html lang="ko"' in answer.content.decode()


def test_the_zone_of_the_browser_is_offered_until_a_person_has_answered() -> None:
    client = sign_in()
    assert "data-zone-take" in page(client, MODELS)
    answer = client.post(PAGE, {"time_zone": "UTC", "next": MODELS})
    assert answer.headers["Location"] == MODELS
    assert "data-zone-take" not in page(client, MODELS)


def test_an_answer_to_the_offer_changes_nothing_else() -> None:
    client = sign_in()
    user = User.objects.get()
    Preferences.objects.create(user=user, language="ko", review_keys={"approve": "KeyJ"})
    client.post(PAGE, {"time_zone": "Europe/Berlin"})
    row = preferences_of(user)
    assert (row.time_zone, row.language, row.review_keys) == ("Europe/Berlin", "ko", {"approve": "KeyJ"})


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", "Europe"])
def test_a_zone_that_is_none_is_refused_and_one_that_the_machine_lost_does_no_harm(zone: str) -> None:
    client = sign_in()
    refused = client.post(PAGE, {"time_zone": zone, "language": "ko"})
    assert "errorlist" in refused.content.decode()
    assert not Preferences.objects.exists()
    cache.clear()
    Preferences.objects.create(user=User.objects.get(), time_zone=zone, language="tlh")
    assert "Your preferences (UTC)" in text_of(client, MODELS)


def test_a_page_of_another_site_is_no_place_to_go_on() -> None:
    answer = sign_in().post(PAGE, {"time_zone": "UTC", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == PAGE


def test_preferences_cost_a_page_no_query() -> None:
    client = sign_in()
    before = count_queries(client, MODELS)
    client.post(PAGE, {"time_zone": "Asia/Seoul", "language": "en"})
    assert count_queries(client, MODELS) == before


def test_what_is_written_to_a_person_is_in_their_language_and_zone() -> None:
    ada, bea = User.objects.create_user("ada"), User.objects.create_user("bea")
    Preferences.objects.create(user=ada, time_zone="Asia/Seoul", language="ko")
    told = []
    for person in (ada, bea):
        with translation.override("de"), writing_to(person):
            told.append((timezone.get_current_timezone_name(), translation.get_language()))
    assert told == [("Asia/Seoul", "ko"), ("UTC", "en")]
