"""Alerts: notify the right person and know that the notification arrived."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register


class NotificationsConfig(AppConfig):
    """Firing, the alert outbox, and the pulses that run both."""

    name = "notifications"
    verbose_name = "Alerts"

    def ready(self) -> None:
        """Register the system checks, and connect to the signals of `orders` and `accounts`."""
        from accounts.isolation import unprocessable
        from accounts.services.password_reset import link_made
        from accounts.services.people import ended
        from notifications import checks
        from notifications.services.calendar.feeds import end_feed
        from notifications.services.contacts.contacts import move_to_renewed
        from notifications.services.corrected_alerts import notify_of_correction
        from notifications.services.delivery.account_mail import mail_reset_link
        from notifications.services.firing.pulse import fire_after_commit
        from notifications.services.follow_up_alerts import notify_of_passed_action, notify_of_reminder
        from notifications.services.release_notices import notify_of_request
        from notifications.services.transfers import notify_of_offer, notify_of_refusal
        from notifications.services.watch.isolation import park_unprocessable
        from orders.services.clients.release_requests import requested
        from orders.services.follow_ups.reminders import passed, reminded
        from orders.services.follow_ups.transfers import declined, offered
        from orders.services.parties.releases import release_renewed
        from orders.services.planning.history import corrected
        from orders.services.planning.replan import armed_due

        register(checks.providers_can_answer, deploy=True)
        armed_due.connect(fire_after_commit)
        unprocessable.connect(park_unprocessable)
        offered.connect(notify_of_offer)
        declined.connect(notify_of_refusal)
        reminded.connect(notify_of_reminder)
        passed.connect(notify_of_passed_action)
        corrected.connect(notify_of_correction)
        release_renewed.connect(move_to_renewed)
        requested.connect(notify_of_request)
        ended.connect(end_feed)
        link_made.connect(mail_reset_link)
