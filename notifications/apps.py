"""Telling the right person, and knowing that it was told."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Firing, the outbox of alerts, and the pulses that keep both going."""

    name = "notifications"
    verbose_name = "Alerts"

    def ready(self) -> None:
        """The providers are asked about by `check --deploy`, what is entered late fires at once, and what is
        offered to other police is told them."""
        from notifications import checks  # noqa: F401 - importing registers it
        from notifications.services.offers import tell_of_offer, tell_of_refusal
        from notifications.services.pulse import fire_at_once
        from orders.services.hand_overs import offered, refused
        from orders.services.planning import armed_due

        armed_due.connect(fire_at_once)
        offered.connect(tell_of_offer)
        refused.connect(tell_of_refusal)
