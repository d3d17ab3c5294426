"""Showing, listing, judging and deleting results."""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.core.http.envelope import answers, enveloped, success
from config.core.http.pagination import paginate
from config.shops.callers import caller_of
from results.access import ResultNotFound, result_for, results_for
from results.api.serializers import (
    FeedbackSerializer,
    GiveFeedbackSerializer,
    ResultFilterSerializer,
    ResultSerializer,
    feedback_json,
    result_json,
)
from results.feedback import feedback_give
from results.selectors import with_recipe_and_feedback
from results.services import result_give_up

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from results.selectors import ShownResult

LOOKUPS: Final = {
    "productId": "shown_product_id",
    "productImageId": "shown_product_image",
    "modelImageId": "job__model_image",
    "review": "review",
    "createdAfter": "created_at__gt",
    "createdBefore": "created_at__lt",
}


class ResultsView(APIView):
    """The caller's pictures, newest first."""

    @extend_schema(
        operation_id="results",
        parameters=[
            ResultFilterSerializer,
            OpenApiParameter("page", int),
            OpenApiParameter("pageSize", int),
        ],
        responses=answers({200: enveloped(ResultSerializer, many=True)}, 400),
    )
    def get(self, request: Request) -> Response:
        wanted = ResultFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        lookups = {LOOKUPS[name]: value for name, value in wanted.validated_data.items()}
        rows, meta = paginate(results_to_show(request).filter(**lookups), request)
        return success([result_json(row, request) for row in rows], meta=meta)


class ResultView(APIView):
    """One try-on picture."""

    @extend_schema(operation_id="result", responses=answers({200: enveloped(ResultSerializer)}, 404))
    def get(self, request: Request, result_id: UUID) -> Response:
        result = results_to_show(request).filter(pk=result_id).first()
        if result is None:
            raise ResultNotFound
        return success(result_json(result, request))

    @extend_schema(operation_id="resultDelete", responses=answers({204: None}, 404))
    def delete(self, request: Request, result_id: UUID) -> Response:
        caller = caller_of(request)
        result_give_up(result_for(caller, result_id), caller)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FeedbackView(APIView):
    """Judge a picture, once."""

    @extend_schema(
        operation_id="resultFeedback",
        request=GiveFeedbackSerializer,
        responses=answers({201: enveloped(FeedbackSerializer)}, 400, 404, 409, 415),
    )
    def post(self, request: Request, result_id: UUID) -> Response:
        caller = caller_of(request)
        result = result_for(caller, result_id)
        given = GiveFeedbackSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        feedback = feedback_give(result=result, caller=caller, **given.validated_data)
        return success(feedback_json(feedback), status=201)


def results_to_show(request: Request) -> "QuerySet[ShownResult]":
    """The caller's results with all that is shown of them."""
    caller = caller_of(request)
    return with_recipe_and_feedback(results_for(caller), caller.requester)
