"""The human task that an unmet deadline opens."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api.body import InstantField
from orders.api.base import OneRow, OrderRows
from orders.api.shapes import OfOrderOut
from orders.models import FollowUp


class FollowUpOut(OfOrderOut):
    """A task with one owner and one next-action date."""

    thing = "follow_up"
    deadline = serializers.UUIDField(source="deadline.public_id")
    owner = serializers.CharField(source="owner.name", help_text="The agency that answers for it.")
    assigned_to = serializers.CharField(source="assigned_to.name", allow_null=True)
    opened_at = InstantField()
    next_action_at = InstantField()
    closed_at = InstantField(allow_null=True)
    outcome = serializers.CharField(help_text="Empty while it is open.")


def every() -> QuerySet[Any]:
    """Of every order, with all that is shown of one."""
    return FollowUp.objects.select_related("deadline", "owner", "assigned_to")


class OrderFollowUps(OrderRows):
    """The tasks that the order's unmet deadlines opened, closed ones too."""

    thing = "follow_up"
    shows = FollowUpOut
    every = staticmethod(every)


class OneFollowUp(OneRow):
    """One task."""

    thing = "follow_up"
    shows = FollowUpOut
    every = staticmethod(every)
