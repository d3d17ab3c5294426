"""Sessions of visitors over HTTP."""

from datetime import datetime
from typing import Annotated, Any, TypedDict, cast
from uuid import UUID

from django.conf import settings
from django.urls import path
from django.utils.translation import gettext_lazy as _
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.operation import operation
from config.core.http.strict import StrictSerializer, Text, validated
from config.shops.authentication import ApiKeyAuthentication, TokenAuthentication
from config.shops.callers import Caller, NotAllowed, caller_of
from config.shops.models import ApiKey
from config.shops.sessions import Session, new_visitor, origin_of, session_open, session_renew
from config.shops.shoppers import SecretKeyNeeded, as_shopper


class CreateSessionSerializer(StrictSerializer):
    """``POST /sessions``. A page sends neither."""

    shopperId = Text(
        required=False, max_length=64, help_text=_("Your id of the signed-in shopper. It needs a secret key.")
    )
    origin = Text(
        required=False,
        max_length=300,
        help_text=_(
            "The origin of the page that gets the token, one of the shop's. It needs a secret key. "
            "Leave it out for an app that is no page."
        ),
    )


class SessionAnswer(TypedDict):
    """A session of a visitor. The token goes into ``Authorization: Bearer <token>``."""

    token: str
    expiresAt: Annotated[datetime, _("Renew the session before this time, or soon after it.")]
    renewableUntil: datetime
    shopperPhotoHours: Annotated[int, _("The hours after which a photo that the shopper sends is deleted.")]
    test: bool


class SessionsView(APIView):
    """Open a session for a visitor, or renew one."""

    authentication_classes = [ApiKeyAuthentication, TokenAuthentication]
    renews_sessions = True
    permission_classes = [permissions.IsAuthenticated]

    @operation(
        "createSession",
        status=201,
        acts=False,
        body=CreateSessionSerializer,
        example={"shopperId": "customer-4711", "origin": "https://shop.example"},
        answer={
            "token": "tos_vt_…",
            "expiresAt": "2026-12-01T10:15:00Z",
            "renewableUntil": "2026-12-02T10:00:00Z",
            "shopperPhotoHours": 24,
            "test": False,
        },
    )
    def post(self, request: Request) -> SessionAnswer:
        """Open a session for a visitor, or renew one.

        A page sends the shop's publishable key, from an origin that the shop allows. A shop's server sends a
        secret key and the shopper's id. To renew a session, send its token as Bearer, also a token that has
        just expired. The Origin proves nothing outside a browser: the key's daily credits are the guard.
        """
        caller, wanted = caller_of(request), validated(CreateSessionSerializer, request.data)
        key = ApiKey.objects.select_related("shop").get(pk=cast(UUID, caller.key_id))
        origin = origin_of(request._request)
        if isinstance(request.auth, Session):
            session = session_renew(request.auth, key, origin=origin)
        elif caller.is_publishable:
            session = session_open(key, shopper=new_visitor(), origin=origin)
        else:
            shopper = shopper_of(caller, wanted)
            session = session_open(key, shopper=shopper.requester, origin=wanted.get("origin", ""))
        if wanted and (caller.is_visitor or caller.is_publishable):
            raise SecretKeyNeeded
        return {
            "token": session.token,
            "expiresAt": session.expires_at,
            "renewableUntil": session.renewable_until,
            "shopperPhotoHours": settings.SHOPPER_PHOTO_TTL_HOURS,
            "test": caller.is_test,
        }


def shopper_of(caller: Caller, wanted: dict[str, Any]) -> Caller:
    """Return the shopper whom a server names. Raise NotAllowed and ShopperIdInvalid."""
    if not caller.has_rows:
        raise NotAllowed
    shopper_id: str | None = wanted.get("shopperId")
    if caller.is_shopper == (shopper_id is not None):
        raise serializers.ValidationError(
            {"shopperId": [_("Name the shopper once: here or in X-Shopper-Id.")]}
        )
    return caller if shopper_id is None else as_shopper(caller, shopper_id)


urlpatterns = [path("sessions", SessionsView.as_view(), name="api-sessions")]
