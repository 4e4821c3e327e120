"""How orders stood to the surrender of firearms, counted."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.body import Given, InstantField, Shown
from accounts.api.views import Answer, Asking
from accounts.models import Role, User
from orders.services.compliance import RULE, Standing, count_compliance

#: Seconds that a caller waits for the counts at most; the command may take longer.
PATIENCE = 20


class StandingsOut(serializers.Serializer[Any]):
    """How many orders stood in each way; each stands in one."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """One for each way."""
        return {standing.value: serializers.IntegerField() for standing in Standing}


class ComplianceOut(Shown):
    """The counts at an instant, from facts dated at or before it."""

    thing = "report"
    rule = serializers.CharField()
    as_of = InstantField()
    courts = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="Whose orders were counted; null where those of every court were.",
    )
    orders = serializers.IntegerField()
    standings = StandingsOut()
    firearms_outstanding_past_due = serializers.IntegerField()


class ComplianceQuery(Given):
    """At which instant."""

    as_of = InstantField(required=False, help_text="Now unless it is given.")


class ComplianceReport(Asking):
    """GET: the counts over the caller's own courts; for an auditor over every court."""

    thing = "report"
    acts = {"GET": "compliance"}
    asks = ComplianceQuery
    shows = ComplianceOut

    def get(self, _request: Request) -> HttpResponse:
        """One report."""
        as_of = self.asked().get("as_of") or self.now
        courts = _courts(self.user)
        found = count_compliance(as_of, courts=None if courts is None else courts.keys(), seconds=PATIENCE)
        report = {
            "rule": RULE,
            "as_of": as_of,
            "courts": None if courts is None else sorted(courts.values()),
            "orders": sum(found.orders.values()),
            "standings": found.orders,
            "firearms_outstanding_past_due": found.firearms_outstanding,
        }
        return Answer(self.shown([report])[0])


def _courts(user: User) -> dict[int, str] | None:
    """The courts whose orders the caller may count, by key and name; None for every court."""
    if Role.AUDITOR in user.roles:
        return None
    return {
        one.agency.pk: one.agency.name
        for one in user.memberships.all()
        if one.agency and one.role in (Role.CLERK, Role.JUDGE)
    }
