"""The decision on an application after its hearing."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField, InstantField
from orders.api.base import ChildAction, OrderAction
from orders.api.hearings import HearingDetail, HearingOutput
from orders.api.serializers import ConfirmInput, OrderOutput, ReasonInput
from orders.models import HearingOutcome
from orders.services.orders import after_hearing


class DecisionInput(ConfirmInput):
    """What the court decided on the application."""

    decision = serializers.ChoiceField(
        choices=[(one.value, one.label) for one in after_hearing.DECISIONS],
        help_text=f"`{HearingOutcome.GRANTED.value}` enters the order after hearing with the parties, open "
        "conditions, permits and firearms of this one. `denied` vacates an ex parte order.",
    )
    decided_at = InstantField(required=False, allow_null=True, help_text="Required unless it is continued.")
    expires_on = DayField(
        required=False, allow_null=True, help_text="The last day of the order after hearing."
    )
    served_in_court = serializers.BooleanField(default=False)
    scheduled_on = DayField(required=False, allow_null=True, help_text="The new day, if it is continued.")
    scheduled_time = serializers.TimeField(required=False, allow_null=True)


class DecisionCreate(ChildAction):
    """POST: the court decided on the application at the hearing. The response is the hearing."""

    resource = "hearing"
    actions = {"POST": "decide"}
    detail_view = HearingDetail
    input = DecisionInput
    output = HearingOutput
    service = staticmethod(after_hearing.decide_application)
    detail_route = "hearing"
    undo = "order-decision-withdrawals"


class DecisionWithdrawalCreate(OrderAction):
    """POST: the decision was recorded in error. The order after hearing is withdrawn, this one continues."""

    resource = "hearing"
    actions = {"POST": "withdraw_decision"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(after_hearing.withdraw_decision)
    detail_route = "order"
    undo = "hearing-decisions"


urlpatterns = [
    path("hearings/<uuid:id>/decisions", DecisionCreate.as_view(), name="hearing-decisions"),
    path(
        "orders/<uuid:id>/decision-withdrawals",
        DecisionWithdrawalCreate.as_view(),
        name="order-decision-withdrawals",
    ),
]
