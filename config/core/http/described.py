"""Answers in the schema: make a serializer from a TypedDict, for drf-spectacular to read."""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

from django.db.models import Choices
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.core.http.envelope import Empty, ListMetaAnswer, Page

type Field = serializers.Field[Any, Any, Any, Any]


@extend_schema_field({"type": "object", "additionalProperties": False})
class EmptyField(serializers.Field[Any, Any, Any, Any]):
    """An object without keys: drf-spectacular leaves an empty serializer out."""


FIELDS: Final[Mapping[Any, type[Field]]] = {
    str: serializers.CharField,
    bool: serializers.BooleanField,
    int: serializers.IntegerField,
    float: serializers.FloatField,
    UUID: serializers.UUIDField,
    datetime: serializers.DateTimeField,
    Any: serializers.JSONField,
    Empty: EmptyField,
}


@functools.cache
def envelope_of(answer: Any) -> type[serializers.Serializer[Any]]:
    """Return the success envelope around a TypedDict, or around a ``Page`` of them."""
    many = get_origin(answer) is Page
    row = get_args(answer)[0] if many else answer
    data = serializer_of(row)(many=True) if many else field_of(row)
    fields: dict[str, Any] = {"success": serializers.BooleanField(), "data": data}
    if many:
        fields["meta"] = serializer_of(ListMetaAnswer)()
    return named(f"{component_name(row)}{'List' if many else ''}Answer", fields)


@functools.cache
def serializer_of(answer: type) -> type[serializers.Serializer[Any]]:
    """Return a TypedDict as a serializer, with its docstring. It is the same class each time."""
    fields = {name: field_of(hint) for name, hint in get_type_hints(answer, include_extras=True).items()}
    return named(component_name(answer), fields, answer.__doc__)


def component_name(answer: type) -> str:
    return answer.__name__.removesuffix("Answer")


def named(name: str, fields: dict[str, Any], doc: str | None = None) -> type[serializers.Serializer[Any]]:
    return type(f"{name}Serializer", (serializers.Serializer,), {**fields, "__doc__": doc})


def field_of(hint: Any, **options: Any) -> Field:
    """Return the field of one key. ``Annotated`` adds a help text, choices, a field's class or arguments."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return field_of(arguments[0], required=False, **options)
    if origin is Annotated:
        return annotated_field(arguments[0], arguments[1:], options)
    if origin in (Union, UnionType):
        return field_of(arguments[0], allow_null=True, **options)  # of ``X | None``
    if origin is list and is_typeddict(arguments[0]):
        return serializer_of(arguments[0])(many=True, **options)
    if origin is list:
        return serializers.ListField(child=field_of(arguments[0]), **options)
    if origin is dict:
        return serializers.DictField(child=field_of(arguments[1]), **options)
    if hint is int:
        options = {"min_value": 0} | options  # a number, a size or a time
    return (FIELDS.get(hint) or serializer_of(hint))(**options)


def annotated_field(hint: Any, notes: tuple[Any, ...], options: dict[str, Any]) -> Field:
    make: Callable[..., Field] = functools.partial(field_of, hint)
    for note in notes:
        if isinstance(note, Mapping):
            options |= note
        elif isinstance(note, type) and issubclass(note, Choices):
            make = functools.partial(serializers.ChoiceField, choices=note.choices)
        elif isinstance(note, type):
            make = note
        else:
            options |= {"help_text": note}
    return make(**options)
