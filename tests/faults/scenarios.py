"""Scenarios: what a test does to the stack's data and reads from it. `Stack.scenario` plays them there.

`main` reads a scenario from each line, `["name", argument, …]`, and writes one line for each.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from itertools import pairwise

from django.db import close_old_connections, transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from accounts.dates import COURT_TIME
from accounts.models import Agency, AgencyKind, Role, User
from notifications import tasks
from notifications.models import (
    SENDABLE,
    Alert,
    AlertState,
    Channel,
    Finding,
    Heartbeat,
    Language,
    MessageTemplate,
    ParkedRow,
    PendingAcknowledgment,
    Preference,
    Provider,
    WebhookDelivery,
)
from notifications.services.delivery import sending
from notifications.services.firing.fire import Firer
from notifications.services.firing.pulse import fire_after_commit
from notifications.services.watch.findings import open_findings
from notifications.services.webhooks import subscriptions
from orders.models import (
    Capacity,
    Checkpoint,
    CheckpointState,
    Deadline,
    DeadlineState,
    FollowUp,
    Order,
    OrderAgency,
)
from orders.services.hearings import schedule_hearing
from orders.services.orders.entry import enter_orders
from orders.services.planning.replan import armed_due
from tests import make
from tests.faults import orders_due
from tests.faults.interruptions import clerk, sender
from tests.faults.troubles import cut, few_connections, full, locked, no_runs, runs

__all__ = ["clerk", "cut", "few_connections", "full", "locked", "no_runs", "runs", "sender"]


#: Orders that are entered at once.
ENTERED = 1000


def due(count: int, seconds: int, recipients: str = "desk") -> dict[str, object]:
    """Enter orders whose surrender check is due in that many seconds, each with its own police.

    `recipients`: the desks, also with `late`, which leaves firing to pulses; with `sms`, a liaison of each by
    text message; with `poison`, a liaison of the first whose message template cannot be filled in; with
    `unfirable`, as with `late`, and the first check cannot be fired.
    """
    court, towns = orders_due.court(), orders_due.towns(count)
    if recipients == "sms":
        for town in towns:
            orders_due.liaison(town, by_sms=True)
    if recipients == "poison":
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
        with left_to_pulses() if recipients in ("unfirable", "late") else nullcontext():
            enter_orders(new, by=None, now=timezone.now())
    if recipients == "unfirable":
        check = Checkpoint.objects.filter(
            deadline__order__case__court=court, deadline__rule_id="CT-SUR-01", name="check"
        ).order_by("id")[0]
        order = check.deadline.order
        PendingAcknowledgment.objects.create(
            checkpoint=check,
            order=order,
            agency=order.case.respondent.town.police,
            capacity=Capacity.RESPONDENT_POLICE,
        )
    return {"court": court.pk}


@contextmanager
def left_to_pulses() -> Iterator[None]:
    """Let no commit fire what it made due."""
    armed_due.disconnect(fire_after_commit)
    try:
        yield
    finally:
        armed_due.connect(fire_after_commit)


def findings() -> dict[str, object]:
    """The codes of the open findings."""
    return {"codes": sorted(open_findings().values_list("code", flat=True))}


def place() -> dict[str, object]:
    """Create a court and a town."""
    return {"court": orders_due.court().pk, "town": orders_due.towns(1)[0].pk}


def traveler() -> dict[str, object]:
    """Create an order with a prosecutor in whose quiet hours this minute is."""
    court = orders_due.court()
    (town,) = orders_due.towns(1)
    now = timezone.now()
    (order,) = enter_orders([orders_due.new_order(court, town, 1, seconds=3600)], by=None, now=now)
    office = make.agency(AgencyKind.PROSECUTOR, name=f"Office {now.isoformat()}")
    prosecutor = make.person(Role.PROSECUTOR, office)
    User.objects.filter(pk=prosecutor.pk).update(email=f"traveler{prosecutor.pk}@agency.example")
    here = now.astimezone(COURT_TIME)
    Preference.objects.create(
        user=prosecutor,
        quiet_from=(here - timedelta(hours=6)).time(),
        quiet_until=(here + timedelta(hours=6)).time(),
    )
    OrderAgency.objects.create(order=order, agency=office, capacity=Capacity.PROSECUTOR)
    return {"order": order.pk, "address": f"traveler{prosecutor.pk}@agency.example"}


def hearing(order: int, ahead: int) -> dict[str, object]:
    """Set a hearing on a court day about so many days ahead."""
    now = timezone.now()
    on = now.astimezone(COURT_TIME).date() + timedelta(days=ahead)
    schedule_hearing(
        Order.objects.get(pk=order),
        purpose="compliance",
        scheduled_on=on,
        confirm="As the court set it.",
        by=None,
        now=now,
    )
    return {"at": now.timestamp()}


def fire() -> dict[str, object]:
    """Fire everything due."""
    firer, total = Firer("scenario"), 0
    while (one := firer.fire()).checkpoints:
        total += one.checkpoints
        firer.forget()
    return {"checkpoints": total}


def entered(court: int) -> dict[str, object]:
    """Count the court's orders."""
    return {"orders": Order.objects.filter(case__court=court).count()}


