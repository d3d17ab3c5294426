"""Conditional GET of a job and of a result: the answer is sent again when it says something else."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from config.core.storage import local
from tests.conftest import Api, data_of, requester
from tests.factories import TryOnJobFactory, TryOnResultFactory
from tryon.models import Status, TryOnJob

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("still")]


@pytest.fixture
def paths(owner: Api) -> list[str]:
    """A completed job of the owner, and its result."""
    result = TryOnResultFactory.create(job__requester=requester("Owner"))
    return [f"jobs/{result.job_id}", f"results/{result.pk}"]


def asked(api: Api, path: str, tags: str, **headers: str) -> Any:
    return api.client.get(f"/api/tryon/{path}", headers={"If-None-Match": tags, **headers})


def test_who_has_the_answer_gets_304_in_whatever_way_the_tags_are_written(
    owner: Api, stranger: Api, paths: list[str]
) -> None:
    for path in paths:
        tag = owner.get(path)["ETag"]
        assert tag.startswith('W/"')
        for tags in (tag, tag.removeprefix("W/"), f'"a", {tag}, W/"b"', "*"):
            same = asked(owner, path, tags)
            assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
            assert same["Cache-Control"] == "private, no-cache"
            assert "Accept-Language" in same["Vary"]
            assert "Content-Type" not in same
        for tags in ('"a"', tag[:-2], "nonsense", ""):
            assert asked(owner, path, tags).status_code == 200
        assert asked(owner, path, '"a"', **{"If-Match": '"b"'}).status_code == 200
        assert asked(stranger, path, tag).status_code == 404
        assert asked(stranger, path, "*").status_code == 404


def test_a_fresh_signature_is_no_change_and_half_the_life_of_an_address_is_one(
    owner: Api, paths: list[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.SIGNED_URL_SECONDS = 5  # no snapshots
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start.replace(second=0, microsecond=0))
    for path in paths:
        monkeypatch.setattr(local, "EXPIRY_STEP_SECONDS", 300)
        first = owner.get(path)
        monkeypatch.setattr(local, "EXPIRY_STEP_SECONDS", 10**9)
        assert owner.get(path).content != first.content
        assert asked(owner, path, first["ETag"]).status_code == 304
    monkeypatch.setattr(clock, "now", lambda: start.replace(second=3, microsecond=0))
    assert asked(owner, path, first["ETag"]).status_code == 200


def test_another_answer_has_another_tag(owner: Api, paths: list[str]) -> None:
    _job, result = paths
    tag = owner.get(result)["ETag"]
    assert asked(owner, result, tag, **{"Accept-Language": "ko"}).status_code == 200
    owner.post(f"{result}/feedback", {"verdict": "yes"})
    assert asked(owner, result, tag).status_code == 200


def test_a_job_under_way_says_when_to_ask_again_also_in_304(owner: Api) -> None:
    own = {"requester": requester("Owner")}
    soon = {"next_check_at": clock.now() + timedelta(minutes=1)}
    left = clock.now() + timedelta(seconds=62)
    active = [
        (TryOnJobFactory.create(status=Status.PROCESSING, expected_at=left, **soon, **own), range(10, 17)),
        (TryOnJobFactory.create(status=Status.PROCESSING, **soon, **own), range(1, 2)),
        (TryOnJobFactory.create(**own), range(1, 31)),
    ]
    for job, pauses in active:
        for accept in ("application/json", "application/json;q=0.9"):
            answer = owner.client.get(f"/api/tryon/jobs/{job.pk}", headers={"Accept": accept})
            assert int(answer["Retry-After"]) in pauses
    same = asked(owner, f"jobs/{job.pk}", "*")
    assert (same.status_code, same["Retry-After"]) == (304, answer["Retry-After"])
    TryOnJob.objects.update(expected_at=clock.now() + timedelta(hours=1))
    assert int(owner.get(f"jobs/{active[1][0].pk}")["Retry-After"]) <= 30


def test_a_job_that_has_ended_says_nothing_about_asking_again(owner: Api, paths: list[str]) -> None:
    own = {"requester": requester("Owner")}
    ended = [
        TryOnJobFactory.create(failed=True, **own),
        TryOnJobFactory.create(status=Status.CANCELED, **own),
    ]
    for path in [paths[0], *(f"jobs/{job.pk}" for job in ended)]:
        for accept in ("application/json", "application/json;q=0.9"):
            answer = owner.client.get(f"/api/tryon/{path}", headers={"Accept": accept})
            assert "Retry-After" not in answer
    active = TryOnJobFactory.create(**own)
    assert data_of(canceled := owner.post(f"jobs/{active.pk}/cancel"))["status"] == "canceled"
    assert "Retry-After" not in canceled
    assert "Retry-After" not in owner.get("jobs")
