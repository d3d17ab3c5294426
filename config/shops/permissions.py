"""Permissions of authenticated callers."""

from typing import override

from rest_framework import permissions
from rest_framework.request import Request
from rest_framework.views import APIView

from config.shops.callers import caller_of


class ManagerMayWrite(permissions.IsAuthenticated):
    """Every key may read; only a manager key may change."""

    @override
    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        return request.method in permissions.SAFE_METHODS or caller_of(request).is_manager


class ManagersOnly(permissions.IsAuthenticated):
    """A manager key or a staff session."""

    @override
    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and caller_of(request).is_manager
