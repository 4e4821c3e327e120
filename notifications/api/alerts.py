"""Alerts: what an agency was told, and its answer."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.reverse import reverse
from typing_extensions import override

from accounts.api.body import Given, InstantField, NamedField, Shown
from accounts.api.pages import Paged
from accounts.api.problems import Problem
from accounts.api.views import Acting, Answer, Showing
from accounts.models import Agency
from notifications.models import Alert, AlertState, Via
from notifications.querysets import LISTED
from notifications.services.answers import acknowledge, may_answer
from orders.api.base import DeskRows, OfOrders
from orders.rules.rulebook import Purpose


class AlertOut(Shown):
    """What one recipient was told. It names the order and the rule, and nobody."""

    thing = "alert"
    id = serializers.UUIDField(source="public_id")
    order = serializers.UUIDField(source="order.public_id")
    deadline = serializers.UUIDField(source="deadline.public_id")
    rule = serializers.CharField(source="deadline.rule_id")
    purpose = serializers.ChoiceField(
        choices=[one.value for one in Purpose], help_text="An offer, and its refusal, count as a check."
    )
    hand_over = serializers.UUIDField(
        source="hand_over.public_id",
        allow_null=True,
        help_text="The offer that the agency asked is told of; to the agency that made it, the one refused.",
    )
    agency = serializers.CharField(source="agency.name", allow_null=True)
    capacity = serializers.CharField(help_text="As what the order concerns the agency.")
    recipient = serializers.CharField(
        source="recipient.name", allow_null=True, help_text="Null where the desk was told."
    )
    via = serializers.ChoiceField(choices=Via.choices)
    channel = serializers.CharField()
    state = serializers.SerializerMethodField()
    possible_duplicate = serializers.BooleanField(
        help_text="Sent again although the first sending may have arrived."
    )
    created_at = InstantField()
    accepted_at = InstantField(allow_null=True)
    acknowledged_at = InstantField(allow_null=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.name", allow_null=True)

    def get_state(self, alert: Alert) -> str:
        """Where it is on its way."""
        return AlertState(alert.state).name.lower()


class AlertQuery(Paged):
    """Which alerts."""

    agency = NamedField(
        queryset=Agency.objects.all(),
        required=False,
        help_text="Whom it was for; without it those for your own agencies.",
    )
    acknowledged = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="`false`: those that wait for an answer; `true`: those that have one.",
    )
    created_after = InstantField(required=False)


def with_all(rows: QuerySet[Alert]) -> QuerySet[Alert]:
    """The alerts, with all that is shown of one."""
    return rows.select_related(*LISTED)


class OfAlerts(OfOrders):
    """An address about alerts."""

    thing = "alert"
    shows = AlertOut

    def alert(self, id: UUID) -> Alert:  # noqa: A002 - the name in the address
        """The alert of that public id. Raises `Http404` where the caller sees none."""
        found = with_all(Alert.objects.visible_to(self.user)).filter(public_id=id).first()
        if found is None:
            raise Http404
        return found


class Alerts(OfAlerts, DeskRows):
    """Alerts about orders that the caller sees, the newest first."""

    asks = AlertQuery
    # As the indexes of an agency's alerts have it.
    order_by = ("-created_at", "-id")

    @override
    def wanted(
        self,
        *,
        agency: Agency | None = None,
        acknowledged: bool | None = None,
        created_after: datetime | None = None,
        **asked: Any,
    ) -> tuple[QuerySet[Any], QuerySet[Any]]:
        """Those of one agency, or of the caller's own."""
        found = Alert.objects.filter(agency__in={agency.pk} if agency else self._own).known_to(self.user)
        if created_after:
            found = found.filter(created_at__gt=created_after)
        if acknowledged is False:
            found = found.unanswered()
        told = with_all(found)
        return found, told.filter(acknowledged_at__isnull=False) if acknowledged else told

    @property
    def _own(self) -> set[int | None]:
        return {one.agency_id for one in self.user.memberships.all() if one.agency_id}


class OneAlert(OfAlerts, Showing):
    """One alert."""

    @override
    def row(self, **ids: Any) -> Alert:
        """The alert of the address."""
        return self.alert(ids["id"])


class AcknowledgementIn(Given):
    """Nothing more than that it was read and taken up."""


class Acknowledgements(OfAlerts, Acting):
    """POST: the caller has read the alert and takes it up. The first acknowledgement stands."""

    acts = {"POST": "acknowledge"}
    body = AcknowledgementIn
    other_answers = {200: AlertOut}

    @override
    def subject(self, **ids: Any) -> Alert:
        """The alert of the address."""
        return self.alert(ids["id"])

    @override
    def version_of(self, subject: Alert) -> str:
        """As `GET /alerts/{id}` gives it."""
        return str(Answer(self.shown([subject])[0], is_versioned=True).headers["ETag"])

    @override
    def perform(self, subject: Alert, given: dict[str, Any]) -> HttpResponse:
        """The alert, acknowledged: 201 for the first time; 200 for a later one, which changes nothing."""
        if not may_answer(subject, self.user):
            raise Problem("not_permitted", "It waits for an answer of the agency that was told.")
        asked: datetime = self.now
        stands = acknowledge(subject, by=self.user, now=asked)
        is_first = stands.acknowledged_at == asked and stands.acknowledged_by_id == self.user.pk
        return Answer(
            self.shown([self.alert(subject.public_id)])[0],
            status=HTTPStatus.CREATED if is_first else HTTPStatus.OK,
            location=reverse("alert", args=[subject.public_id]),
            is_versioned=True,
        )
