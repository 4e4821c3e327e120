"""An order that was entered under the wrong case."""

from __future__ import annotations

from django.urls import path
from rest_framework import serializers

from orders.api.base import OrderAction
from orders.api.serializers import OrderOutput, ReasonInput
from orders.services.orders import moving


class MoveInput(ReasonInput):
    """The docket of the court to which the order belongs."""

    docket_number = serializers.CharField(
        max_length=40, help_text="A case that does not exist is made, against the respondent of the order."
    )
    respondent = serializers.ChoiceField(
        choices=[one.value for one in moving.MovedRespondent],
        default=moving.MovedRespondent.KEEP.value,
        help_text="`keep`: the respondent of the order. `of_case`: the respondent of the other case.",
    )
    confirm = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="The reason why a docket against another person has this order too.",
    )


class MoveCreate(OrderAction):
    """POST: move the order, with what was recorded for it, to another case of its court."""

    resource = "order"
    actions = {"POST": "move"}
    input = MoveInput
    output = OrderOutput
    service = staticmethod(moving.move_order)
    detail_route = "order"
    undo = "order-moves"


urlpatterns = [path("orders/<uuid:id>/moves", MoveCreate.as_view(), name="order-moves")]
