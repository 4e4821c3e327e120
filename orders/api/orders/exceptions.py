"""Exceptions: the dates of an order that the court set beyond a rule."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.serializers import OutputSerializer
from orders.api.computed import OrderComputedList
from orders.rules.limits import Limit
from orders.services.limits import exceptions_of


class RuleExceptionOutput(OutputSerializer):
    """A date of the order beyond a rule, and the reason that was given for it."""

    resource = "rule_exception"
    limit = serializers.ChoiceField(choices=[one.value for one in Limit], source="found.limit.value")
    rule = serializers.CharField(source="found.law_id", help_text="The id of the rule; empty without one.")
    law = serializers.CharField(source="found.law", help_text="The rule with its sources.")
    day = serializers.DateField(source="found.day", help_text="The date that was set.")
    right_day = serializers.DateField(
        source="found.right", help_text="The last day that the rule allows, or the next open day."
    )
    purpose = serializers.CharField(source="found.purpose", help_text="Of the hearing; empty for a last day.")
    words = serializers.CharField(help_text="The exception as a sentence.")
    reason = serializers.CharField(help_text="Empty if no one gave one.")


class RuleExceptionList(OrderComputedList):
    """The dates of the order that are beyond a rule now, on a single page; empty if all are within."""

    resource = "rule_exception"
    output = RuleExceptionOutput

    @override
    def get_queryset(self) -> Any:
        return exceptions_of(self.order)


urlpatterns = [
    path("orders/<uuid:id>/exceptions", RuleExceptionList.as_view(), name="order-exceptions"),
]
