"""Conditions that a judge set in an order, and whether they were satisfied."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField, InstantField
from orders.api.base import ChildAction, OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.serializers import AsGivenField, ConfirmInput, DayOrInstantInput, OrderChildOutput
from orders.models import OrderCondition
from orders.services.conditions import conditions


class ConditionOutput(OrderChildOutput):
    """Something that the order requires by a day or an instant."""

    resource = "condition"
    condition = serializers.CharField(
        help_text="The rulebook's id of what was ordered, for example CT-HOM-01."
    )
    due_on = serializers.DateField(allow_null=True, help_text="Empty: it lasts as long as the order.")
    due_at = AsGivenField(allow_null=True)
    details = serializers.CharField(help_text="The judge's own words, for the court.")
    for_police = serializers.CharField(help_text="What officers must know of it.")
    satisfied_on = serializers.DateField(allow_null=True)
    satisfied_at = AsGivenField(allow_null=True)


class ConditionInput(ConfirmInput, DayOrInstantInput):
    """The judge set a condition: with a day or a time, or for as long as the order lasts."""

    condition = serializers.CharField(max_length=20, help_text="The rulebook's id of what was ordered.")
    due_on = DayField(required=False, allow_null=True)
    due_at = InstantField(required=False, allow_null=True)
    details = serializers.CharField(max_length=1_000, required=False, allow_blank=True)
    for_police = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ConditionList(OrderChildList, OrderAction):
    """The conditions of an order. POST sets one."""

    resource = "condition"
    actions = {"GET": "view", "POST": "add"}
    queryset = OrderCondition.objects.all()
    input = ConditionInput
    output = ConditionOutput
    service = staticmethod(conditions.set_condition)
    detail_route = "condition"
    undo = "condition-withdrawals"


class ConditionDetail(CorrectableDetail):
    """One condition. PATCH corrects it, and when it was satisfied."""

    resource = "condition"
    queryset = OrderCondition.objects.all()
    input = correction_of(
        ConditionInput,
        extra={
            "satisfied_on": DayField(required=False, allow_null=True),
            "satisfied_at": InstantField(required=False, allow_null=True),
        },
    )
    output = ConditionOutput


class ConditionWithdrawalCreate(WithdrawalCreate):
    """POST: the condition was set in error and is removed."""

    resource = "condition"
    detail_view = ConditionDetail
    undo = "order-conditions"


class SatisfactionWithdrawalCreate(WithdrawalCreate):
    """POST: the condition was recorded as satisfied in error."""

    resource = "condition"
    actions = {"POST": "withdraw_satisfaction"}
    detail_view = ConditionDetail
    service = staticmethod(conditions.SATISFACTION.withdraw)
    undo = "condition-satisfactions"


class SatisfactionInput(ConfirmInput, DayOrInstantInput):
    """A condition was satisfied."""

    satisfied_on = DayField(required=False, allow_null=True)
    satisfied_at = InstantField(required=False, allow_null=True)


class SatisfactionCreate(ChildAction):
    """POST: the condition was satisfied."""

    resource = "condition"
    actions = {"POST": "satisfy"}
    detail_view = ConditionDetail
    input = SatisfactionInput
    output = ConditionOutput
    service = staticmethod(conditions.mark_satisfied)
    detail_route = "condition"
    undo = "condition-satisfaction-withdrawals"


urlpatterns = [
    path("orders/<uuid:id>/conditions", ConditionList.as_view(), name="order-conditions"),
    path("conditions/<uuid:id>", ConditionDetail.as_view(), name="condition"),
    path(
        "conditions/<uuid:id>/withdrawals", ConditionWithdrawalCreate.as_view(), name="condition-withdrawals"
    ),
    path(
        "conditions/<uuid:id>/satisfaction-withdrawals",
        SatisfactionWithdrawalCreate.as_view(),
        name="condition-satisfaction-withdrawals",
    ),
    path("conditions/<uuid:id>/satisfactions", SatisfactionCreate.as_view(), name="condition-satisfactions"),
]
