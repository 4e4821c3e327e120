"""Alerts that failed or stayed in doubt are sent again."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import InputSerializer, OutputSerializer
from accounts.api.views import ResourceAction
from notifications.models import Alert
from notifications.querysets import AlertQuerySet
from notifications.services.delivery.resend import resend, unsent_alert, unsent_between
from orders.api.base import refusals_as_problems

#: How far back it goes without a beginning.
_SPAN = timedelta(days=1)


class ResendingInput(InputSerializer):
    """Which alerts to send again: one, or all of a time."""

    alert = serializers.UUIDField(required=False, help_text="One alert. Leave out the times.")
    created_after = InstantField(required=False, help_text="Default: 24 hours ago.")
    created_before = InstantField(required=False, help_text="Default: now.")
    in_doubt = serializers.BooleanField(default=False, help_text="Also alerts that may have arrived.")


class ResendingOutput(OutputSerializer):
    """How many alerts are sent again."""

    resource = "alert_resending"
    failed = serializers.IntegerField(help_text="Alerts that had failed.")
    in_doubt = serializers.IntegerField(
        help_text="Alerts that may have arrived. Where the provider does not recognize them, they are marked."
    )


class ResendingCreate(ResourceAction):
    """POST: send failed alerts again, at most 1,000 at a time. No case is shown."""

    resource = "alert_resending"
    actions = {"POST": "add"}
    input = ResendingInput
    output = ResendingOutput

    @override
    def get_target(self) -> None:
        """Return nothing: it acts on no single row."""
        return

    @override
    def perform_action(self, target: None, data: dict[str, Any]) -> Response:
        """Return 201 with the counts."""
        done = resend(self._alerts(data), by=self.user, now=self.now)
        return Response(self.get_serializer(done).data, status=HTTPStatus.CREATED)

    def _alerts(self, data: dict[str, Any]) -> AlertQuerySet[Alert]:
        """Return the alerts that are meant. Raises `Problem`."""
        if "alert" in data:
            return unsent_alert(data["alert"])
        now = self.now
        since, until = data.get("created_after", now - _SPAN), data.get("created_before", now)
        with refusals_as_problems():
            return unsent_between(since, until, in_doubt=data["in_doubt"])


urlpatterns = [path("alert-resendings", ResendingCreate.as_view(), name="alert-resendings")]
