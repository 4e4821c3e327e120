"""The addresses."""

from __future__ import annotations

from django.urls import path

from notifications.api.alerts import Acknowledgements, Alerts, OneAlert
from notifications.api.contacts import Confirmations, SafeContacts
from notifications.api.reports import ResponseTimes
from notifications.api.webhooks import OneWebhook, WebhookDeliveries, Webhooks, WebhookTests

urlpatterns = [
    path("alerts", Alerts.as_view(), name="alerts"),
    path("alerts/<uuid:id>", OneAlert.as_view(), name="alert"),
    path("alerts/<uuid:id>/acknowledgements", Acknowledgements.as_view(), name="alert-acknowledgements"),
    path("reports/response-times", ResponseTimes.as_view(), name="response-times"),
    path("releases/<uuid:id>/safe-contact", SafeContacts.as_view(), name="release-safe-contact"),
    path(
        "releases/<uuid:id>/safe-contact/confirmations",
        Confirmations.as_view(),
        name="release-safe-contact-confirmations",
    ),
    path("webhooks", Webhooks.as_view(), name="webhooks"),
    path("webhooks/<uuid:id>", OneWebhook.as_view(), name="webhook"),
    path("webhooks/<uuid:id>/tests", WebhookTests.as_view(), name="webhook-tests"),
    path("webhooks/<uuid:id>/deliveries", WebhookDeliveries.as_view(), name="webhook-deliveries"),
]
