"""Permissions from the matrix, and the guard against guessed ids."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api.problems import Problem
from accounts.models import ApiToken, Scope
from accounts.services.access import enumeration_guard


def scope_for(name: str, *, is_reading: bool) -> str:
    """Return the scope that a token needs: the one for writing if there is none for reading."""
    read = f"{name}:read"
    return read if is_reading and read in Scope.values else f"{name}:write"


class MatrixPermission(BasePermission):
    """Allows a method when the token's scopes and one of the caller's roles allow its action.

    A caller without the role gets 403 before any row is looked up, so the answer does not depend on whether
    the row exists.
    """

    @override
    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True if a role may do it. Raises `MethodNotAllowed` and `Problem`."""
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in view.actions:
            raise MethodNotAllowed(method)
        resource = MATRIX.resources[view.resource]
        if isinstance(request.auth, ApiToken):
            needed = scope_for(resource.scope, is_reading=request.method in SAFE_METHODS)
            if needed not in request.auth.scopes:
                raise Problem("scope_missing", f"The token's scopes do not include {needed}.")
        return MATRIX.may(view.user.roles, view.actions[method], view.resource)


class EnumerationGuard(BasePermission):
    """Refuses addresses with an id for a while after the caller guessed too many."""

    @override
    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True. Raises `Problem` while the caller is blocked."""
        if view.kwargs and enumeration_guard.is_blocked(view.user):
            wait = enumeration_guard.WINDOW.total_seconds()
            raise Problem("too_many_requests", headers={"Retry-After": str(round(wait))})
        return True
