"""What operators see and do, and what FASHN calls."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.core.http.envelope import answers, enveloped, success
from config.core.http.exceptions import error_body
from config.shops.permissions import ManagersOnly
from tryon.fashn.parsing import usable_provider_id
from tryon.services.operations import service_pause, service_resume
from tryon.services.stats import statistics
from tryon.services.webhooks import webhook_receive

# The documented body is below a kilobyte. With pictures in it (which we never ask for) it would be megabytes.
WEBHOOK_BYTES = 64 * 1024


class QueueSerializer(serializers.Serializer[Any]):
    queued = serializers.IntegerField()
    processing = serializers.IntegerField()
    completed = serializers.IntegerField()
    failed = serializers.IntegerField()
    canceled = serializers.IntegerField()
    deadLetters = serializers.IntegerField()


class GovernorSerializer(serializers.Serializer[Any]):
    pause = serializers.CharField(help_text="Empty while jobs are started.")
    slots = serializers.IntegerField()
    slotsTaken = serializers.IntegerField()
    heldUntil = serializers.DateTimeField(allow_null=True)
    heldReason = serializers.CharField()
    circuitOpenUntil = serializers.DateTimeField(allow_null=True)
    creditsSpentToday = serializers.IntegerField()
    creditsLeftToday = serializers.IntegerField(allow_null=True)


class RescuedSerializer(serializers.Serializer[Any]):
    pictures = serializers.IntegerField()
    credits = serializers.IntegerField()


class ReuseSerializer(serializers.Serializer[Any]):
    hits = serializers.IntegerField(help_text="Answered by a picture that was there.")
    joins = serializers.IntegerField(help_text="Joined a job under way.")
    misses = serializers.IntegerField(help_text="Made a job.")
    creditsSaved = serializers.IntegerField()


class StorageSerializer(serializers.Serializer[Any]):
    bytes = serializers.DictField(child=serializers.IntegerField(), help_text="By kind.")
    bytesInAll = serializers.IntegerField()
    bytesAllowed = serializers.IntegerField(allow_null=True, help_text="STORAGE_LIMIT_GB.")
    percentUsed = serializers.FloatField(allow_null=True)


class FeedbackCountsSerializer(serializers.Serializer[Any]):
    yes = serializers.IntegerField()
    almost = serializers.IntegerField()
    no = serializers.IntegerField()


class StatsSerializer(serializers.Serializer[Any]):
    jobs = QueueSerializer()
    governor = GovernorSerializer()
    rescued = RescuedSerializer()
    reuse = ReuseSerializer()
    storage = StorageSerializer()
    feedback = FeedbackCountsSerializer()


class StatsView(APIView):
    """How the service is doing."""

    permission_classes = [ManagersOnly]

    @extend_schema(operation_id="stats", responses=answers({200: enveloped(StatsSerializer)}, 403))
    def get(self, request: Request) -> Response:
        return success(StatsSerializer(statistics()).data)


class PauseView(APIView):
    """Start no more jobs. Those at FASHN are finished."""

    permission_classes = [ManagersOnly]

    @extend_schema(
        operation_id="pause", request=None, responses=answers({200: enveloped(StatsSerializer)}, 403)
    )
    def post(self, request: Request) -> Response:
        service_pause()
        return success(StatsSerializer(statistics()).data)


class ResumeView(APIView):
    """Start jobs again, whatever the pause was for."""

    permission_classes = [ManagersOnly]

    @extend_schema(
        operation_id="resume", request=None, responses=answers({200: enveloped(StatsSerializer)}, 403)
    )
    def post(self, request: Request) -> Response:
        service_resume()
        return success(StatsSerializer(statistics()).data)


class FashnWebhookView(APIView):
    """FASHN tells that a prediction is done. Answers at once; the work is a worker's."""

    authentication_classes = []
    permission_classes = []

    @extend_schema(exclude=True)
    def post(self, request: Request, token: str) -> Response:
        length = request._request.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > WEBHOOK_BYTES:
            return Response(error_body("request_too_large", "Send less."), status=413)
        if not webhook_receive(token=token, provider_id=provider_id_in(request._request.body)):
            return Response(error_body("not_found", "There is nothing here."), status=404)
        return success({})


def provider_id_in(body: bytes) -> str:
    """The id that a webhook's body names, or empty text: an unreadable body is still a hint to look."""
    try:
        named = json.loads(body).get("id")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return named if usable_provider_id(named) and named.isprintable() else ""
