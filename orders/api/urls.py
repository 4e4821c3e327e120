"""The addresses."""

from __future__ import annotations

from django.urls import path

from orders.api.orders import OneOrder, Orders
from orders.api.reference import Closings, OneRule, Rules
from orders.api.service import ServiceAttempts, Services

urlpatterns = [
    path("orders", Orders.as_view(), name="orders"),
    path("orders/<uuid:id>", OneOrder.as_view(), name="order"),
    path("orders/<uuid:id>/services", Services.as_view(), name="order-services"),
    path("orders/<uuid:id>/service-attempts", ServiceAttempts.as_view(), name="order-service-attempts"),
    path("reference/rules", Rules.as_view(), name="rules"),
    path("reference/rules/<str:id>", OneRule.as_view(), name="rule"),
    path("reference/court-closings", Closings.as_view(), name="court-closings"),
]
