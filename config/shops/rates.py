"""The rates of callers, by what a request carries: a key, a shopper, an address. Nobody is looked up.

Reads and writes have rates of their own, because a shop's server asks for the jobs of all its shoppers
through one key.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from config.core.http.address import client_address
from config.core.http.envelope import error_body
from config.core.http.rates import REFUSED, Rate, RateLimited, Usage
from config.core.redis.counters import Counted, Counter, count
from config.core.redis.loop import LoopCounters
from config.shops.authentication import key_of, token_of
from config.shops.keys import digest_of
from config.shops.middleware import API
from config.shops.sessions import SessionInvalid, session_in
from config.shops.shoppers import SHOPPER_HEADER
from config.shops.texts import PUBLISHABLE

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# FASHN's news come from its own few addresses, and none of them must be lost.
WEBHOOKS: Final = f"{API}webhooks/"
# In the environment of a request.
KEY: Final = "HTTP_AUTHORIZATION"
METER: Final = "tryon.rates"


def rates_of(method: str, path: str, environ: Mapping[str, Any], address: str) -> list[Rate]:
    """Return the rates of a request, the narrowest first: one shopper's must not use up those of others.

    The address counts where no secret key says who answers for the request.
    """
    kind = "reads" if method in READS or path.startswith(WEBHOOKS) else "writes"
    key = key_of(environ)
    if key is None:
        return _rates_without_key(kind, environ, address)
    digest = digest_of(key)
    found = [_rate("key", kind, digest)]
    if key.startswith(PUBLISHABLE):
        found.insert(0, _rate("address", kind, address))
    if shopper := environ.get(SHOPPER_HEADER):
        found.insert(0, _rate("shopper", kind, hashlib.sha256(f"{digest} {shopper}".encode()).hexdigest()))
    return found


def _rates_without_key(kind: str, environ: Mapping[str, Any], address: str) -> list[Rate]:
    """Return the rates of a visitor. Who comes with a token that we have not signed is an address only."""
    of_address = _rate("address", kind, address)
    try:
        session = session_in(token_of(environ) or "")
    except SessionInvalid:
        return [of_address]
    return [_rate("shopper", kind, session.shopper), of_address, _rate("key", kind, str(session.key_id))]


def _rate(caller: str, kind: str, name: str) -> Rate:
    most: int = getattr(settings, f"{caller}_{kind}_PER_MINUTE".upper())
    return Rate(f"{caller}-{kind}", name, most)


def refusal_before(
    method: str, path: str, headers: Mapping[bytes, bytes], address: str
) -> RateLimited | None:
    """Return the refusal of a request whose caller this process knows to be over a rate. It asks nobody.

    A browser's question whether a page may call is no call, and without an answer the page learns nothing.
    """
    if REFUSED.is_empty or not path.startswith(API) or method == "OPTIONS":
        return None
    environ = {
        name: headers.get(header, b"").decode("latin-1")
        for name, header in ((KEY, b"authorization"), (SHOPPER_HEADER, b"x-shopper-id"))
    }
    return REFUSED.refusal(rates_of(method, path, environ, address))


class Meter:
    """The rates of one request. It counts once, here or before, in the event loop."""

    def __init__(self, request: HttpRequest) -> None:
        self._address = client_address(request) or ""
        self._rates = rates_of(request.method or "", request.path_info, request.META, self._address)
        self._kind = self._rates[0].policy.partition("-")[2]
        self._found: dict[str, Any] = {}
        self.usage: Usage | None = None

    def count(self, names: Sequence[str] = ()) -> dict[str, Any]:
        """Count the request, and return the cached values with these names. Raise RateLimited."""
        if self.usage is None:
            self._take(count(self._counters, names))
        if self.usage is not None and (error := self.usage.refusal()):
            raise error
        return self._found

    async def count_in_loop(self, counters: LoopCounters, names: Sequence[str]) -> dict[str, Any]:
        """Count the request if Redis answers, and return the cached values with these names.

        There are none for one request too many. ``count`` refuses it.
        """
        if counted := await counters.count(self._counters, names):
            self._take(counted)
        return self._found

    def count_stranger(self) -> None:
        """Count a request with a wrong key for its address too. Raise RateLimited."""
        if all(rate.caller != self._address for rate in self._rates):
            self._rates, self.usage = [_rate("address", self._kind, self._address)], None
            self.count()

    @property
    def _counters(self) -> list[Counter]:
        return [rate.counter for rate in self._rates]

    def _take(self, counted: Counted) -> None:
        counts, self._found = counted
        self.usage = Usage(self._rates, counts)


def meter_of(request: HttpRequest) -> Meter:
    """Return the meter of a request to the API."""
    meter: Meter = request.META[METER]
    return meter


class RatesMiddleware:
    """Count each call of the API before its view, and tell the rates in its answer.

    What answers before the view counts the request by itself, in its own question to Redis.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(API):
            return self.get_response(request)
        meter = request.META[METER] = request.META.get(METER) or Meter(request)
        response = self.get_response(request)
        try:
            if meter.usage is None:  # no view was found, or none was asked
                meter.count()
            if response.status_code == 401:
                meter.count_stranger()
        except RateLimited as error:
            response = refused(error, request)
        if meter.usage is not None:
            for name, value in meter.usage.headers().items():
                response[name] = value
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if METER not in request.META or meter_of(request).usage is not None:
            return None
        try:
            meter_of(request).count()
        except RateLimited as error:
            return refused(error, request)
        return None


def refused(error: RateLimited, request: HttpRequest) -> HttpResponseBase:
    """Return the answer to a request that is one too many, in its language."""
    with translation.override(translation.get_language_from_request(request)):
        body = error_body(error.code, _(str(error.message)), retryable=True, details=error.details)
    return JsonResponse(body, status=error.status, headers={"Retry-After": str(error.wait)})
