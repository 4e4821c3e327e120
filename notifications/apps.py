"""Telling the right person, and knowing that it was told."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Firing, the outbox of alerts, and the pulses that keep both going."""

    name = "notifications"
    verbose_name = "Alerts"

    def ready(self) -> None:
        """The providers are asked about by `check --deploy`, and what is entered late fires at once."""
        from notifications import checks  # noqa: F401 - importing registers it
        from notifications.services.pulse import fire_at_once
        from orders.services.planning import armed_due

        armed_due.connect(fire_at_once)
