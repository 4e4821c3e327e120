"""The report on who accessed a case: for auditors, and itself in the access log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import UnpagedList
from accounts.models import AuditAction
from accounts.services.access.access_log import record_for
from accounts.services.access.access_report import Question, case_viewers

#: The longest and the default period of a report.
MAX_PERIOD = timedelta(days=366)
DEFAULT_PERIOD = timedelta(days=30)


class PeriodQuery(InputSerializer):
    """The period of a report, at most 366 days."""

    since = InstantField(required=False, help_text="Default: thirty days before `until`.")
    until = InstantField(required=False, help_text="Default: now. At most 366 days after `since`.")

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a period that is empty or too long."""
        until: datetime = attrs.get("until") or timezone.now()
        since: datetime = attrs.get("since") or until - DEFAULT_PERIOD
        if not timedelta() < until - since <= MAX_PERIOD:
            message = "Give an instant before `until`, by at most 366 days."
            raise serializers.ValidationError({"since": serializers.ErrorDetail(message, code="range")})
        return attrs | {"since": since, "until": until}


class CaseViewerOutput(OutputSerializer):
    """A person who accessed the case."""

    resource = "case_viewer"
    name = serializers.CharField()
    times = serializers.IntegerField()
    first = InstantField()
    last = InstantField()


class WhoSawQuery(PeriodQuery):
    """Which case, and when."""

    case = serializers.UUIDField()


class WhoSaw(UnpagedList):
    """All people who saw or changed a case, the latest first; at most a hundred."""

    resource = "case_viewer"
    actions = {"GET": "look_up"}
    query = WhoSawQuery
    output = CaseViewerOutput

    @override
    def get_queryset(self) -> Any:
        """Return the people of the period, and log that the report was read."""
        params = self.query_data
        found = case_viewers(Question(**params))
        detail = {name: params[name].isoformat() for name in ("since", "until")} | {"people": len(found)}
        # DRF's request passes on the attributes of Django's.
        request: Any = self.request
        record_for(request, AuditAction.LOG_READ, cases=[params["case"]], detail=detail)
        return found


urlpatterns = [path("reports/who-saw", WhoSaw.as_view(), name="who-saw")]
