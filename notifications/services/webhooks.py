"""Subscriptions of systems to what happens to an agency's alerts."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from accounts.crypto import seal
from accounts.models import Agency, User
from notifications.channels.webhook import SECRET_PREFIX, UnfitError, check
from notifications.models import (
    PING,
    Alert,
    DeliveryState,
    HookEvent,
    HookState,
    WebhookDelivery,
    WebhookSubscription,
)
from orders.errors import InvalidFact

#: Active subscriptions that an agency has at the most: every alert is told to each.
MOST = 20

_BYTES = 32


def subscribe(
    *, agency: Agency, url: str, events: Collection[str], by: User, now: datetime
) -> tuple[WebhookSubscription, str]:
    """The agency's system is told from now on; with the secret, which nobody can be told again.

    Raises InvalidFact for an agency in which `by` keeps no subscriptions, an address that nothing may be sent
    to, or one subscription too many.
    """
    if agency.pk not in by.agencies_for("add", "webhook"):
        raise InvalidFact("agency", "not_yours", "Give an agency of your own.")
    _check(url)
    _make_room(agency.pk)
    secret = SECRET_PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()
    made = WebhookSubscription.objects.create(
        agency=agency,
        url=url,
        events=sorted(set(events)),
        sealed_secret=seal(secret),
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
    """The subscription with what is given in place of what was. Raises InvalidFact."""
    if url:
        _check(url)
        hook.url = url
    if events:
        hook.events = sorted(set(events))
    if state == HookState.ACTIVE and hook.state != HookState.ACTIVE:
        _make_room(hook.agency_id)
        hook.state, hook.reason, hook.disabled_at = HookState.ACTIVE, "", None
    hook.save(update_fields=["url", "events", "state", "reason", "disabled_at"])
    if state == HookState.DISABLED and hook.state == HookState.ACTIVE:
        disable(hook.pk, reason="asked")
    hook.refresh_from_db()
    return hook


@transaction.atomic
def disable(
    id: int,  # noqa: A002 - what it is
    *,
    reason: str,
    state: HookState = HookState.DISABLED,
) -> None:
    """Nothing more is sent, and what waited is withdrawn. One that is disabled already keeps its reason."""
    hooks = WebhookSubscription.objects.filter(pk=id)
    hooks.filter(state=HookState.ACTIVE).update(state=state, reason=reason, disabled_at=Now())
    if state == HookState.REMOVED:
        hooks.update(state=state)
    # In the order in which a lease takes them, and past what one holds: the reaper withdraws that.
    waiting = (
        WebhookDelivery.objects.filter(subscription=id, state=DeliveryState.READY)
        .order_by("next_attempt_at", "id")
        .select_for_update(no_key=True, skip_locked=True)
    )
    WebhookDelivery.objects.filter(pk__in=[one.pk for one in waiting]).update(state=DeliveryState.WITHDRAWN)


def remove(hook: WebhookSubscription) -> None:
    """The subscription is seen no more. Row and deliveries stay as the record of what was sent."""
    disable(hook.pk, reason="asked", state=HookState.REMOVED)


def ping(hook: WebhookSubscription, *, now: datetime) -> WebhookDelivery:
    """A test, which says nothing but that it is one. Raises InvalidFact for what is not active."""
    if hook.state != HookState.ACTIVE:
        raise InvalidFact("state", "disabled", "Nothing is sent to it while it is disabled. Activate it.")
    return WebhookDelivery.objects.create(subscription=hook, event=PING, occurred_at=now)


def announce(event: HookEvent, alerts: Collection[Alert], *, now: datetime) -> None:
    """The systems subscribed to that of the alerts' agencies will be told, if what is under way is kept."""
    hooks: defaultdict[int | None, list[WebhookSubscription]] = defaultdict(list)
    for hook in WebhookSubscription.objects.filter(
        agency__in={one.agency_id for one in alerts}, state=HookState.ACTIVE, events__contains=[event.value]
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
        check(url)
    except UnfitError as error:
        raise InvalidFact("url", error.code, error.message) from error


def _make_room(agency: int) -> None:
    # Two at once would each count the others only.
    Agency.objects.select_for_update(no_key=True).get(pk=agency)
    if WebhookSubscription.objects.filter(agency=agency, state=HookState.ACTIVE).count() >= MOST:
        raise InvalidFact("agency", "too_many", f"An agency has at most {MOST}. Remove one first.")
