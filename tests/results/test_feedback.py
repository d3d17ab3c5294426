"""POST /api/tryon/results/{id}/feedback, and what merchandisers see of it."""

from typing import Any

import pytest

from results.models import ResultFeedback, TryOnResult
from tests.admin_pages import count_queries, page, sign_in
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import ResultFeedbackFactory, TryOnResultFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db

LIST = "/admin/results/tryonresult/"
GIVEN = {"verdict": "almost", "reasons": ["hands", "wrong_fit"], "comment": "One sleeve is too long."}


@pytest.fixture
def result(owner: Api) -> TryOnResult:
    """A result of the owner's."""
    made: TryOnResult = TryOnResultFactory.create(job__requester=requester("Owner"))
    return made


def give(api: Api, result: TryOnResult, body: Any) -> Any:
    return api.post(f"results/{result.pk}/feedback", body)


def test_feedback_is_kept_and_shown_to_who_gave_it(owner: Api, manager: Api, result: TryOnResult) -> None:
    response = give(owner, result, GIVEN)
    assert response.status_code == 201
    given = data_of(response)
    assert {name: given[name] for name in GIVEN} == GIVEN
    assert data_of(owner.get(f"results/{result.pk}"))["feedback"] == given
    assert data_of(owner.get("results"))[0]["feedback"] == given
    assert data_of(manager.get(f"results/{result.pk}"))["feedback"] is None


def test_a_verdict_is_enough(owner: Api, result: TryOnResult) -> None:
    given = data_of(give(owner, result, {"verdict": "yes"}))
    assert (given["verdict"], given["reasons"], given["comment"]) == ("yes", [], "")


def test_each_requester_judges_once(owner: Api, stranger: Api, result: TryOnResult) -> None:
    result.job.viewers.create(requester=requester("Stranger"))
    assert give(owner, result, {"verdict": "yes"}).status_code == 201
    again = give(owner, result, {"verdict": "no"})
    assert (again.status_code, error_of(again)["code"]) == (409, "feedback_already_given")
    assert give(stranger, result, {"verdict": "no"}).status_code == 201
    assert sorted(ResultFeedback.objects.values_list("verdict", flat=True)) == ["no", "yes"]


@pytest.mark.django_db(transaction=True)
def test_of_many_judgements_at_once_one_is_kept(owner: Api, result: TryOnResult) -> None:
    codes = at_once(10, lambda: give(owner, result, {"verdict": "yes"}).status_code)
    assert sorted(codes) == [201] + [409] * 9


def test_who_may_not_see_a_result_may_not_judge_it(stranger: Api, result: TryOnResult) -> None:
    assert error_of(give(stranger, result, GIVEN))["code"] == "result_not_found"
    assert not ResultFeedback.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verdict"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "no", "reasons": ["ugly"]}, "reasons"),
        ({"verdict": "no", "reasons": "hands"}, "reasons"),
        ({"verdict": "no", "comment": "x" * 1001}, "comment"),
        ({"verdict": "no", "comment": "\0"}, "comment"),
        ({"verdict": "no", "stars": 2}, "stars"),
    ],
)
def test_a_wrong_field_is_named(owner: Api, result: TryOnResult, body: Any, field: str) -> None:
    response = give(owner, result, body)
    assert response.status_code == 400
    assert [name.partition(".")[0] for name in error_of(response)["details"]["fields"]] == [field]


def test_feedback_outlives_its_result(owner: Api, result: TryOnResult) -> None:
    give(owner, result, GIVEN)
    assert owner.delete(f"results/{result.pk}").status_code == 204
    assert ResultFeedback.objects.get().job_id == result.job_id


def test_operators_see_how_many_of_each_there_are(owner: Api, manager: Api, result: TryOnResult) -> None:
    give(owner, result, GIVEN)
    assert data_of(manager.get("stats"))["feedback"] == {"yes": 0, "almost": 1, "no": 0}


def test_merchandisers_read_and_filter_it() -> None:
    judged, other = TryOnResultFactory.create_batch(2)
    ResultFeedbackFactory.create(job=judged.job, **GIVEN)
    staff = sign_in()
    text = page(staff, f"{LIST}{judged.pk}/change/")
    assert "One sleeve is too long." in text
    assert "Hands or arms are wrong" in text
    for value, expected in (("almost", judged), ("none", other)):
        text = page(staff, f"{LIST}?feedback={value}")
        assert str(expected.pk) in text
        assert str((other if expected is judged else judged).pk) not in text


def test_the_list_needs_no_more_queries_for_more_feedback() -> None:
    staff = sign_in()
    ResultFeedbackFactory.create(job=TryOnResultFactory.create().job)
    before = count_queries(staff, LIST)
    for result in TryOnResultFactory.create_batch(4):
        ResultFeedbackFactory.create(job=result.job)
    assert count_queries(staff, LIST) == before
