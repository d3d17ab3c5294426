"""django-rq's pages without what our policy forbids: scripts, style sheets and styles inside the markup.

Nothing is lost: its lists select rows by a script of ours, and a row that opens a page by a click has a link.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse

# Values are escaped in these pages, so that no text of a task looks like an attribute.
INLINE: Final = re.compile(
    rb'<style\b.*?</style>|<script\b(?![^>]*\bsrc=)[^>]*>.*?</script>|\s(?:on[a-z]+|style)="[^"]*"', re.DOTALL
)


def without_inline[View: Callable[..., HttpResponseBase]](view: View) -> View:
    """Return a view whose pages have no inline script or style."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse):
            response.render()
        if isinstance(response, HttpResponse) and response.headers["Content-Type"].startswith("text/html"):
            response.content = INLINE.sub(b"", response.content)
        return response

    return answer  # type: ignore[return-value]
