"""Local files: served by ourselves, to everyone with a valid signature."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings

from config.core.storage import local, new_files
from config.core.storage.local import sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def key() -> str:
    with new_files() as store:
        return store("results", b"\x89PNG picture", "png")


def test_a_signed_url_serves_the_file_privately(client: Client, key: str) -> None:
    response: Any = client.get(default_storage.url(key))
    assert b"".join(response.streaming_content) == b"\x89PNG picture"
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"].startswith("private")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == f'inline; filename="{key.rpartition("/")[2]}"'


def test_nothing_is_served_without_a_valid_signature(client: Client, key: str) -> None:
    good = parse_qs(urlsplit(default_storage.url(key)).query)
    expires, signature = good["expires"][0], good["signature"][0]
    forged = signature[:-1] + ("1" if signature.endswith("0") else "0")
    for query in [
        "",
        f"?expires={expires}",
        f"?expires={expires}&signature={forged}",
        f"?expires={int(expires) + 1}&signature={signature}",
        f"?expires=later&signature={signature}",
        f"?expires={'9' * 400}&signature={signature}",
    ]:
        assert client.get(f"/media/{key}{query}").status_code == 404


def test_only_reading_is_possible_and_nothing_of_it_is_logged(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = default_storage.url(key)
    assert Client(enforce_csrf_checks=True).post(url).status_code == 405
    assert "signature" not in caplog.text


def test_an_expired_url_is_dead(client: Client, key: str) -> None:
    past = int(time.time()) - 1
    assert client.get(f"/media/{key}?expires={past}&signature={sign(key, past)}").status_code == 404


def test_a_signature_for_one_file_opens_no_other(client: Client, key: str) -> None:
    with new_files() as store:
        other = store("results", b"other", "png")
    query = urlsplit(default_storage.url(key)).query
    assert client.get(f"/media/{other}?{query}").status_code == 404


@pytest.mark.parametrize("path", ["../db.sqlite3", "results/../../secret-key", "/etc/passwd"])
def test_a_signed_path_never_leaves_the_folder(client: Client, path: str) -> None:
    expires = int(time.time()) + 60
    response = client.get(f"/media/{path}", {"expires": str(expires), "signature": sign(path, expires)})
    assert response.status_code in {400, 404}


def test_a_url_lives_about_as_long_as_set_and_stays_the_same(
    key: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SIGNED_URL_SECONDS = 600
    monkeypatch.setattr(local, "EXPIRY_STEP_SECONDS", 300)
    before = time.time()
    expires = int(parse_qs(urlsplit(default_storage.url(key)).query)["expires"][0])
    assert before + 600 <= expires <= time.time() + 900
    assert expires % 300 == 0
