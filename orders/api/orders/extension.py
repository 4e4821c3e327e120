"""Extension of an order by the court, its correction and its withdrawal."""

from __future__ import annotations

from django.urls import path

from accounts.api.fields import DayField
from orders.api.base import OrderAction
from orders.api.serializers import ConfirmInput, OrderOutput, ReasonInput
from orders.services.orders import extension


class ExtensionInput(ConfirmInput):
    """The court extended the order."""

    expires_on = DayField(help_text="The new last day.")


class ExtensionCreate(OrderAction):
    """POST: extend the order. Its expiry, and deadlines that count back from it, move."""

    resource = "order"
    actions = {"POST": "extend"}
    input = ExtensionInput
    output = OrderOutput
    service = staticmethod(extension.extend_order)
    detail_route = "order"
    undo = "order-extension-withdrawals"


class ExtensionCorrectionInput(ConfirmInput, ReasonInput):
    """The latest extension was recorded with a wrong day."""

    expires_on = DayField(help_text="The new last day.")


class ExtensionCorrectionCreate(OrderAction):
    """POST: correct the day to which the latest extension extends the order."""

    resource = "order"
    actions = {"POST": "change"}
    input = ExtensionCorrectionInput
    output = OrderOutput
    service = staticmethod(extension.correct_extension)
    detail_route = "order"
    undo = "order-extension-corrections"


class ExtensionWithdrawalCreate(OrderAction):
    """POST: the latest extension was an error. The last day is what it was before."""

    resource = "order"
    actions = {"POST": "extend"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(extension.withdraw_extension)
    detail_route = "order"
    undo = "order-extensions"


urlpatterns = [
    path("orders/<uuid:id>/extensions", ExtensionCreate.as_view(), name="order-extensions"),
    path(
        "orders/<uuid:id>/extension-corrections",
        ExtensionCorrectionCreate.as_view(),
        name="order-extension-corrections",
    ),
    path(
        "orders/<uuid:id>/extension-withdrawals",
        ExtensionWithdrawalCreate.as_view(),
        name="order-extension-withdrawals",
    ),
]
