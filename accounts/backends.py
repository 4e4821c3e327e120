"""Who is signed in, and what a role permits in the admin site."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Prefetch
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import Membership, User


class RoleBackend(ModelBackend):
    """Signs in with email and password, and permits by role only: there is no stored permission to forget."""

    @override
    def user_can_authenticate(self, user: Any) -> bool:
        """True for a person who is neither deactivated nor locked out; never for a system."""
        return isinstance(user, User) and user.may_sign_in

    @override
    def get_user(self, user_id: int) -> User | None:
        """The person of a session, with memberships at hand: each page asks dozens of times."""
        memberships = Prefetch("memberships", Membership.objects.select_related("agency"))
        user = User.objects.prefetch_related(memberships).filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    @override
    def has_perm(
        self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Model | None = None
    ) -> bool:
        """True when one of the person's roles permits `perm`, written `app.act_model`."""
        app, _, codename = perm.partition(".")
        act, _, model = codename.partition("_")
        thing = MATRIX.of_model.get(f"{app}.{model}")
        return thing is not None and MATRIX.may(_roles(user_obj), act, thing.name)

    @override
    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        """True when one of the person's roles may look at anything of the app."""
        roles = _roles(user_obj)
        return any(
            MATRIX.may(roles, "view", thing.name)
            for model, thing in MATRIX.of_model.items()
            if model.partition(".")[0] == app_label
        )

    @override
    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """Nothing: permissions are asked for one at a time."""
        return set()

    get_user_permissions = get_group_permissions = get_all_permissions


def _roles(user: AbstractBaseUser | AnonymousUser) -> frozenset[str]:
    return user.roles if isinstance(user, User) and user.is_active else frozenset()
