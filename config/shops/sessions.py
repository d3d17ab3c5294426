"""Sessions of visitors: a shop's page acts for one shopper by a signed token, which no row has."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple
from uuid import UUID, uuid4

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from config.shops.abilities import VISITING
from config.shops.callers import Caller
from config.shops.keys import key_of_session
from config.shops.models import ApiKey
from config.shops.shoppers import SHOPPER

LIFE: Final = timedelta(minutes=15)
RENEWABLE: Final = timedelta(days=1)
TOKEN_PREFIX: Final = "tos_vt_"  # noqa: S105  (no secret: what every token begins with)
SALT: Final = "config.shops.sessions"


class SessionInvalid(DomainError):
    code: ClassVar[str] = "session_invalid"
    status: ClassVar[int] = 401
    auth_header: ClassVar[str] = "Bearer"
    message: Any = _("This session is not valid any more. Open another one.")


class SessionExpired(DomainError):
    code: ClassVar[str] = "session_expired"
    status: ClassVar[int] = 401
    auth_header: ClassVar[str] = "Bearer"
    message: Any = _("This session has ended. Renew it, or open another one.")


class OriginNotAllowed(DomainError):
    code: ClassVar[str] = "origin_not_allowed"
    status: ClassVar[int] = 403
    message: Any = _("The shop does not allow calls from this page. Add its origin to the shop.")


class Session(NamedTuple):
    """The content of a token. Times are in seconds since 1970. An app that is no page has no origin."""

    key_id: UUID
    shopper: str
    origin: str
    begun: int
    until: int

    @property
    def expires_at(self) -> datetime:
        """Return the end of the token."""
        return datetime.fromtimestamp(self.until, UTC)

    @property
    def renewable_until(self) -> datetime:
        """Return the time after which nobody can renew the session."""
        return datetime.fromtimestamp(self.begun, UTC) + RENEWABLE

    @property
    def token(self) -> str:
        """Return the signed text."""
        content = [self.key_id.hex, self.shopper.removeprefix(SHOPPER), *self[2:]]
        return TOKEN_PREFIX + Signer(salt=SALT).sign_object(content)


def session_in(token: str) -> Session:
    """Return the session of a token, also of an expired one. Raise SessionInvalid."""
    try:
        content = Signer(salt=SALT).unsign_object(token.removeprefix(TOKEN_PREFIX))
        key_id, shopper, origin, begun, until = content
        return Session(UUID(key_id), f"{SHOPPER}{shopper}", origin, begun, until)
    except (BadSignature, ValueError) as error:
        raise SessionInvalid from error


def session_open(key: ApiKey, *, shopper: str, origin: str) -> Session:
    """Begin a session of a shopper at a page of the key's shop. Raise OriginNotAllowed."""
    if origin or key.is_publishable:
        check_origin(key, origin)
    now = clock.now()
    return _session(key.pk, shopper, origin, begun=int(now.timestamp()), now=now)


def session_renew(session: Session, key: ApiKey, *, origin: str) -> Session:
    """Return the session with a new end. Raise SessionExpired after its day, and OriginNotAllowed."""
    if origin != session.origin:
        raise OriginNotAllowed
    if origin:
        check_origin(key, origin)
    now = clock.now()
    if session.renewable_until <= now:
        raise SessionExpired
    return _session(*session[:3], begun=session.begun, now=now)


def check_origin(key: ApiKey, origin: str) -> None:
    """Raise OriginNotAllowed unless the key's shop has the origin."""
    if key.shop is None or origin not in key.shop.allowed_origins:
        raise OriginNotAllowed


def _session(key_id: UUID, shopper: str, origin: str, *, begun: int, now: datetime) -> Session:
    until = min(now + LIFE, datetime.fromtimestamp(begun, UTC) + RENEWABLE)
    return Session(key_id, shopper, origin, begun, int(until.timestamp()))


def new_visitor() -> str:
    """Return the requester of a visitor whom nobody knows yet."""
    return f"{SHOPPER}{uuid4()}"


def check_session(session: Session, origin: str) -> None:
    """Raise SessionExpired, or OriginNotAllowed for a call from another page than the session's."""
    if session.expires_at <= clock.now():
        raise SessionExpired
    if origin != session.origin:
        raise OriginNotAllowed


def visitor_by(session: Session) -> Caller:
    """Return the visitor of a session. Raise SessionInvalid if its key does not work now."""
    key = key_of_session(session.key_id)
    if key is None:
        raise SessionInvalid
    return as_visitor(key, session)


def as_visitor(key: Caller, session: Session) -> Caller:
    """Return the visitor of a session with this key."""
    abilities = VISITING if key.is_publishable or key.is_manager else key.abilities & VISITING
    return replace(key, requester=session.shopper, is_manager=False, abilities=abilities, is_visitor=True)


def origin_of(request: HttpRequest) -> str:
    """Return the origin of the page that sends a request, empty for a program.

    A browser leaves it out of a read from a page at the service's own address, and says so in another header.
    Over http, or if it is old, it does not say so, but still tells the page that asks.
    """
    origin: str | None = request.META.get("HTTP_ORIGIN")
    site, page = request.META.get("HTTP_SEC_FETCH_SITE"), request.META.get("HTTP_REFERER", "")
    if origin is None and (site == "same-origin" or (site is None and page)):
        own = f"{request.scheme}://{request.get_host()}"
        return own if site or page.startswith(f"{own}/") else ""
    return origin or ""
