"""Follow-ups: the task that an unmet deadline opens, for people to do."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField, NamedField
from accounts.api.pagination import PageQuery
from accounts.api.views import ResourceList
from accounts.models import POLICE, Agency, AgencyKind
from orders.api.base import CrossOrderList, OrderChildDetail, OrderChildList, OrderView
from orders.api.serializers import OrderChildOutput
from orders.models import FollowUp
from orders.services.follow_ups.queue import is_offered_to, is_referred_to


class FollowUpOutput(OrderChildOutput):
    """A task with one owner and one date for the next action."""

    resource = "follow_up"
    deadline = serializers.UUIDField(source="deadline.public_id")
    owner = serializers.CharField(source="owner.name", help_text="The agency in charge of it.")
    assigned_to = serializers.CharField(source="assigned_to.name", allow_null=True)
    opened_at = InstantField()
    next_action_at = InstantField()
    closed_at = InstantField(allow_null=True)
    outcome = serializers.CharField(help_text="Empty while it is open.")


class FollowUpChildOutput(OrderChildOutput):
    """A row that belongs to one follow-up."""

    follow_up = serializers.UUIDField(source="follow_up.public_id")


class OrderFollowUpList(OrderChildList):
    """The follow-ups of the order's unmet deadlines, including closed ones."""

    resource = "follow_up"
    queryset = FollowUp.objects.select_related("deadline", "owner", "assigned_to")
    output = FollowUpOutput


class FollowUpQuery(PageQuery):
    """Which follow-ups; the open ones by default."""

    owner = NamedField(queryset=Agency.objects.all(), required=False, help_text="The agency in charge of it.")
    offered_to = NamedField(
        queryset=Agency.objects.filter(kind__in=POLICE),
        required=False,
        help_text="An agency that has been asked to take it over and has not answered.",
    )
    referred_to = NamedField(
        queryset=Agency.objects.filter(kind=AgencyKind.PROSECUTOR),
        required=False,
        help_text="A prosecutor's office to which it was referred and that has not decided.",
    )
    open = serializers.BooleanField(default=True)
    next_action_before = InstantField(required=False, help_text="Before this instant.")


class FollowUpList(CrossOrderList):
    """The queue: follow-ups of the orders that the caller sees, the earliest next action first."""

    resource = "follow_up"
    query = FollowUpQuery
    output = FollowUpOutput
    # Same columns as the indexes of open and of closed follow-ups.
    ordering = ("next_action_at", "id")

    @override
    def get_queryset(self) -> Any:
        filters = self.filters
        follow_ups = FollowUp.objects.filter(closed_at__isnull=filters["open"])
        if owner := filters.get("owner"):
            follow_ups = follow_ups.filter(owner=owner)
        if offered_to := filters.get("offered_to"):
            follow_ups = follow_ups.filter(is_offered_to([offered_to]))
        if referred_to := filters.get("referred_to"):
            follow_ups = follow_ups.filter(is_referred_to([referred_to]))
        if before := filters.get("next_action_before"):
            follow_ups = follow_ups.filter(next_action_at__lt=before)
        return follow_ups

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.select_related("order__case", "deadline", "owner", "assigned_to")


class FollowUpDetail(OrderChildDetail):
    """One follow-up."""

    resource = "follow_up"
    queryset = FollowUp.objects.select_related("deadline", "owner", "assigned_to")
    output = FollowUpOutput


class FollowUpChildList(OrderView, ResourceList):
    """GET: the rows of `queryset` that belong to the follow-up in the URL, the oldest first."""

    ordering = ("id",)

    @override
    def get_queryset(self) -> Any:
        follow_up = self.get_row(FollowUpDetail.queryset)
        self.check_order_roles(follow_up.order, "view")
        queryset: Any = super().get_queryset()
        return queryset.filter(follow_up=follow_up).select_related("order__case")


urlpatterns = [
    path("follow-ups", FollowUpList.as_view(), name="follow-ups"),
    path("follow-ups/<uuid:id>", FollowUpDetail.as_view(), name="follow-up"),
    path("orders/<uuid:id>/follow-ups", OrderFollowUpList.as_view(), name="order-follow-ups"),
]
