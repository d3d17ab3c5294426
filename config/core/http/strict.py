"""Bodies, forms and queries of requests. Nothing in them is ignored: an unknown name is refused."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, override
from uuid import UUID

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

# A client can make up any number of wrong names. No person reads more.
MOST_FIELDS: Final = 20
UUID_TEXT: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ZONED_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


class StrictSerializer(serializers.Serializer[Any]):
    """A JSON object. Each unknown field is refused, together with all else that is wrong."""

    @override
    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        wrong: dict[Any, Any] = {name: [self._advice()] for name in unknown[:MOST_FIELDS]}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **wrong}) from error  # type: ignore[dict-item]
        if wrong:
            raise serializers.ValidationError(wrong)
        return values

    def _advice(self) -> str:
        if not self.fields:
            return _("Unknown field. Leave it out.")
        return _("Unknown. The names are %(names)s.") % {"names": ", ".join(self.fields)}


class FormSerializer(StrictSerializer):
    """A form or a query: every value is a text or a file. Only a list's name may be there twice."""

    @override
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, MultiValueDict):
            return super().to_internal_value(data)
        # DRF takes an empty text of a form for a missing one, and a missing flag for False.
        lists = {name for name, field in self.fields.items() if isinstance(field, serializers.ListField)}
        plain = {name: values if name in lists else values[-1] for name, values in data.lists()}
        twice = {name for name, values in data.lists() if len(values) > 1} & self.fields.keys() - lists
        if twice:
            raise serializers.ValidationError({name: [_("Send it once.")] for name in sorted(twice)})
        return super().to_internal_value(plain)


def validated(kind: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """Return the values of a body, form or query. Raise DRF's ValidationError."""
    wanted = kind(data=data)
    wanted.is_valid(raise_exception=True)
    values: dict[str, Any] = wanted.validated_data
    return values


def is_text_only(field: serializers.Field[Any, Any, Any, Any]) -> bool:
    """Return whether the field is of a form or query, which has no numbers and no flags but as text."""
    return isinstance(field.root, FormSerializer)


class Text(serializers.CharField):
    """A text. DRF's own field takes numbers too."""

    @override
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """True or false, in a form the words. DRF's own field takes ``yes``, ``on`` and 1 too."""

    default_error_messages = {"invalid": gettext_lazy("Send true or false.")}

    @override
    def to_internal_value(self, data: Any) -> bool:
        words = {"true": True, "false": False} if is_text_only(self) else {}
        value = words.get(data.lower()) if isinstance(data, str) else data
        if not isinstance(value, bool):
            self.fail("invalid", input=data)
        return value


class Number(serializers.IntegerField):
    """A whole number, in a form its digits. DRF's own field takes the other one of the two, and 7.0, too."""

    default_error_messages = {"invalid": gettext_lazy("Send a whole number.")}

    @override
    def to_internal_value(self, data: Any) -> int:
        kind = str if is_text_only(self) else int
        is_number = isinstance(data, kind) and not isinstance(data, bool)
        if not is_number or (isinstance(data, str) and not re.fullmatch(r"-?[0-9]{1,20}", data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class Few(serializers.ListField):
    """A short list. DRF's own field looks at each item of a long one before it counts them."""

    @override
    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            raise serializers.ValidationError(_("At most %(most)d.") % {"most": self.max_length})
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of a few texts. The refusal names them."""

    @override
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            allowed = ", ".join(map(str, self.choices))
            raise serializers.ValidationError(_("Use one of %(allowed)s.") % {"allowed": allowed})
        return super().to_internal_value(data)


class Id(serializers.UUIDField):
    """A UUID in its text form, in any case of letters. DRF's own field takes numbers, braces and urn: too."""

    @override
    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not UUID_TEXT.fullmatch(data):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Moment(serializers.DateTimeField):
    """A time with its zone. DRF's own field takes a date too, and a time without a zone for UTC."""

    default_error_messages = {
        "invalid": gettext_lazy("Send a time with its zone, such as 2026-01-31T09:00:00Z.")
    }

    @override
    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not ZONED_TEXT.fullmatch(value):
            self.fail("invalid")
        return super().to_internal_value(value)
