"""Conditional GET: who has an answer already gets 304 (RFC 9110, section 13).

Django's ``conditional_page`` compares bytes, and the address of a picture is signed again and again. Here a
fresh signature is no change. Half the life of an address is one: what a client keeps always has addresses
that work. Django's 304 also loses ``Retry-After``, and its 412 is no answer of ours.
"""

import hashlib
import re
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.decorators import decorator_from_middleware
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import parse_etags

from config.core import clock
from config.core.tickets import SECONDS as TICKET_SECONDS

# No text of a client can look like it: its quotes are escaped.
ADDRESS: Final = re.compile(rb'"(?:imageUrl|resultImageUrl|thumbnailUrl)": ?"[^"?]*\?[^"]*"')
# What differs between two signatures with the same key or token, of ours and of S3.
SIGNATURE: Final = re.compile(rb'\b(?:expires|signature|X-Amz-(?:Date|Expires|Signature))=[^&"]*')
# It opens the live door, and is signed again each minute.
TICKET: Final = re.compile(rb'"eventsUrl": ?"[^"]*"')
OF_THE_BODY: Final = ("Content-Type", "Content-Length")


class ConditionalMiddleware(MiddlewareMixin):
    """Goes around one view, as ``conditional``."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Give a success its ``ETag``, and its place to a 304 if the client has it."""
        if request.method not in ("GET", "HEAD") or response.status_code != 200:
            return response
        response["ETag"] = tag_of(response.content)
        return unless_known(request, response)


conditional: Final = decorator_from_middleware(ConditionalMiddleware)


def unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return a success with an ``ETag``, or a 304 if the client has it."""
    if not is_known(request, response["ETag"]):
        return response
    headers = {name: value for name, value in response.items() if name not in OF_THE_BODY}
    same = HttpResponseNotModified(headers=headers)
    same.cookies = response.cookies
    return same


def is_known(request: HttpRequest, tag: str) -> bool:
    """Return whether the client has the answer with this ``ETag``."""
    offered = request.META.get("HTTP_IF_NONE_MATCH")
    if offered is None:
        return False
    known = [one.removeprefix("W/") for one in parse_etags(offered)]
    return tag.removeprefix("W/") in known or known == ["*"]


def tag_of(content: bytes) -> str:
    """Return the ``ETag`` of an answer. It stays the same while the answer says the same."""
    plain, addresses = ADDRESS.subn(lambda found: SIGNATURE.sub(b"", found[0]), content)
    plain, tickets = TICKET.subn(b"", plain)
    digest = hashlib.sha256(plain)
    for number, seconds in ((addresses, settings.SIGNED_URL_SECONDS), (tickets, TICKET_SECONDS)):
        if number:
            digest.update(b"%d" % (clock.now().timestamp() // (seconds / 2)))
    return f'W/"{digest.hexdigest()[:32]}"'
