"""Reports about answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import Shown
from accounts.api.reports import WhenQuery
from accounts.api.views import Whole
from accounts.models import Role
from notifications.services.response_times import ResponseTime, response_times


class ResponseTimeOut(Shown):
    """How one agency answered. Seconds are of those answered, and null where none was."""

    thing = "response_time"
    agency = serializers.CharField()
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()
    within_the_hour = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    p90_seconds = serializers.FloatField(allow_null=True)


class ResponseTimes(Whole):
    """How fast agencies acknowledge what runs out: for an auditor every agency, for a supervisor the own."""

    thing = "response_time"
    acts = {"GET": "look_up"}
    asks = WhenQuery
    shows = ResponseTimeOut

    @override
    def whole(self, **asked: Any) -> Sequence[ResponseTime]:
        """Those who were asked in the time asked for."""
        own = {one.agency_id for one in self.user.memberships.all() if one.role == Role.SUPERVISOR}
        agencies = None if Role.AUDITOR in self.user.roles else {one for one in own if one is not None}
        return response_times(agencies=agencies, **asked)
