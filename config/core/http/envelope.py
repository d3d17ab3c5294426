"""The one shape of every answer, and how the schema tells of it."""

import functools
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers, status
from rest_framework.response import Response


def success(data: Any, *, status: int = status.HTTP_200_OK, meta: dict[str, Any] | None = None) -> Response:
    """``{"success": true, "data": …}``, with ``meta`` for lists."""
    body = {"success": True, "data": data}
    if meta is not None:
        body["meta"] = meta
    return Response(body, status=status)


class ErrorDetailSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    retryable = serializers.BooleanField()
    details = serializers.DictField()
    requestId = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField(default=False)
    error = ErrorDetailSerializer()


class ListMetaSerializer(serializers.Serializer[Any]):
    page = serializers.IntegerField()
    pageSize = serializers.IntegerField()
    total = serializers.IntegerField()
    pages = serializers.IntegerField()


@functools.cache
def enveloped(data: type[serializers.Serializer[Any]], *, many: bool = False) -> serializers.Serializer[Any]:
    """The success envelope around a serializer, for the schema; the same object each time."""
    fields: dict[str, Any] = {"success": serializers.BooleanField(default=True), "data": data(many=many)}
    if many:
        fields["meta"] = ListMetaSerializer()
    name = data.__name__.removesuffix("Serializer") + ("List" if many else "") + "Answer"
    return inline_serializer(name=name, fields=fields)


def answers(success: dict[int, Any], *errors: int) -> dict[int, Any]:
    """The ``responses`` of an operation: its successes, and the error envelope for the rest."""
    return success | dict.fromkeys(sorted({401, *errors}), ErrorSerializer)
