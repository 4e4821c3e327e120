"""What a stack's test does to its data and asks of it; `Stack.scene` plays it in the stack's environment.

`main` reads one scene a line, `["name", argument, …]`, and answers each with a line.
"""

from __future__ import annotations

import json
import sys
import traceback
from datetime import timedelta
from itertools import pairwise

from django.db import close_old_connections, transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from accounts.models import Agency, Role, User
from notifications import tasks
from notifications.models import (
    SENDABLE,
    Alert,
    AlertState,
    Channel,
    Heartbeat,
    Language,
    MessageTemplate,
    Provider,
    WebhookDelivery,
)
from notifications.services import sending, webhooks
from notifications.services.firing import Firer
from orders.models import Capacity, Checkpoint, CheckpointState, Deadline, DeadlineState, FollowUp, Order
from orders.services.entry import enter_orders
from tests import make
from tests.faults import orders_due
from tests.faults.stops import clerk, sender

__all__ = ["clerk", "sender"]


#: Orders that a clerk of the scenes enters at once.
ENTERED = 1000


def due(count: int, seconds: int, told: str = "desk") -> dict[str, object]:
    """So many orders whose surrender check falls due in so many seconds, each told to police of its own.

    `told`: their desks; or by `sms` a person of each; or a person of the first reads a language whose wording
    is `poison`.
    """
    court, towns = orders_due.court(), orders_due.towns(count)
    if told == "sms":
        for town in towns:
            orders_due.liaison(town, by_sms=True)
    if told == "poison":
        orders_due.liaison(towns[0], language=Language.SPANISH)
        MessageTemplate.objects.update_or_create(
            name="notice",
            channel="email",
            language=Language.SPANISH,
            version=999,
            defaults={"subject": "Aviso", "body": "{nothing}", "created_at": timezone.now()},
        )
    for first in range(0, count, ENTERED):
        new = [
            orders_due.new_order(court, town, number, seconds=seconds)
            for number, town in enumerate(towns[first : first + ENTERED], start=first + 1)
        ]
        enter_orders(new, by=None, now=timezone.now())
    return {"court": court.pk}


def place() -> dict[str, object]:
    """A court and a town, with nothing between them yet."""
    return {"court": orders_due.court().pk, "town": orders_due.towns(1)[0].pk}


def fire() -> dict[str, object]:
    """All that is due is fired."""
    firer, total = Firer("scene"), 0
    while (one := firer.fire()).checkpoints:
        total += one.checkpoints
        firer.forget()
    return {"checkpoints": total}


def entered(court: int) -> dict[str, object]:
    """How many orders the court has."""
    return {"orders": Order.objects.filter(case__court=court).count()}


def states(court: int, channel: str = "email") -> dict[str, object]:
    """How many of the court's alerts of a check to police, by that channel, are in each state."""
    counted = _alerts(court, channel).values_list("state").annotate(count=Count("id")).order_by()
    return {AlertState(state).name: count for state, count in counted}


def standing(court: int, channel: str = "email") -> dict[str, object]:
    """How the court's checks stand, and their alerts to police by that channel."""
    alerts = _alerts(court, channel)
    due_at, duplicates = {}, []
    for one in alerts.select_related("checkpoint"):
        assert one.checkpoint is not None
        # By this key an outside ledger knows it.
        key = str(one.message_key or one.public_id)
        due_at[key] = one.checkpoint.fires_at.timestamp()
        duplicates += [key] if one.possible_duplicate else []
    fired = Checkpoint.objects.filter(deadline__order__case__court=court, state=CheckpointState.FIRED)
    overdue = Deadline.objects.filter(order__case__court=court, state=DeadlineState.OVERDUE)
    return {
        "states": states(court, channel),
        "due_at": due_at,
        "duplicates": duplicates,
        "workers": sorted(set(alerts.values_list("worker", flat=True))),
        "errors": sorted(set(alerts.values_list("last_error", flat=True)) - {""}),
        "overdue": overdue.count(),
        "follow_ups": FollowUp.objects.filter(deadline__in=overdue, closed_at=None).count(),
        "incomplete_sets": sum(
            one.expected != sum(alert.awaited_id is None for alert in one.alerts.all())
            for one in fired.prefetch_related("alerts")
        ),
    }


def pace(court: int) -> dict[str, object]:
    """How many of the court's checks fired a second; how many of them fired after one that was due later."""
    checks = Checkpoint.objects.filter(
        deadline__order__case__court=court,
        deadline__rule_id="CT-SUR-01",
        name="check",
        state=CheckpointState.FIRED,
    )
    fired = list(checks.order_by("fired_at", "fires_at").values_list("fires_at", "fired_at"))
    first, last = fired[0][1], fired[-1][1]
    assert first is not None
    assert last is not None
    return {
        "rate": round(len(fired) / max((last - first).total_seconds(), 1.0)),
        "overtaken": sum(earlier > later for (earlier, _), (later, _) in pairwise(fired)),
    }


