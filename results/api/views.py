"""Views that show, list, judge and delete results."""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.envelope import Page, Ready
from config.core.http.operation import operation
from config.core.http.pages import remembered_page
from config.core.http.pagination import paginate
from config.core.http.strict import validated
from config.core.rows import first_or
from config.core.snapshots import Fresh, release_of
from config.shops.callers import Caller, caller_of
from results.access import ResultNotFound, result_for, results_for, results_of_photo, results_to_list
from results.api.serializers import (
    FeedbackAnswer,
    GiveFeedbackSerializer,
    ResultAnswer,
    ResultQuery,
    feedback_answer,
    result_answers,
)
from results.feedback import feedback_give
from results.models import TryOnResult
from results.pages import pages_of
from results.selectors import with_recipe_and_feedback
from results.services import result_give_up

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from results.selectors import ShownResult

LOOKUPS: Final = {
    "modelImageId": "job__model_image",
    "review": "review",
    "createdAfter": "created_at__gt",
    "createdBefore": "created_at__lt",
}
# Of the photo of any garment.
PHOTO_LOOKUPS: Final = {"productId": "product_id", "productImageId": "pk"}
RELEASE: Final = release_of(result_answers, with_recipe_and_feedback, paginate, Page, TryOnResult)


class ResultsView(APIView):
    """The caller's pictures, newest first."""

    @operation("listResults", query=ResultQuery)
    def get(self, request: Request, query: dict[str, Any]) -> Ready[Page[ResultAnswer]]:
        caller = caller_of(request)

        def read() -> Fresh[Page[ResultAnswer]]:
            results = results_chosen(results_to_list(caller, results_to_show(request)), caller, query)
            rows, meta = paginate(results, request, query)
            first_end = min((row.expires_at for row in rows), default=None)
            return Fresh(Page(result_answers(rows, request), meta), first_end)

        subject = pages_of(caller)
        asked = ("results", RELEASE, subject, caller.requester, sorted(query.items()))
        return remembered_page(request, subject, asked, read)


class ResultView(APIView):
    """One try-on picture."""

    @operation("getResult", 304)
    def get(self, request: Request, result_id: UUID) -> ResultAnswer:
        result = first_or(ResultNotFound, results_to_show(request).filter(pk=result_id))
        return result_answers([result], request)[0]

    @operation("deleteResult", status=204)
    def delete(self, request: Request, result_id: UUID) -> None:
        """Delete a picture that nobody else shares, or give up your share of it."""
        caller = caller_of(request)
        result_give_up(result_for(caller, result_id), caller)


class FeedbackView(APIView):
    """Judge a picture, once."""

    @operation(
        "giveFeedback",
        409,
        status=201,
        body=GiveFeedbackSerializer,
        example={"verdict": "almost", "reasons": ["wrong_fit"], "comment": "A little wide."},
    )
    def post(self, request: Request, result_id: UUID) -> FeedbackAnswer:
        caller = caller_of(request)
        result = result_for(caller, result_id)
        given = validated(GiveFeedbackSerializer, request.data)
        return feedback_answer(feedback_give(result=result, caller=caller, **given))


def results_to_show(request: Request) -> "QuerySet[ShownResult]":
    """Return the caller's results with the fields that the API shows."""
    caller = caller_of(request)
    return with_recipe_and_feedback(results_for(caller), caller.requester)


def results_chosen(
    results: "QuerySet[ShownResult]", caller: Caller, query: dict[str, Any]
) -> "QuerySet[ShownResult]":
    """Return those of the caller's results that the query asks for."""
    if photo := {PHOTO_LOOKUPS[name]: value for name, value in query.items() if name in PHOTO_LOOKUPS}:
        results = results_of_photo(results, caller, **photo)
    return results.filter(**{LOOKUPS[name]: value for name, value in query.items() if name in LOOKUPS})
