"""Conditions about people that Django queries and raw SQL share. Each is defined here once, in both forms."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now

#: People with an account in use, whether or not they can act now. A system is no person.
IN_USE = {"is_active": True, "is_system": False}


def can_act(*, prefix: str = "") -> Q:
    """People who can act on what they are alerted of: they may sign in now, and are not away."""
    absences: QuerySet[Model] = QuerySet(apps.get_model("accounts", "Absence"))
    away = absences.alias(back=Coalesce("ended_at", "ends_at")).filter(
        user=OuterRef(f"{prefix}pk"), starts_at__lte=Now(), ends_at__gt=Now(), back__gt=Now()
    )
    in_use = Q(**{f"{prefix}{name}": value for name, value in IN_USE.items()})
    return in_use & Q((f"{prefix}locked_at", None)) & ~Q(Exists(away))


def in_use_sql(user: str) -> str:
    """`IN_USE` for the alias of `accounts_user`."""
    return f"({user}.is_active AND NOT {user}.is_system)"


def can_act_sql(user: str, *, at: str = "statement_timestamp()") -> str:
    """`can_act` for the alias of `accounts_user`; `at` is an SQL expression."""
    return (
        f"({in_use_sql(user)} AND {user}.locked_at IS NULL AND NOT EXISTS (SELECT FROM accounts_absence away"
        f" WHERE away.user_id = {user}.id AND away.starts_at <= {at} AND away.ends_at > {at}"
        f" AND COALESCE(away.ended_at, away.ends_at) > {at}))"
    )
