"""Request bodies without unknown fields: a misspelled field must not be ignored."""

from typing import Any, override

from django.utils.translation import gettext as _
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses each unknown field by its name."""

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(self.initial_data.keys() - self.fields.keys())
        if unknown:
            raise serializers.ValidationError(
                {field: [_("Unknown field. Leave it out.")] for field in unknown}
            )
        return attrs
