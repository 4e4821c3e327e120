"""The addresses."""

from __future__ import annotations

from django.urls import path

from notifications.api.alerts import Acknowledgements, Alerts, OneAlert

urlpatterns = [
    path("alerts", Alerts.as_view(), name="alerts"),
    path("alerts/<uuid:id>", OneAlert.as_view(), name="alert"),
    path("alerts/<uuid:id>/acknowledgements", Acknowledgements.as_view(), name="alert-acknowledgements"),
]
