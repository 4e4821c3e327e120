"""The human task that an unmet deadline opens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import InstantField, NamedField
from accounts.api.pages import Paged
from accounts.models import POLICE, Agency, AgencyKind
from orders.api.base import DeskRows, OneRow, OrderRows
from orders.api.shapes import OfOrderOut
from orders.models import FollowUp
from orders.services.queue import is_offered_to, is_referred_to


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


class FollowUpsQuery(Paged):
    """Which tasks; the open ones unless said otherwise."""

    owner = NamedField(
        queryset=Agency.objects.all(), required=False, help_text="The agency that answers for it."
    )
    offered_to = NamedField(
        queryset=Agency.objects.filter(kind__in=POLICE),
        required=False,
        help_text="An agency that is asked to take it over and has not answered.",
    )
    referred_to = NamedField(
        queryset=Agency.objects.filter(kind=AgencyKind.PROSECUTOR),
        required=False,
        help_text="A prosecutor's office that it lies before, undecided.",
    )
    open = serializers.BooleanField(default=True)
    next_action_before = InstantField(required=False, help_text="Before this instant.")


class FollowUps(DeskRows):
    """The queue: tasks in the orders that the caller sees, the next action first."""

    thing = "follow_up"
    asks = FollowUpsQuery
    shows = FollowUpOut
    # As the indexes of open and of closed tasks have it.
    order_by = ("next_action_at", "id")

    @override
    def wanted(
        self,
        *,
        open: bool = True,
        owner: Agency | None = None,
        offered_to: Agency | None = None,
        referred_to: Agency | None = None,
        next_action_before: datetime | None = None,
        **asked: Any,
    ) -> tuple[QuerySet[Any], QuerySet[Any]]:
        """Those asked for."""
        found = FollowUp.objects.filter(closed_at__isnull=open)
        if owner:
            found = found.filter(owner=owner)
        if offered_to:
            found = found.filter(is_offered_to([offered_to]))
        if referred_to:
            found = found.filter(is_referred_to([referred_to]))
        if next_action_before:
            found = found.filter(next_action_at__lt=next_action_before)
        return found, found.select_related("order__case", "deadline", "owner", "assigned_to")


class OneFollowUp(OneRow):
    """One task."""

    thing = "follow_up"
    shows = FollowUpOut
    every = staticmethod(every)
