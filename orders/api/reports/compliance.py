"""The compliance report: how many orders are in which state regarding surrender of firearms."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceView
from accounts.models import State
from orders.services.reports.apart import SurrenderStatus
from orders.services.reports.compliance import TIMEOUT, count_compliance, courts_of_report


class SurrenderStatusesOutput(serializers.Serializer[Any]):
    """How many orders are in each state. Each order is in exactly one."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return one field for each state."""
        return {status.value: serializers.IntegerField() for status in SurrenderStatus}


class ComplianceOutput(OutputSerializer):
    """The counts as of an instant, from facts dated at or before it."""

    resource = "report"
    rule = serializers.CharField(
        help_text="The rule that sets the time to surrender firearms. Empty if the state sets no time: "
        "then only firearms are counted."
    )
    jurisdiction = serializers.ChoiceField(choices=State.choices, help_text="Its orders were counted.")
    as_of = InstantField()
    courts = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="The courts whose orders were counted; null for all courts.",
    )
    orders = serializers.IntegerField()
    statuses = SurrenderStatusesOutput()
    firearms_outstanding_past_due = serializers.IntegerField()
    firearms_alleged = serializers.IntegerField(help_text="In the applications that give a number.")
    firearms_listed = serializers.IntegerField()
    firearms_accounted_for = serializers.IntegerField()


class ComplianceQuery(InputSerializer):
    """As of which instant, and for which state."""

    jurisdiction = serializers.ChoiceField(
        choices=State.choices,
        required=False,
        help_text="Default: the state of the caller's courts, else Connecticut.",
    )
    as_of = InstantField(required=False, help_text="Default: now.")


class ComplianceReport(ResourceView, RetrieveAPIView[Any]):
    """The counts for the caller's own courts, or for an auditor for all courts."""

    resource = "report"
    actions = {"GET": "compliance"}
    query = ComplianceQuery
    output = ComplianceOutput

    @override
    def get_object(self) -> dict[str, Any]:
        as_of = self.query_data.get("as_of") or self.now
        courts = courts_of_report(self.user)
        states = sorted({court.jurisdiction for court in courts or ()} or {State.CONNECTICUT.value})
        state = self.query_data.get("jurisdiction") or states[0]
        mine = None if courts is None else [court for court in courts if court.jurisdiction == state]
        counts = count_compliance(
            as_of,
            jurisdiction=state,
            courts=None if mine is None else [court.pk for court in mine],
            seconds=TIMEOUT,
        )
        return {
            "rule": counts.rule.id if counts.rule else "",
            "jurisdiction": state,
            "as_of": as_of,
            "courts": None if mine is None else sorted(court.name for court in mine),
            "orders": sum(counts.orders.values()),
            "statuses": counts.orders,
            "firearms_outstanding_past_due": counts.firearms_outstanding,
            "firearms_alleged": counts.firearms_alleged,
            "firearms_listed": counts.firearms_listed,
            "firearms_accounted_for": counts.firearms_accounted,
        }


urlpatterns = [path("reports/compliance", ComplianceReport.as_view(), name="compliance-report")]