def states(court: int, channel: str = "email") -> dict[str, object]:
    """Count the court's alerts of checks to police by state, for that channel."""
    counted = _alerts(court, channel).values_list("state").annotate(count=Count("id")).order_by()
    return {AlertState(state).name: count for state, count in counted}


def outcome(court: int, channel: str = "email") -> dict[str, object]:
    """The state of the court's checks and of their alerts to police by that channel."""
    alerts = _alerts(court, channel)
    due_at, duplicates = {}, []
    for one in alerts.select_related("checkpoint"):
        assert one.checkpoint is not None
        # The key in the outside ledger.
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
        "attempts": alerts.aggregate(most=Max("attempts"))["most"],
        "overdue": overdue.count(),
        "follow_ups": FollowUp.objects.filter(deadline__in=overdue, closed_at=None).count(),
        "incomplete_sets": sum(
            one.expected != sum(alert.pending_acknowledgment_id is None for alert in one.alerts.all())
            for one in fired.prefetch_related("alerts")
        ),
    }


def pace(court: int) -> dict[str, object]:
    """How many of the court's checks fired per second, and how many fired after one that was due later."""
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
    """Nothing of earlier tests waits to be sent, no provider is left alone, and no process has run a
    pulse."""
    over = [AlertState.ACCEPTED, AlertState.DELIVERED, AlertState.FAILED, AlertState.WITHDRAWN]
    left = Alert.objects.exclude(state__in=over).update(state=AlertState.WITHDRAWN, lease_until=None)
    Provider.objects.all().delete()
    Heartbeat.objects.all().delete()
    ParkedRow.objects.all().delete()
    Finding.objects.filter(resolved_at=None).update(resolved_at=timezone.now())
    return {"left": left}


def lease_over() -> dict[str, object]:
    """Let every lease expire."""
    held = Alert.objects.filter(lease_until__isnull=False)
    return {"held": held.update(lease_until=timezone.now() - timedelta(seconds=1))}


def later() -> dict[str, object]:
    """Let everything be due for its next try, and use every provider again."""
    Provider.objects.all().delete()
    waiting = Alert.objects.filter(state__in=SENDABLE)
    return {"waiting": waiting.update(next_attempt_at=timezone.now())}


def no_receipt() -> dict[str, object]:
    """Let two minutes pass for alerts in doubt."""
    doubtful = Alert.objects.filter(state=AlertState.IN_DOUBT)
    return {"doubtful": doubtful.update(next_attempt_at=timezone.now() - timedelta(minutes=3))}


def pulses() -> dict[str, object]:
    """Count the processes that have run a pulse since `quiet`."""
    return {"processes": Heartbeat.objects.count()}


def hints(count: int) -> dict[str, object]:
    """Send workers that many hints to drain, although nothing is new."""
    return {"taken": tasks.send_hints(count)}


def reap() -> dict[str, int]:
    """Reap, as any worker does every few seconds."""
    return sending.reap()


def no_recipient() -> dict[str, object]:
    """Fire a check to police without members and without an address; there is one administrator."""
    if not User.objects.filter(memberships__role=Role.ADMINISTRATOR).exists():
        make.person(Role.ADMINISTRATOR)
    court, (town,) = orders_due.court(), orders_due.towns(1)
    Agency.objects.filter(pk=town.police_id).update(email="")
    enter_orders([orders_due.new_order(court, town, 1, seconds=-1)], by=None, now=timezone.now())
    fire()
    return {"court": court.pk}


def recipient_leaves() -> dict[str, object]:
    """Fire a check to one liaison, who is deactivated before anything is sent."""
    court, (town,) = orders_due.court(), orders_due.towns(1)
    liaison = orders_due.liaison(town)
    enter_orders([orders_due.new_order(court, town, 1, seconds=-1)], by=None, now=timezone.now())
    fire()
    User.objects.filter(pk=liaison.pk).update(is_active=False)
    return {"court": court.pk}


def ended(court: int, via: str, state: str) -> dict[str, object]:
    """Count the alerts of the court's checks to police with this reason and state."""
    found = _alerts(court, Channel.EMAIL).filter(via=via, state=AlertState[state])
    return {"alerts": found.count()}


def subscribed(url: str) -> dict[str, object]:
    """Subscribe the system of a police agency, and enter an order of its town whose check is due now."""
    court, (town,) = orders_due.court(), orders_due.towns(1)
    with transaction.atomic():
        hook, _ = subscriptions.subscribe(
            agency=town.police,
            url=url,
            events=["alert.created"],
            by=orders_due.liaison(town),
            now=timezone.now(),
        )
    enter_orders([orders_due.new_order(court, town, 1, seconds=-1)], by=None, now=timezone.now())
    return {"hook": hook.pk}


def webhook_deliveries(hook: int) -> dict[str, object]:
    """The ids and states of the subscription's deliveries."""
    found = WebhookDelivery.objects.filter(subscription=hook)
    return {"deliveries": [[str(one.public_id), one.state] for one in found.order_by("id")]}


def canary_age() -> dict[str, object]:
    """Seconds since the last canary arrived; None if it never did."""
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
    """Play scenarios until the input ends."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        close_old_connections()
        try:
            answer = globals()[name](*arguments)
        except Exception:
            answer = {"failed": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
