"""Alerts that services write themselves, because no checkpoint fires them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from notifications.models import Alert, AlertState, Channel, Via, WebhookEvent
from notifications.services.recipients.recipients import Recipient, with_channels
from notifications.services.webhooks import subscriptions


def write_alerts(recipients: Iterable[Recipient], *, key: str, now: datetime, **about: Any) -> None:
    """Write one alert to each recipient by each channel, and announce them.

    `about` has the columns that all of them share, `key` is what their keys begin with.
    """
    each = {one.target: one for one in recipients}
    alerts = Alert.objects.bulk_create(
        Alert(
            **about,
            agency=one.agency,
            capacity=one.capacity,
            recipient_id=one.user,
            via=one.via,
            channel=channel,
            idem_key=f"{key}:{channel}:{one.target}",
            **sendable(one),
        )
        for one, channel in with_channels(list(each.values()))
    )
    subscriptions.announce(WebhookEvent.ALERT_CREATED, alerts, now=now)


def sendable(recipient: Recipient) -> dict[str, Any]:
    """The state of a new alert to the recipient: it has failed if no recipient could be found."""
    if recipient.via is Via.MISSING:
        return {"state": AlertState.FAILED, "last_error": "no recipient could be found"}
    return {"state": AlertState.READY, "last_error": ""}


def store_new(alerts: Iterable[Alert], *, now: datetime) -> list[Alert]:
    """Store the alerts whose recipient has not been notified of the same yet, and announce them."""
    wanted: dict[str, Alert] = {}
    for one in alerts:
        wanted.setdefault(one.idem_key, one)
    known = Alert.objects.filter(idem_key__in=wanted).values_list("idem_key", flat=True)
    for key in list(known):
        del wanted[key]
    stored = Alert.objects.bulk_create(wanted.values())
    # One event for each alert: its other channels carry the same. What is passed on is the advocate's alone.
    by_email = [one for one in stored if one.channel == Channel.EMAIL and one.via != Via.RELAY]
    subscriptions.announce(WebhookEvent.ALERT_CREATED, by_email, now=now)
    return stored