def quiet() -> dict[str, object]:
    """Nothing of earlier tests waits to be sent, no provider is left alone, and nobody beats."""
    over = [AlertState.ACCEPTED, AlertState.DELIVERED, AlertState.FAILED, AlertState.WITHDRAWN]
    left = Alert.objects.exclude(state__in=over).update(state=AlertState.WITHDRAWN, lease_until=None)
    Provider.objects.all().delete()
    Heartbeat.objects.all().delete()
    return {"left": left}


def lease_over() -> dict[str, object]:
    """A minute has passed for whoever holds a lease."""
    held = Alert.objects.filter(lease_until__isnull=False)
    return {"held": held.update(lease_until=timezone.now() - timedelta(seconds=1))}


def later() -> dict[str, object]:
    """The time has come for whatever waits for its next try, and for a provider that was left alone."""
    Provider.objects.all().delete()
    waiting = Alert.objects.filter(state__in=SENDABLE)
    return {"waiting": waiting.update(next_attempt_at=timezone.now())}


def no_receipt() -> dict[str, object]:
    """Two minutes have passed for whatever is in doubt."""
    doubtful = Alert.objects.filter(state=AlertState.IN_DOUBT)
    return {"doubtful": doubtful.update(next_attempt_at=timezone.now() - timedelta(minutes=3))}


def pulses() -> dict[str, object]:
    """How many processes have beaten since it was quiet."""
    return {"beating": Heartbeat.objects.count()}


def ring(times: int) -> dict[str, object]:
    """Workers are asked to drain so many times, for nothing that is new."""
    return {"heard": tasks.ring(times)}


def reap() -> dict[str, int]:
    """What any worker does every few seconds."""
    return sending.reap()


def nobody_to_tell() -> dict[str, object]:
    """A check that is due to police without people and without an address; there is one administrator."""
    if not User.objects.filter(memberships__role=Role.ADMINISTRATOR).exists():
        make.person(Role.ADMINISTRATOR)
    court, (town,) = orders_due.court(), orders_due.towns(1)
    Agency.objects.filter(pk=town.police_id).update(email="")
    enter_orders([orders_due.new_order(court, town, 1, seconds=-1)], by=None, now=timezone.now())
    fire()
    return {"court": court.pk}


def recipient_leaves() -> dict[str, object]:
    """A check fired for one liaison, who is deactivated before anything is sent."""
    court, (town,) = orders_due.court(), orders_due.towns(1)
    liaison = orders_due.liaison(town)
    enter_orders([orders_due.new_order(court, town, 1, seconds=-1)], by=None, now=timezone.now())
    fire()
    User.objects.filter(pk=liaison.pk).update(is_active=False)
    return {"court": court.pk}


def ended(court: int, via: str, state: str) -> dict[str, object]:
    """How many alerts of the court's checks to police are so."""
    found = _alerts(court, Channel.EMAIL).filter(via=via, state=AlertState[state])
    return {"alerts": found.count()}


def subscribed(url: str) -> dict[str, object]:
    """A police whose system is told at the address, and a check of its that is due now."""
    court, (town,) = orders_due.court(), orders_due.towns(1)
    with transaction.atomic():
        hook, _ = webhooks.subscribe(
            agency=town.police,
            url=url,
            events=["alert.created"],
            by=orders_due.liaison(town),
            now=timezone.now(),
        )
    enter_orders([orders_due.new_order(court, town, 1, seconds=-1)], by=None, now=timezone.now())
    return {"hook": hook.pk}


def told_by_hook(hook: int) -> dict[str, object]:
    """The ids and the states of what the subscription is told."""
    found = WebhookDelivery.objects.filter(subscription=hook)
    return {"deliveries": [[str(one.public_id), one.state] for one in found.order_by("id")]}


def canary_age() -> dict[str, object]:
    """Seconds since the last canary arrived; none where none ever did."""
    arrived = Alert.objects.filter(via="canary").aggregate(at=Max("accepted_at"))["at"]
    return {"seconds": arrived and (timezone.now() - arrived).total_seconds()}


def _alerts(court: int, channel: str) -> QuerySet[Alert]:
    return Alert.objects.filter(
        order__case__court=court,
        checkpoint__deadline__rule_id="CT-SUR-01",
        checkpoint__name="check",
        capacity=Capacity.RESPONDENT_POLICE,
        channel=channel,
    )


def main() -> None:
    """Plays each scene that is read, until there are no more."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        close_old_connections()
        try:
            answer = globals()[name](*arguments)
        except Exception:  # noqa: BLE001 - whatever it was, the test says so, and the next one goes on
            answer = {"failed": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
