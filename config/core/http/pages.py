"""Pages of lists that are read again and again: the answer, from a snapshot if there is one."""

from collections.abc import Callable
from typing import Any

from django.utils import translation
from django.utils.encoding import force_bytes
from rest_framework.request import Request

from config.core.http.envelope import Page, Ready, list_body
from config.core.snapshots import Fresh, Subject, remembered


def remembered_page[Row](
    request: Request, subject: Subject, key: tuple[Any, ...], read: Callable[[], Fresh[Page[Row]]]
) -> Ready[Page[Row]]:
    """Return the answer with the page that ``read`` reads.

    ``key`` has all that the page depends on, apart from the host, the language and the form of the answer.
    """

    def answer() -> Fresh[Ready[Page[Row]]]:
        page, until = read()
        return Fresh(ready_page(request, page), until)

    asked = request.build_absolute_uri("/"), translation.get_language(), request.accepted_media_type
    return remembered(subject, (*key, *asked), answer)


def ready_page[Row](request: Request, page: Page[Row]) -> Ready[Page[Row]]:
    """Return the answer with a page, in the form that the request accepts."""
    body = request.accepted_renderer.render(list_body(page), request.accepted_media_type)
    return Ready(force_bytes(body))
