"""URLs of the API about notifications. Each module lists its own beside its views."""

from __future__ import annotations

from notifications.api import absences, alerts, choices, contacts, reports, resendings, webhooks

urlpatterns = [
    *absences.urlpatterns,
    *alerts.urlpatterns,
    *choices.urlpatterns,
    *contacts.urlpatterns,
    *resendings.urlpatterns,
    *webhooks.urlpatterns,
    *reports.urlpatterns,
]
