"""Answers that are made while they are sent."""

from typing import ClassVar

from django.http import StreamingHttpResponse


class LongAnswer(StreamingHttpResponse):
    """An answer of many pieces. The gate takes them in a room of its own, so that pages keep their threads.

    Its pieces must not ask the database: they are made in changing threads, after the request.
    """

    is_long: ClassVar[bool] = True
