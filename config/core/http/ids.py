"""Ids in addresses."""

from uuid import UUID

from django.urls import register_converter


class IdConverter:
    """A UUID in any case of letters. Django's own converter knows lower case only."""

    regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

    def to_python(self, value: str) -> UUID:
        return UUID(value)

    def to_url(self, value: object) -> str:
        return str(value)


class TextConverter:
    """A client's own id of something, which its view checks."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(IdConverter, "id")
register_converter(TextConverter, "text")
