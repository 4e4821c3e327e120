"""Vacatur of an order by the court."""

from __future__ import annotations

from django.urls import path

from accounts.api.fields import InstantField
from orders.api.base import OrderAction
from orders.api.serializers import OrderOutput, ReasonInput
from orders.services.orders import vacatur


class VacaturInput(ReasonInput):
    """The court vacated the order."""

    vacated_at = InstantField()


class VacaturCreate(OrderAction):
    """POST: the order has ended. Open deadlines are withdrawn."""

    resource = "order"
    actions = {"POST": "vacate"}
    input = VacaturInput
    output = OrderOutput
    service = staticmethod(vacatur.vacate_order)
    detail_route = "order"
    undo = "order-reinstatements"


class VacaturCorrectionCreate(OrderAction):
    """POST: correct the time at which the court ended the order."""

    resource = "order"
    actions = {"POST": "change"}
    input = VacaturInput
    output = OrderOutput
    service = staticmethod(vacatur.correct_vacatur)
    detail_route = "order"
    undo = "order-vacatur-corrections"


class ReinstatementCreate(OrderAction):
    """POST: the vacatur was an error, or the court set it aside. The order is in force again."""

    resource = "order"
    actions = {"POST": "reinstate"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(vacatur.reinstate_order)
    detail_route = "order"
    undo = "order-vacaturs"


urlpatterns = [
    path("orders/<uuid:id>/vacaturs", VacaturCreate.as_view(), name="order-vacaturs"),
    path(
        "orders/<uuid:id>/vacatur-corrections",
        VacaturCorrectionCreate.as_view(),
        name="order-vacatur-corrections",
    ),
    path("orders/<uuid:id>/reinstatements", ReinstatementCreate.as_view(), name="order-reinstatements"),
]
