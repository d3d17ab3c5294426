"""Showing and deleting a result."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api.callers import caller_of
from config.api.envelope import answers, enveloped, success
from results.access import result_for
from results.api.serializers import ResultSerializer
from results.services import result_give_up


class ResultView(APIView):
    """One try-on picture."""

    @extend_schema(operation_id="result", responses=answers({200: enveloped(ResultSerializer)}, 404))
    def get(self, request: Request, result_id: UUID) -> Response:
        result = result_for(caller_of(request), result_id)
        return success(ResultSerializer(result, context={"request": request}).data)

    @extend_schema(operation_id="resultDelete", responses=answers({204: None}, 404))
    def delete(self, request: Request, result_id: UUID) -> Response:
        caller = caller_of(request)
        result_give_up(result_for(caller, result_id), caller)
        return Response(status=status.HTTP_204_NO_CONTENT)
