"""Code that expects one constraint to refuse lets every other error through, on both databases."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from config.core.constraints import violates
from config.core.upkeep.counts import count
from config.core.upkeep.models import DailyCount
from results.models import ResultFeedback
from tests.factories import PredictionFactory, ResultFeedbackFactory
from tryon.models import Prediction, PredictionState, TryOnJob

pytestmark = pytest.mark.django_db(transaction=True)


def refusal(make: Callable[[], object]) -> IntegrityError:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        make()
    return refused.value


def test_a_unique_constraint_is_told_from_its_neighbours() -> None:
    first = PredictionFactory.create(state=PredictionState.RUNNING, provider_id="p-1")

    same_id = refusal(lambda: PredictionFactory.create(state=PredictionState.UNKNOWN, provider_id="p-1"))
    second_in_flight = refusal(lambda: PredictionFactory.create(job=first.job))
    same_token = refusal(lambda: PredictionFactory.create(callback_token=first.callback_token))
    no_such_state = refusal(lambda: PredictionFactory.create(state="lost"))

    ids, flights = "prediction_provider_id_once", "prediction_one_in_flight_per_job"
    errors = (same_id, second_in_flight, same_token, no_such_state)
    assert [violates(error, Prediction, ids) for error in errors] == [True, False, False, False]
    assert [violates(error, Prediction, flights) for error in errors] == [False, True, False, False]


def test_a_constraint_of_several_columns_is_known() -> None:
    given = ResultFeedbackFactory.create()
    twice = refusal(lambda: ResultFeedbackFactory.create(job=given.job, requester=given.requester))
    assert violates(twice, ResultFeedback, "feedback_once")


def test_only_a_unique_constraint_has_a_name_here() -> None:
    with pytest.raises(TypeError, match="job_lane"):
        violates(IntegrityError(), TryOnJob, "job_lane")


def test_a_count_that_can_not_be_stored_is_an_error() -> None:
    with pytest.raises(IntegrityError):
        count({"pictures": -1})
    assert not DailyCount.objects.exists()
