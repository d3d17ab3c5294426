"""Only an identical active job is a reason to look again: any other refusal of the database is an error."""

import dataclasses
from typing import Any

import pytest
from django.db import IntegrityError

from results.models import ResultFeedback
from tests.conftest import Api, error_of, requester
from tests.factories import TryOnJobFactory, TryOnResultFactory
from tryon.engine import lifecycle
from tryon.engine.errors import TwinActive
from tryon.engine.lifecycle import jobs as lifecycle_jobs
from tryon.models import TryOnJob
from tryon.services import generate, jobs

pytestmark = pytest.mark.django_db(transaction=True)


def is_our_fault(answer: Any) -> bool:
    return (answer.status_code, error_of(answer)["code"]) == (500, "internal_error")


def test_a_request_that_another_constraint_refuses_is_not_tried_again(
    owner: Api, product_id: str, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = generate._create_job
    tries: list[str] = []

    def in_no_lane(wish: generate.Wish, key: str) -> TryOnJob:
        tries.append(key)
        assert len(tries) < 3  # it would never end
        return create(dataclasses.replace(wish, lane="express"), key)  # type: ignore[arg-type]

    monkeypatch.setattr(generate, "_create_job", in_no_lane)
    assert is_our_fault(owner.post("generate", {"productImageId": product_id, "modelImageId": model_id}))
    assert len(tries) == 1


def test_a_retry_that_another_constraint_refuses_is_not_tried_again(
    owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = TryOnJobFactory.create(failed=True, requester=requester("Owner"))
    monkeypatch.setitem(lifecycle_jobs.FRESH, "progress", 101)
    looks: list[str] = []

    def no_twin(*asked: Any) -> None:
        looks.append("")
        assert len(looks) < 3  # it would never end

    monkeypatch.setattr(jobs, "join_active", no_twin)
    assert is_our_fault(owner.post(f"jobs/{job.pk}/retry"))
    assert looks == []


def test_a_second_active_job_of_a_recipe_has_an_error_of_its_own() -> None:
    first = TryOnJobFactory.create()

    def another(**fields: Any) -> TryOnJob:
        photos = {"product_image": first.product_image, "model_image": first.model_image}
        return TryOnJob(**photos, requester="shop:1", **fields)

    with pytest.raises(TwinActive):
        lifecycle.enqueue(another(cache_key=first.cache_key))
    with pytest.raises(IntegrityError):
        lifecycle.enqueue(another(cache_key="f" * 64, lane="express"))


def test_feedback_that_another_constraint_refuses_is_not_called_a_second_one(
    owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = TryOnResultFactory.create(job__viewers=[requester("Owner")])
    create = ResultFeedback.objects.create
    unheard_of = {"verdict": "?"}
    monkeypatch.setattr(ResultFeedback.objects, "create", lambda **fields: create(**{**fields, **unheard_of}))
    assert is_our_fault(owner.post(f"results/{result.pk}/feedback", {"verdict": "yes"}))
