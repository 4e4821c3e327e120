"""Who is signed in, and what a role permits in the admin site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Prefetch
from typing_extensions import override

from accounts.models import Membership, Role, User

#: Which models of the admin site a role may look at and change. What is not named is refused. Which rows
#: of them it sees is decided by `visible_to`.
PERMITTED: dict[str, dict[str, Iterable[str]]] = {
    Role.CLERK: {
        "orders": ["view", "add", "change"],
        "notifications": ["view"],
    },
    Role.JUDGE: {
        "orders": ["view"],
        "notifications": ["view"],
    },
    Role.ADMINISTRATOR: {"accounts": ["view", "add", "change", "delete"]},
}


class RoleBackend(ModelBackend):
    """Signs in with email and password, and permits by role only: there is no stored permission to forget."""

    @override
    def get_user(self, user_id: int) -> User | None:
        """The active person of a session, with memberships at hand: each page asks dozens of times."""
        memberships = Prefetch("memberships", Membership.objects.select_related("agency"))
        user = User.objects.prefetch_related(memberships).filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    @override
    def has_perm(
        self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Model | None = None
    ) -> bool:
        """True when one of the person's roles permits `perm`, written `app.act_model`."""
        app, _, codename = perm.partition(".")
        act = codename.partition("_")[0]
        return any(act in acts for acts in _permitted(user_obj, app))

    @override
    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        """True when one of the person's roles has anything to do with the app."""
        return any(True for _ in _permitted(user_obj, app_label))

    @override
    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """Nothing: permissions are asked for one at a time."""
        return set()

    get_user_permissions = get_group_permissions = get_all_permissions


def _permitted(user: AbstractBaseUser | AnonymousUser, app: str) -> Iterable[Iterable[str]]:
    if not isinstance(user, User) or not user.is_active:
        return
    for role in user.roles:
        if acts := PERMITTED.get(role, {}).get(app):
            yield acts
