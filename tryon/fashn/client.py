"""The only caller of FASHN's API.

FASHN offers no idempotency key, so a run is sent once, and the caller learns all that is known of its fate.
"""

import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, override
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tryon.fashn.errors import NotSent, Unanswered, UnexpectedAnswer, Withheld
from tryon.fashn.parsing import (
    WrongShape,
    parse_credits,
    parse_credits_used,
    parse_object,
    parse_prediction,
    usable_provider_id,
)
from tryon.fashn.refusals import refusal
from tryon.fashn.transport import TRANSPORT_ERRORS, BodyTooLarge, PlainSession, describe, read_body
from tryon.fashn.types import Credits, PredictionStatus

_RUN_PATH: Final = "/v1/run"
# How long the sending of one run may take: 8 MB on a line of 1.2 Mbit/s.
SENDING_SECONDS: Final = 60.0

# Ids, balances and error bodies are a few hundred bytes. A status can hold a base64 picture: a 4k PNG has at
# most 48 MB of pixels, half of that in practice, times 4/3 for base64.
_SMALL_BODY_BYTES: Final = 64 * 1024
_STATUS_BODY_BYTES: Final = 64 * 1024 * 1024

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class _Bearer(AuthBase):
    """The API key, as an auth object: requests lets a ~/.netrc entry overwrite a plain header."""

    def __init__(self, api_key: str) -> None:
        self._value = f"Bearer {api_key}"

    @override
    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = self._value
        return r


@dataclass(frozen=True, slots=True)
class _Answer:
    """A complete 2xx answer."""

    http_status: int
    headers: Mapping[str, str]
    body: bytes


class _GuardedBody(io.BytesIO):
    """A request's body that asks before each piece if it may still leave, and takes a minute at most."""

    def __init__(self, content: bytes, may_send: Callable[[], bool]) -> None:
        super().__init__(content)
        self._may_send = may_send
        self._deadline: float | None = None

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() == len(self.getbuffer()):
            return b""  # all of it has left: nothing can be taken back
        now = time.monotonic()
        self._deadline = self._deadline or now + SENDING_SECONDS
        if not self._may_send():
            raise Withheld(cause="not_allowed_any_more")
        if now > self._deadline:
            raise NotSent(cause="sending_took_too_long")
        return super().read(size)


