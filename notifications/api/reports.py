"""The report on response times: how fast agencies acknowledge alerts."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.reports import PeriodQuery
from accounts.api.serializers import OutputSerializer
from accounts.api.views import UnpagedList
from accounts.models import Role
from notifications.services.watch.response_times import response_times


class ResponseTimeOutput(OutputSerializer):
    """How one agency acknowledged. Seconds count acknowledged alerts only; null if there are none."""

    resource = "response_time"
    agency = serializers.CharField()
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()
    within_the_hour = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    p90_seconds = serializers.FloatField(allow_null=True)


class ResponseTimeList(UnpagedList):
    """How fast agencies acknowledge: all agencies for an auditor, their own for a supervisor."""

    resource = "response_time"
    actions = {"GET": "look_up"}
    query = PeriodQuery
    output = ResponseTimeOutput

    @override
    def get_queryset(self) -> Any:
        """Return the agencies that were alerted in the period."""
        own = {one.agency_id for one in self.user.memberships.all() if one.role == Role.SUPERVISOR}
        agencies = None if Role.AUDITOR in self.user.roles else {one for one in own if one is not None}
        return response_times(agencies=agencies, **self.query_data)


urlpatterns = [path("reports/response-times", ResponseTimeList.as_view(), name="response-times")]
