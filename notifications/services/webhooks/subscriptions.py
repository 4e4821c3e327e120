"""Subscriptions of systems to events of an agency's alerts."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from accounts.crypto import encrypt
from accounts.models import Agency, User
from notifications.channels.public_url import UrlNotAllowedError, check_url
from notifications.channels.webhook import KEY_PREFIX
from notifications.models import (
    PING,
    Alert,
    DeliveryState,
    SubscriptionState,
    WebhookDelivery,
    WebhookEvent,
    WebhookSubscription,
)
from orders.errors import InvalidFact

#: The most active subscriptions of one agency: every alert is sent to each.
MAX_ACTIVE = 20

_BYTES = 32


def subscribe(
    *, agency: Agency, url: str, events: Collection[str], by: User, now: datetime
) -> tuple[WebhookSubscription, str]:
    """Create a subscription; return it with its secret, which cannot be read again later.

    Raises `InvalidFact` if `by` may not add subscriptions for the agency, the URL is not allowed, or the
    agency has too many subscriptions.
    """
    if agency.pk not in by.agencies_for("add", "webhook"):
        raise InvalidFact("agency", "not_yours", "Choose one of your own agencies.")
    _check(url)
    _make_room(agency.pk)
    secret = KEY_PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()
    made = WebhookSubscription.objects.create(
        agency=agency,
        url=url,
        events=sorted(set(events)),
        encrypted_secret=encrypt(secret),
        created_at=now,
        created_by=by,
    )
    return made, secret


def change(
    hook: WebhookSubscription,
    *,
    url: str = "",
    events: Collection[str] = (),
    state: str = "",
) -> WebhookSubscription:
    """Change what is given and return the subscription. Raises `InvalidFact`."""
    if url:
        _check(url)
        hook.url = url
    if events:
        hook.events = sorted(set(events))
    if state == SubscriptionState.ACTIVE and hook.state != SubscriptionState.ACTIVE:
        _make_room(hook.agency_id)
        hook.state, hook.reason, hook.disabled_at = SubscriptionState.ACTIVE, "", None
    hook.save(update_fields=["url", "events", "state", "reason", "disabled_at"])
    if state == SubscriptionState.DISABLED and hook.state == SubscriptionState.ACTIVE:
        disable(hook.pk, reason="asked")
    hook.refresh_from_db()
    return hook


@transaction.atomic
def disable(
    subscription: int,
    *,
    reason: str,
    state: SubscriptionState = SubscriptionState.DISABLED,
) -> None:
    """Stop sending and withdraw waiting deliveries.

    A subscription that is already inactive keeps its reason.
    """
    hooks = WebhookSubscription.objects.filter(pk=subscription)
    hooks.filter(state=SubscriptionState.ACTIVE).update(state=state, reason=reason, disabled_at=Now())
    if state == SubscriptionState.REMOVED:
        hooks.update(state=state)
    # Lock in the order of a lease, and skip leased rows: the reaper withdraws those.
    waiting = (
        WebhookDelivery.objects.filter(subscription=subscription, state=DeliveryState.READY)
        .order_by("next_attempt_at", "id")
        .select_for_update(no_key=True, skip_locked=True)
    )
    WebhookDelivery.objects.filter(pk__in=[one.pk for one in waiting]).update(state=DeliveryState.WITHDRAWN)


def remove(hook: WebhookSubscription) -> None:
    """Remove the subscription from view. The row and its deliveries stay as the record of what was sent."""
    disable(hook.pk, reason="asked", state=SubscriptionState.REMOVED)


def ping(hook: WebhookSubscription, *, now: datetime) -> WebhookDelivery:
    """Create a test delivery without data. Raises `InvalidFact` if the subscription is not active."""
    if hook.state != SubscriptionState.ACTIVE:
        raise InvalidFact(
            "state", "disabled", "The subscription is disabled, so nothing is sent. Activate it first."
        )
    return WebhookDelivery.objects.create(subscription=hook, event=PING, occurred_at=now)


def announce(event: WebhookEvent, alerts: Collection[Alert], *, now: datetime) -> None:
    """Create deliveries for the systems of the alerts' agencies that subscribed to `event`.

    They are sent once the surrounding transaction commits. A system would take a rehearsal for the
    real thing, so it hears nothing of alerts that were written in one.
    """
    alerts = [one for one in alerts if not one.is_rehearsal]
    hooks: defaultdict[int | None, list[WebhookSubscription]] = defaultdict(list)
    for hook in WebhookSubscription.objects.filter(
        agency__in={one.agency_id for one in alerts},
        state=SubscriptionState.ACTIVE,
        events__contains=[event.value],
    ):
        hooks[hook.agency_id].append(hook)
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            subscription=hook,
            event=event.value,
            alert=alert.public_id,
            order=alert.order.public_id if alert.order else None,
            occurred_at=now,
        )
        for alert in alerts
        for hook in hooks[alert.agency_id]
    )


def _check(url: str) -> None:
    try:
        check_url(url)
    except UrlNotAllowedError as error:
        raise InvalidFact("url", error.code, error.message) from error


def _make_room(agency: int) -> None:
    # Without the lock, two concurrent requests would not count each other.
    Agency.objects.select_for_update(no_key=True).get(pk=agency)
    if (
        WebhookSubscription.objects.filter(agency=agency, state=SubscriptionState.ACTIVE).count()
        >= MAX_ACTIVE
    ):
        raise InvalidFact(
            "agency", "too_many", f"An agency has at most {MAX_ACTIVE} subscriptions. Remove one first."
        )
