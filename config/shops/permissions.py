"""Permissions of authenticated callers."""

from typing import TYPE_CHECKING, override

from rest_framework import permissions
from rest_framework.request import Request

from config.shops.abilities import Ability
from config.shops.callers import caller_of

if TYPE_CHECKING:
    from rest_framework.views import APIView  # whose module reads the settings, which name this one


class ForTryOns(permissions.IsAuthenticated):
    """People have rows of their own. A key has its shop's, if it is for try-ons."""

    @override
    def has_permission(self, request: Request, view: "APIView") -> bool:
        return super().has_permission(request, view) and caller_of(request).has_rows


class NoVisitors(ForTryOns):
    """As ``ForTryOns``, but not for a visitor of a shop's page."""

    @override
    def has_permission(self, request: Request, view: "APIView") -> bool:
        return super().has_permission(request, view) and not caller_of(request).is_visitor


def needs(*abilities: Ability) -> type[permissions.BasePermission]:
    """Return the DRF permission of a view that only callers with all these abilities may use."""

    class Needs(permissions.IsAuthenticated):
        @override
        def has_permission(self, request: Request, view: "APIView") -> bool:
            if not super().has_permission(request, view):
                return False
            caller = caller_of(request)
            return all(caller.may(ability) for ability in abilities)

    return Needs


def needs_to_write(ability: Ability) -> type[permissions.BasePermission]:
    """Return the DRF permission of a view that every caller may read, and only these may change."""

    class NeedsToWrite(permissions.IsAuthenticated):
        @override
        def has_permission(self, request: Request, view: "APIView") -> bool:
            if not super().has_permission(request, view):
                return False
            return request.method in permissions.SAFE_METHODS or caller_of(request).may(ability)

    return NeedsToWrite
