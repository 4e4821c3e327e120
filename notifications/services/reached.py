"""Who can be told anything, and in which ways, where a person is told outside of FIRE."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from accounts.models import Membership, Role
from notifications.models import Channel, Preference


def reached() -> QuerySet[Membership]:
    """The memberships in which somebody is told what the agency is told."""
    return Membership.objects.filter(receives_alerts=True, user__is_active=True)


def administrators() -> list[int]:
    """The administrators (by key) who are told."""
    return sorted(set(reached().filter(role=Role.ADMINISTRATOR).values_list("user", flat=True)))


def ways_to(users: Collection[int]) -> dict[int, tuple[Channel, ...]]:
    """For each of the people (by key) the channels: email always, text messages for those who want them."""
    by_sms = set(Preference.objects.filter(user__in=users, by_sms=True).values_list("user", flat=True))
    return {user: (Channel.EMAIL, Channel.SMS) if user in by_sms else (Channel.EMAIL,) for user in users}
