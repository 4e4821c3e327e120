"""Alerts: what an agency was notified of, and its acknowledgment."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.api.fields import InstantField, NamedField
from accounts.api.pagination import PageQuery
from accounts.api.problems import Problem
from accounts.api.serializers import EmptyInput, OutputSerializer
from accounts.api.views import ResourceAction, ResourceDetail, etag
from accounts.models import Agency
from notifications.models import Alert, AlertState, Via
from notifications.querysets import LISTED
from notifications.services.acknowledgments import acknowledge, may_acknowledge
from orders.api.base import CrossOrderList, OrderView
from orders.rules.vocabulary import Purpose


class AlertOutput(OutputSerializer):
    """An alert to one recipient. It names the order and the rule, but no person of the case."""

    resource = "alert"
    id = serializers.UUIDField(source="public_id")
    case = serializers.UUIDField(source="order.case.public_id")
    order = serializers.UUIDField(source="order.public_id")
    deadline = serializers.UUIDField(
        source="deadline_id_shown", allow_null=True, help_text="Null for an announcement."
    )
    rule = serializers.CharField(
        source="deadline.rule_id", help_text="The rule, or the announcement for the purpose `inform`."
    )
    purpose = serializers.ChoiceField(
        choices=[one.value for one in Purpose],
        help_text="A transfer that is offered or declined counts as a check.",
    )
    transfer = serializers.UUIDField(
        source="transfer.public_id",
        allow_null=True,
        help_text="The transfer that was offered to the agency, or that the other agency declined.",
    )
    follow_up = serializers.UUIDField(
        source="follow_up.public_id",
        allow_null=True,
        help_text="The follow-up that its owner was reminded about, or whose next action passed.",
    )
    is_correction = serializers.SerializerMethodField(
        help_text="The recipient was alerted of the deadline before; since then a fact was corrected."
    )
    agency = serializers.CharField(source="agency.name", allow_null=True)
    capacity = serializers.CharField(help_text="In which capacity the order involves the agency.")
    recipient = serializers.CharField(
        source="recipient.name", allow_null=True, help_text="Null if it went to the agency's shared address."
    )
    via = serializers.ChoiceField(choices=Via.choices)
    channel = serializers.CharField()
    state = serializers.SerializerMethodField(
        help_text="The state of delivery; `replaced` if a later stage of the same deadline took its place."
    )
    possible_duplicate = serializers.BooleanField(
        help_text="It was sent again, although the first message may have arrived."
    )
    is_rehearsal = serializers.BooleanField(
        help_text="It was written in a rehearsal: no one was asked to act on it."
    )
    created_at = InstantField()
    accepted_at = InstantField(allow_null=True)
    acknowledged_at = InstantField(allow_null=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.name", allow_null=True)

    def get_is_correction(self, alert: Alert) -> bool:
        """True if it is about a correction."""
        return alert.correction_id is not None

    def get_state(self, alert: Alert) -> str:
        """The state of delivery, or that a later alert replaced it."""
        if getattr(alert, "is_replaced", False):
            return "replaced"
        return AlertState(alert.state).name.lower()


class AlertQuery(PageQuery):
    """Which alerts."""

    agency = NamedField(
        queryset=Agency.objects.all(),
        required=False,
        help_text="The agency that was alerted. Default: your own agencies.",
    )
    acknowledged = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text=(
            "`false`: what waits for an acknowledgment, one alert for each case and recipient, the newest: "
            "acknowledging it answers all up to it. `true`: acknowledged alerts."
        ),
    )
    created_after = InstantField(required=False)


class AlertView(OrderView):
    """Base of the views about alerts."""

    resource = "alert"
    output = AlertOutput

    @override
    def get_queryset(self) -> Any:
        return Alert.objects.visible_to(self.user).with_replaced().select_related(*LISTED)


class AlertList(AlertView, CrossOrderList):
    """Alerts about orders that the caller sees, the newest first."""

    query = AlertQuery
    # Same columns as the indexes of an agency's alerts.
    ordering = ("-created_at", "-id")

    @override
    def get_queryset(self) -> QuerySet[Any]:
        """Return the alerts of one agency, or of the caller's own."""
        filters = self.filters
        agency = filters.get("agency")
        own = {one.agency_id for one in self.user.memberships.all() if one.agency_id}
        alerts = Alert.objects.filter(agency__in={agency.pk} if agency else own).known_to(self.user)
        if "created_after" in filters:
            alerts = alerts.filter(created_at__gt=filters["created_after"])
        return alerts.unacknowledged() if filters["acknowledged"] is False else alerts

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        alerts = queryset.with_replaced().select_related(*LISTED)
        if self.filters["acknowledged"] is False:
            return alerts.leading()
        return alerts.filter(acknowledged_at__isnull=False) if self.filters["acknowledged"] else alerts


class AlertDetail(AlertView, ResourceDetail):
    """One alert."""


class AcknowledgmentCreate(AlertView, ResourceAction):
    """POST: the caller has read the alert and takes charge. The first acknowledgment counts.

    It answers all that the same recipient was alerted of in the case up to this alert, and ends the agency's
    escalation for it. Offers and corrections are acknowledged by themselves.
    """

    actions = {"POST": "acknowledge"}
    input = EmptyInput
    extra_responses = {200: AlertOutput}

    @override
    def get_version(self, target: Alert) -> str:
        """Return the ETag of the alert."""
        return etag(self.get_serializer(target).data)

    @override
    def perform_action(self, target: Alert, data: dict[str, Any]) -> Response:
        """Return 201 for the first acknowledgment. A later one changes nothing and gets 200."""
        if not may_acknowledge(target, self.user):
            raise Problem("not_permitted", "Only people of the alerted agency acknowledge it.")
        now = self.now
        alert = acknowledge(target, by=self.user, now=now)
        is_first = alert.acknowledged_at == now and alert.acknowledged_by_id == self.user.pk
        body = self.get_serializer(self.get_object()).data
        return Response(
            body,
            status=HTTPStatus.CREATED if is_first else HTTPStatus.OK,
            headers={"Location": reverse("alert", args=[target.public_id]), "ETag": etag(body)},
        )


urlpatterns = [
    path("alerts", AlertList.as_view(), name="alerts"),
    path("alerts/<uuid:id>", AlertDetail.as_view(), name="alert"),
    path("alerts/<uuid:id>/acknowledgments", AcknowledgmentCreate.as_view(), name="alert-acknowledgments"),
]
