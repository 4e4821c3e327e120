"""Modification of an order by the court, and its withdrawal."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField, InstantField
from orders.api.base import OrderAction
from orders.api.serializers import ConfirmInput, DayOrInstantInput, OrderOutput, ReasonInput
from orders.models import Order, OrderCondition
from orders.services.orders import modification


class ModificationInput(ConfirmInput, DayOrInstantInput):
    """The court changed what the order requires. At least one change is needed."""

    modified_on = DayField(required=False, allow_null=True, help_text="The day of the decision.")
    modified_at = InstantField(required=False, allow_null=True)
    expires_on = DayField(required=False, allow_null=True, help_text="An earlier last day.")
    ended = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=50,
        required=False,
        help_text="Conditions that no longer hold.",
    )
    added = serializers.ListField(
        child=serializers.CharField(max_length=20),
        max_length=50,
        required=False,
        help_text="The rulebook's ids of conditions that hold from now on for the whole order.",
    )
    condition = serializers.CharField(
        max_length=20, required=False, help_text="One more condition, with a day, a time or words of its own."
    )
    due_on = DayField(required=False, allow_null=True)
    due_at = InstantField(required=False, allow_null=True)
    details = serializers.CharField(max_length=1_000, required=False, allow_blank=True)
    for_police = serializers.CharField(max_length=300, required=False, allow_blank=True)
    protected_person = serializers.CharField(
        max_length=200, required=False, help_text="The name of one more protected person."
    )
    address_confidential = serializers.BooleanField(required=False)


def modify_from_ids(order: Order, *, ended: list[Any] | None = None, **facts: Any) -> Order:
    """Modify the order; `ended` are ids of its conditions, and an unknown one is refused as not in force."""
    return modification.modify_order(order, ended=_conditions_of(order, ended), **facts)


def _conditions_of(order: Order, ids: list[Any] | None) -> list[OrderCondition]:
    known = {one.public_id: one for one in OrderCondition.objects.filter(order=order)}
    return [known.get(one, OrderCondition(pk=0)) for one in ids or ()]


class ModificationCreate(OrderAction):
    """POST: modify the order. Deadlines of conditions that no longer hold are withdrawn."""

    resource = "order"
    actions = {"POST": "modify"}
    input = ModificationInput
    output = OrderOutput
    service = staticmethod(modify_from_ids)
    detail_route = "order"
    undo = "order-modification-withdrawals"


class ModificationCorrectionInput(ConfirmInput, DayOrInstantInput, ReasonInput):
    """The latest modification was recorded with errors. The values replace the stored ones."""

    modified_on = DayField(required=False, allow_null=True, help_text="The day of the decision.")
    modified_at = InstantField(required=False, allow_null=True)
    expires_on = DayField(required=False, allow_null=True, help_text="Leave it out if it was not changed.")
    ended = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=50,
        required=False,
        help_text="All conditions that it ended.",
    )


def correct_from_ids(order: Order, *, ended: list[Any] | None = None, **facts: Any) -> Order:
    """Correct the latest modification; `ended` are ids of its conditions."""
    return modification.correct_modification(order, ended=_conditions_of(order, ended), **facts)


class ModificationCorrectionCreate(OrderAction):
    """POST: correct the latest modification. What it set is corrected on the condition itself."""

    resource = "order"
    actions = {"POST": "modify"}
    input = ModificationCorrectionInput
    output = OrderOutput
    service = staticmethod(correct_from_ids)
    detail_route = "order"
    undo = "order-modification-corrections"


class ModificationWithdrawalCreate(OrderAction):
    """POST: the latest modification was an error. The order is as it was before it."""

    resource = "order"
    actions = {"POST": "modify"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(modification.withdraw_modification)
    detail_route = "order"
    undo = "order-modifications"


urlpatterns = [
    path("orders/<uuid:id>/modifications", ModificationCreate.as_view(), name="order-modifications"),
    path(
        "orders/<uuid:id>/modification-corrections",
        ModificationCorrectionCreate.as_view(),
        name="order-modification-corrections",
    ),
    path(
        "orders/<uuid:id>/modification-withdrawals",
        ModificationWithdrawalCreate.as_view(),
        name="order-modification-withdrawals",
    ),
]
