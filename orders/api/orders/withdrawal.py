"""An order that was entered in error: withdrawn, and restored."""

from __future__ import annotations

from django.urls import path

from orders.api.base import OrderAction
from orders.api.serializers import OrderOutput, ReasonInput
from orders.services.orders import withdrawal


class OrderWithdrawalCreate(OrderAction):
    """POST: the order was entered in error. It plans nothing, and only the court finds it."""

    resource = "order"
    actions = {"POST": "withdraw"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(withdrawal.withdraw_order)
    detail_route = "order"
    undo = "order-restorations"


class OrderRestorationCreate(OrderAction):
    """POST: the withdrawal was the error. The order is back, with its deadlines."""

    resource = "order"
    actions = {"POST": "restore"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(withdrawal.restore_order)
    detail_route = "order"
    undo = "order-withdrawals"


urlpatterns = [
    path("orders/<uuid:id>/withdrawals", OrderWithdrawalCreate.as_view(), name="order-withdrawals"),
    path("orders/<uuid:id>/restorations", OrderRestorationCreate.as_view(), name="order-restorations"),
]
