"""Authenticate people, and answer Django's permission checks from the matrix."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Prefetch
from django.utils import timezone
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import Membership, User


class RoleBackend(ModelBackend):
    """Sign in with email and password. Permissions follow from roles only; none are stored."""

    @override
    def user_can_authenticate(self, user: Any) -> bool:
        """Return True for a person whose account is active; never for a system. A lock ends no session."""
        return isinstance(user, User) and user.is_person_in_use(timezone.now())

    @override
    def get_user(self, user_id: int) -> User | None:
        """Return the user of a session, memberships prefetched: a page checks dozens of permissions."""
        memberships = Prefetch("memberships", Membership.objects.select_related("agency"))
        user = User.objects.prefetch_related(memberships).filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    @override
    def has_perm(
        self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Model | None = None
    ) -> bool:
        """Return True if one of the user's roles permits `perm`, written `app.action_model`."""
        app, _, codename = perm.partition(".")
        action, _, model = codename.partition("_")
        resource = MATRIX.by_model.get(f"{app}.{model}")
        return resource is not None and MATRIX.may(_roles(user_obj), action, resource.name)

    @override
    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        """Return True if one of the user's roles may view anything in the app."""
        roles = _roles(user_obj)
        return any(
            MATRIX.may(roles, "view", resource.name)
            for model, resource in MATRIX.by_model.items()
            if model.partition(".")[0] == app_label
        )

    @override
    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """Return an empty set: permissions are checked one at a time."""
        return set()

    get_user_permissions = get_group_permissions = get_all_permissions


def _roles(user: AbstractBaseUser | AnonymousUser) -> frozenset[str]:
    return user.roles if isinstance(user, User) and user.is_active else frozenset()
