"""The ways to authenticate, in the OpenAPI schema."""

from typing import Any, override

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """``Authorization: Api-Key <key>``."""

    target_class = "config.shops.authentication.ApiKeyAuthentication"
    name = "apiKey"

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Api-Key, a space, and your key.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """The cookie of a person signed in to the admin."""

    target_class = "config.shops.authentication.SessionAuthentication"
    match_subclasses = True
    name = "session"

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