class FashnClient:
    """A client for one FASHN account.

    Threads may share an instance: urllib3's pools are thread-safe, cookies are off, and the session does not
    change after ``__init__``. Processes must not share one, so build it after a fork. The client owns a
    ``session`` passed in and replaces its adapters for ``base_url``. The default session follows no redirect
    and keeps no cookies. Proxies and CA bundles come from the environment, except for loopback addresses.

    Times are in seconds. ``read_timeout`` limits the wait for the answer, and then the reading of its body.
    Every method raises FashnError.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = "https://api.fashn.ai",
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        session: requests.Session | None = None,
    ) -> None:
        """Raise ValueError for a base URL that is not http(s), and for a key that can't go in a header."""
        address = urlsplit(base_url)
        if (
            address.scheme not in {"http", "https"}
            or not address.hostname
            or address.query
            or address.fragment
        ):
            raise ValueError("The FASHN base URL must look like https://api.fashn.ai.")
        if not (api_key.isascii() and api_key.isprintable()) or api_key != api_key.strip():
            raise ValueError("The FASHN API key holds spaces or characters that a key never has.")
        self._base_url = base_url.rstrip("/")
        self._auth = _Bearer(api_key)
        self._timeout = (connect_timeout, read_timeout)
        self._session = session or PlainSession()
        if address.hostname in _LOOPBACK_HOSTS:
            # A proxy can't reach this machine's sandbox, but requests would use one.
            self._session.trust_env = False
        self._session.mount(f"{self._base_url}/", HTTPAdapter(max_retries=0))
        # Runs have their own pool, which "Connection: close" keeps empty. If FASHN closed a reused connection
        # during a run, a reset would look like a lost answer, and the job would wait for a person. One more
        # TLS handshake per run is the better price. Reads keep their connections.
        self._session.mount(f"{self._base_url}{_RUN_PATH}", HTTPAdapter(max_retries=0))

    def run(
        self,
        model_name: str,
        inputs: Mapping[str, object],
        *,
        webhook_url: str | None = None,
        may_send: Callable[[], bool] = lambda: True,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> str:
        """Start one paid prediction and return FASHN's opaque id (1 to 200 characters).

        It sends exactly one POST. An error's ``may_have_run`` says if money may still be spent: always for
        Unanswered, for UnexpectedAnswer if an accepted run lost its id, for ServerError from some gateways,
        and never for NotSent and FASHN's own refusals. ``may_send`` is asked before each piece leaves: a
        process that was frozen wakes here. Raise Withheld when it says no. ``headers`` go along.
        """
        payload = json.dumps({"model_name": model_name, "inputs": dict(inputs)}).encode()
        body = _GuardedBody(payload, may_send)
        try:
            # A file goes out in 16 KB pieces, each with its own time-out. Bytes go out in one sendall(), and
            # urllib3 applies the connect time-out to all of it: 8 MB in 5 s fails on a 12 Mbit/s line.
            answer = self._exchange(
                "POST",
                _RUN_PATH,
                max_bytes=_SMALL_BODY_BYTES,
                data=body,
                params={"webhook_url": webhook_url} if webhook_url else None,
                headers={**headers, "Content-Type": "application/json", "Connection": "close"},
            )
        except TRANSPORT_ERRORS as error:
            failure = describe(error)
            # The error's type does not tell if the run was sent (TLS fails before and after), but the body
            # does: until its last piece is handed to the socket, no server holds JSON that it could run.
            if body.tell() < len(payload):
                raise NotSent(cause=failure.cause) from None
            raise Unanswered(may_have_run=True, cause=failure.cause) from None
        return _provider_id(answer)

    def status(self, provider_id: str) -> PredictionStatus:
        """Read one prediction.

        A failed prediction is a normal answer. NotFound means that FASHN no longer knows the id.
        """
        if not usable_provider_id(provider_id):
            raise ValueError("provider_id is not an id that run() returned.")
        answer = self._read(f"/v1/status/{quote(provider_id, safe='')}", max_bytes=_STATUS_BODY_BYTES)
        credits_used = parse_credits_used(answer.headers.get("x-fashn-credits-used"))
        return _parsed(
            answer,
            lambda payload: parse_prediction(payload, provider_id=provider_id, credits_used=credits_used),
        )

    def credits(self) -> Credits:
        """Read the account's balance."""
        return _parsed(self._read("/v1/credits", max_bytes=_SMALL_BODY_BYTES), parse_credits)

    def _read(self, path: str, *, max_bytes: int) -> _Answer:
        """Send a GET, and a second one if the connection broke at once, as a kept-alive one may.

        A time-out gets no second try: the caller has waited long enough.
        """
        try:
            return self._exchange("GET", path, max_bytes=max_bytes)
        except TRANSPORT_ERRORS as error:
            failure = describe(error)
        if not failure.timed_out:
            try:
                return self._exchange("GET", path, max_bytes=max_bytes)
            except TRANSPORT_ERRORS as error:
                failure = describe(error)
        raise (NotSent if failure.connecting else Unanswered)(cause=failure.cause)

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        max_bytes: int,
        data: io.BytesIO | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Answer:
        """Send one request and return its 2xx answer.

        Raise FashnError for other answers, and let TRANSPORT_ERRORS through.
        """
        paid = method == "POST"
        with self._session.request(
            method,
            f"{self._base_url}{path}",
            data=data,
            params=params,
            headers={"User-Agent": "tryon-studio", "Accept": "application/json", **(headers or {})},
            auth=self._auth,
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            deadline = time.monotonic() + self._timeout[1]
            if not 200 <= response.status_code < 300:
                body = _read_refusal(response, deadline)
                raise refusal(response.status_code, response.headers, body, paid=paid)
            try:
                body = read_body(response, max_bytes=max_bytes, deadline=deadline)
            except BodyTooLarge:
                raise UnexpectedAnswer(http_status=response.status_code, may_have_run=paid) from None
            return _Answer(response.status_code, response.headers, body)


def _read_refusal(response: requests.Response, deadline: float) -> bytes:
    """Return the body of an error answer, or nothing.

    The status line alone says enough, so a broken body must not hide it.
    """
    try:
        return read_body(response, max_bytes=_SMALL_BODY_BYTES, deadline=deadline)
    except (BodyTooLarge, *TRANSPORT_ERRORS):
        return b""


def _parsed[T](answer: _Answer, parse: Callable[[dict[str, object]], T]) -> T:
    try:
        return parse(parse_object(answer.body))
    except WrongShape:
        raise UnexpectedAnswer(http_status=answer.http_status) from None


def _provider_id(answer: _Answer) -> str:
    try:
        payload = parse_object(answer.body)
    except WrongShape:
        raise UnexpectedAnswer(http_status=answer.http_status, may_have_run=True) from None
    provider_id = payload.get("id")
    if usable_provider_id(provider_id):
        return provider_id
    # FASHN's schema: ``error`` is the message "if the prediction failed to start". Only with it, and
    # without any id, is a 200 known to have cost nothing.
    failed_to_start = not provider_id and bool(payload.get("error"))
    raise UnexpectedAnswer(http_status=answer.http_status, may_have_run=not failed_to_start)
