"""The API's messages in the language of each request."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from unittest.mock import Mock

import pytest
from django.conf import settings
from rest_framework import exceptions

from config.core.errors import DomainError, errors
from config.core.http.exceptions import KNOWN
from config.core.http.gate.refusals import BodyTooLarge
from config.core.images import SOURCE_TYPE
from tests import contract, images
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import TryOnJobFactory, TryOnResultFactory
from tryon.failures import FailureCode

pytestmark = pytest.mark.django_db

DOCUMENTED: Final = Path(__file__).parents[4].joinpath("docs", "errors.md").read_text()
HANGUL: Final = re.compile(r"[가-힣]")


def codes(chapter: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", chapter, re.MULTILINE))


def raised() -> Iterator[tuple[str, Exception]]:
    """Yield each error that an answer can tell, with its code."""
    import_module(settings.ROOT_URLCONF)  # and with it every module that defines an error
    for kind in errors(DomainError):
        if kind.__module__.startswith(("config", "models_library", "results", "tryon")):
            error = BodyTooLarge(21_000_000) if kind is BodyTooLarge else kind.__new__(kind)
            DomainError.__init__(error, error.message)
            yield kind.code, error
    for known, (_status, code, _text) in KNOWN.items():
        wants_more = known in (exceptions.MethodNotAllowed, exceptions.UnsupportedMediaType)
        yield code, known("text/odd") if wants_more else known()
    yield "validation_error", exceptions.ValidationError({"name": ["Wrong."]})
    yield "internal_error", RuntimeError()


def said(api: Api, path: str, language: str) -> Any:
    response = api.client.get(f"/api/tryon/{path}", headers={"Accept-Language": language})
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    return response


def test_every_code_of_the_docs_has_a_message_in_both_languages(
    owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "check", lambda response: None)  # one call raises what others raise
    told: set[str] = set()

    for code, error in raised():
        monkeypatch.setattr("results.api.views.results_to_show", Mock(side_effect=error))
        english, korean = (error_of(said(owner, "results", language)) for language in ("en", "ko"))
        assert (english["code"], korean["code"]) == (code, code)
        assert re.fullmatch(r"[A-Z“][^가-힣]+", english["message"]), code
        assert HANGUL.search(korean["message"]), code
        told.add(code)
    assert told == codes(DOCUMENTED.partition("## `errorCode`")[0])


def test_every_failure_has_a_message_in_both_languages(owner: Api) -> None:
    for code in FailureCode.values:
        TryOnJobFactory.create(failed=True, error_code=code, requester=requester("Owner"))
    english, korean = (
        {job["errorCode"]: job["errorMessage"] for job in data_of(said(owner, "jobs?pageSize=100", language))}
        for language in ("en", "ko")
    )
    assert english.keys() == korean.keys() == set(FailureCode.values)
    assert codes(DOCUMENTED.partition("## `errorCode`")[2]) <= english.keys()
    for code, message in english.items():
        assert re.fullmatch(r"[A-Z][^가-힣]+", message), code
        assert HANGUL.search(korean[code]), code


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("ko-kr,en;q=0.5", "ko"),
        ("en;q=0.4, ko;q=0.9", "ko"),
        ("en-GB,ko;q=0.8", "en"),
        ("fr, ko;q=0.1", "ko"),
        ("ko;q=0, en", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("\u00e4;;q=x", "en"),
    ],
)
def test_the_caller_chooses_the_language_by_quality(owner: Api, wanted: str, given: str) -> None:
    response = owner.client.get("/api/tryon/jobs?wrong=1", headers={"Accept-Language": wanted})
    assert (response.status_code, response["Content-Language"]) == (400, given)
    assert "Accept-Language" in response["Vary"]
    assert bool(HANGUL.search(error_of(response)["message"])) is (given == "ko")


def test_a_picture_comes_with_the_notice_in_the_callers_language(owner: Api) -> None:
    result = TryOnResultFactory.create(job__requester=requester("Owner"))
    TryOnJobFactory.create(completed=True, requester=requester("Owner"))  # its picture has gone
    for language, text in (("en", "Made with AI"), ("ko", "AI로 생성"), ("en", "Made with AI")):
        label = {"required": True, "text": text, "iptc": SOURCE_TYPE}
        one, job = (
            data_of(said(owner, path, language)) for path in (f"results/{result.pk}", f"jobs/{result.job_id}")
        )
        (listed,) = data_of(said(owner, "results", language))
        jobs = data_of(said(owner, "jobs", language))
        assert one["aiLabel"] == job["aiLabel"] == listed["aiLabel"] == label
        assert sorted(row.get("aiLabel", {}).get("text", "") for row in jobs) == ["", text]


def test_warnings_about_a_photo_are_in_the_callers_language(owner: Api) -> None:
    owner.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko-KR"
    (warning,) = data_of(owner.upload(images.dark_photo()))["warnings"]
    assert HANGUL.search(warning["message"])
