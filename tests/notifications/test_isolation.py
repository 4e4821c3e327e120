"""Every statement over many rows: for each constraint that it can meet, one row fails and the others do not.

A trigger plays the constraint: it raises the error that PostgreSQL raises, for the one row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Role
from notifications.models import (
    Alert,
    AlertState,
    DeliveryState,
    Finding,
    ParkedRow,
    PendingAcknowledgment,
    WebhookDelivery,
)
from notifications.services.delivery import outbox, printing, sending
from notifications.services.delivery.outbox import AlertCompletion, BegunAlert, CompletionState
from notifications.services.escalation import escalation
from notifications.services.firing.fire import Firer
from notifications.services.watch import audits, purge
from notifications.services.watch.isolation import RETRY
from notifications.services.webhooks import outbox as webhooks
from notifications.services.webhooks import subscriptions
from notifications.services.webhooks.outbox import DeliveryCompletion
from orders.models import Checkpoint, CheckpointState, Order
from orders.services.planning import replan_stale
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

DUE = NOW + timedelta(hours=23)
COUNT = 5
FULL = os.environ.get("CTC_FAULTS") == "full"

_CONSTRAINTS = """
SELECT conname,
       CASE contype WHEN 'c' THEN '23514' WHEN 'f' THEN '23503' WHEN 'x' THEN '23P01' ELSE '23505' END
FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype <> 't' AND contype <> 'n'
UNION ALL
SELECT i.relname, '23505' FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = %(table)s::regclass AND x.indisunique
UNION ALL
SELECT attname, '23502' FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attnotnull AND attnum > 0 AND NOT attisdropped
UNION ALL
VALUES ('too long', '22001'), ('too large', '22003'), ('a trigger', 'P0001')
ORDER BY 1, 2
"""

_RAISE = """
CREATE OR REPLACE FUNCTION pg_temp.poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'poison' USING ERRCODE = TG_ARGV[0], CONSTRAINT = TG_ARGV[1], TABLE = TG_TABLE_NAME;
END $$
"""


def constraints(table: str) -> list[tuple[str, str]]:
    """The table's constraints and other errors of a row, by name, with their codes.

    `make faults` takes them all, `make test` one of each code.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CONSTRAINTS, {"table": table})
        found = sorted(set(cursor.fetchall()))
    return found if FULL else list({code: (name, code) for name, code in found}.values())


def poison(table: str, when: str, name: str, code: str) -> None:
    """Let every write of the row for which `when` is true fail."""
    with connection.cursor() as cursor:
        # Earlier rows wait for the end of the transaction to be checked.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_RAISE)
        cursor.execute(
            f"CREATE TRIGGER poison BEFORE {'DELETE' if 'OLD' in when else 'INSERT OR UPDATE'} "
            f"ON {table} FOR EACH ROW "
            f"WHEN ({when}) EXECUTE FUNCTION pg_temp.poison('{code}', '{name}')"
        )


@pytest.fixture
def due() -> list[Order]:
    """Orders whose surrender check is due, each with its own police."""
    make.person(Role.ADMINISTRATOR)
    towns = [
        make.town(make.person(Role.LIAISON, make.agency()).memberships.get().agency) for _ in range(COUNT)
    ]
    return [make.served_order(respondent_town=town) for town in towns]


def check_of(order: Order) -> Checkpoint:
    return Checkpoint.objects.get(deadline__order=order, deadline__rule_id="CT-SUR-01", name="check")


@dataclass(frozen=True)
class Many:
    """A statement over many rows: its tables with the poisoned row's condition, and what it must do.

    `run` works on `COUNT` rows; `done` counts those that it processed.
    """

    tables: dict[str, str]
    run: Callable[[], object]
    done: Callable[[], int]


def each(of: Many) -> Iterator[str]:
    """Run the statement once for each table and constraint; yield what was wrong."""
    for table, when in of.tables.items():
        for name, code in constraints(table):
            with transaction.atomic():
                poison(table, when, name, code)
                of.run()
                done, parked = of.done(), ParkedRow.objects.count()
                if (done, parked) != (COUNT - 1, 1):
                    yield f"{table} {name} {code}: {done} done, {parked} parked"
                if not Finding.objects.filter(code="parked", resolved_at=None).exists():
                    yield f"{table} {name} {code}: no finding"
                transaction.set_rollback(True)


def fired() -> int:
    return Checkpoint.objects.filter(
        deadline__rule_id="CT-SUR-01", name="check", state=CheckpointState.FIRED
    ).count()


def only_checks() -> None:
    Checkpoint.objects.exclude(deadline__rule_id="CT-SUR-01", name="check").update(
        state=CheckpointState.WITHDRAWN
    )


def test_fire(due: Sequence[Order]) -> None:
    only_checks()
    order, check = due[2], check_of(due[2])
    statement = Many(
        tables={
            "notifications_alert": f"NEW.checkpoint_id = {check.pk}",
            "notifications_pendingacknowledgment": f"NEW.checkpoint_id = {check.pk}",
            "orders_checkpoint": f"NEW.id = {check.pk}",
            "orders_deadline": f"NEW.id = {check.deadline_id}",
            "orders_followup": f"NEW.deadline_id = {check.deadline_id}",
            "orders_historyentry": f"NEW.order_id = {order.pk}",
        },
        run=lambda: Firer("test").fire(now=DUE),
        done=fired,
    )

    assert list(each(statement)) == []


def alerts(due: Sequence[Order]) -> list[Alert]:
    """One alert for each order, ready to be sent."""
    only_checks()
    Firer("test").fire(now=DUE)
    Alert.objects.exclude(recipient__memberships__role=Role.LIAISON).delete()
    return list(Alert.objects.order_by("id"))


def in_state(*states: AlertState) -> int:
    return Alert.objects.filter(checkpoint__isnull=False, state__in=states).count()


def test_lease(due: Sequence[Order]) -> None:
    statement = Many(
        tables={"notifications_alert": f"NEW.id = {alerts(due)[2].pk}"},
        run=lambda: outbox.lease(10, worker="w"),
        done=lambda: in_state(AlertState.LEASED),
    )

    assert list(each(statement)) == []


def test_begin(due: Sequence[Order]) -> None:
    poisoned = alerts(due)[2]
    leased = outbox.lease(10, worker="w")
    begun = [
        BegunAlert(alert=one, key=one.public_id, bundled=1, template="", provider="smtp") for one in leased
    ]
    statement = Many(
        tables={"notifications_alert": f"NEW.id = {poisoned.pk}"},
        run=lambda: outbox.begin(begun),
        done=lambda: in_state(AlertState.SENDING),
    )

    assert list(each(statement)) == []


def test_complete(due: Sequence[Order]) -> None:
    poisoned = alerts(due)[2]
    leased = outbox.lease(10, worker="w")
    results = [AlertCompletion(alert=one, state=CompletionState.ACCEPTED) for one in leased]
    statement = Many(
        tables={"notifications_alert": f"NEW.id = {poisoned.pk}"},
        run=lambda: outbox.complete(results),
        done=lambda: in_state(AlertState.ACCEPTED),
    )

    assert list(each(statement)) == []


def test_reap(due: Sequence[Order]) -> None:
    poisoned = alerts(due)[2]
    outbox.lease(10, worker="w")
    Alert.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    statement = Many(
        tables={"notifications_alert": f"NEW.id = {poisoned.pk}"},
        run=sending.reap,
        done=lambda: in_state(AlertState.READY),
    )

    assert list(each(statement)) == []


def test_doubt(due: Sequence[Order]) -> None:
    poisoned = alerts(due)[2]
    Alert.objects.update(state=AlertState.IN_DOUBT, provider="smtp", first_sent_at=timezone.now())
    statement = Many(
        tables={"notifications_alert": f"NEW.id = {poisoned.pk}"},
        run=sending.reap,
        done=lambda: in_state(AlertState.READY),
    )

    assert list(each(statement)) == []


def test_wake(due: Sequence[Order]) -> None:
    poisoned = alerts(due)[2]
    later = timezone.now() + timedelta(hours=1)
    Alert.objects.update(state=AlertState.TEMPORARY_FAILURE, next_attempt_at=later)
    statement = Many(
        tables={"notifications_alert": f"NEW.id = {poisoned.pk}"},
        run=lambda: outbox.wake(["email"]),
        done=lambda: Alert.objects.filter(checkpoint__isnull=False, next_attempt_at__lt=later).count(),
    )

    assert list(each(statement)) == []


def test_paper(due: Sequence[Order]) -> None:
    poisoned = alerts(due)[2]
    Alert.objects.update(state=AlertState.FAILED)
    statement = Many(
        tables={
            "notifications_alert": f"NEW.id = {poisoned.pk} OR NEW.checkpoint_id = {poisoned.checkpoint_id}"
        },
        run=printing.fall_back_to_paper,
        done=lambda: Alert.objects.filter(channel="print").count(),
    )

    assert list(each(statement)) == []


def test_escalation(due: Sequence[Order]) -> None:
    escalation.load_steps()
    poisoned = alerts(due)[2]
    pending = PendingAcknowledgment.objects.get(checkpoint=poisoned.checkpoint_id)
    PendingAcknowledgment.objects.update(next_step_at=timezone.now())
    statement = Many(
        tables={
            "notifications_pendingacknowledgment": f"NEW.id = {pending.pk}",
            "notifications_alert": f"NEW.checkpoint_id = {poisoned.checkpoint_id}",
            "orders_historyentry": f"NEW.order_id = {poisoned.order_id}",
        },
        run=escalation.escalate,
        done=lambda: PendingAcknowledgment.objects.filter(step__gt=0).count(),
    )

    assert list(each(statement)) == []


def deliveries(state: DeliveryState, **facts: object) -> list[WebhookDelivery]:
    """One delivery for each of several systems."""
    person = make.person(Role.LIAISON, make.agency())
    agency = person.memberships.get().agency
    assert agency is not None
    now = timezone.now()
    found = []
    for _ in range(COUNT):
        hook, _secret = subscriptions.subscribe(
            agency=agency, url="http://127.0.0.1:1/", events=["alert.created"], by=person, now=now
        )
        found.append(WebhookDelivery.objects.create(subscription=hook, event="ping", state=state, **facts))
    return found


def of_webhooks(*states: DeliveryState) -> Callable[[], int]:
    return lambda: WebhookDelivery.objects.filter(state__in=states).count()


def test_lease_of_webhooks(due: Sequence[Order]) -> None:
    statement = Many(
        tables={"notifications_webhookdelivery": f"NEW.id = {deliveries(DeliveryState.READY)[2].pk}"},
        run=lambda: webhooks.lease(10),
        done=of_webhooks(DeliveryState.LEASED),
    )

    assert list(each(statement)) == []


def test_complete_of_webhooks(due: Sequence[Order]) -> None:
    poisoned = deliveries(DeliveryState.READY)[2]
    results = [DeliveryCompletion(delivery=one, state=DeliveryState.FAILED) for one in webhooks.lease(10)]
    statement = Many(
        tables={"notifications_webhookdelivery": f"NEW.id = {poisoned.pk}"},
        run=lambda: webhooks.complete(results),
        done=of_webhooks(DeliveryState.FAILED),
    )

    assert list(each(statement)) == []


def test_reap_of_webhooks(due: Sequence[Order]) -> None:
    over = timezone.now() - timedelta(seconds=1)
    poisoned = deliveries(DeliveryState.LEASED, lease_until=over)[2]
    statement = Many(
        tables={"notifications_webhookdelivery": f"NEW.id = {poisoned.pk}"},
        run=webhooks.reap,
        done=of_webhooks(DeliveryState.READY),
    )

    assert list(each(statement)) == []


def test_purge(due: Sequence[Order]) -> None:
    old = timezone.now() - timedelta(days=400)
    poisoned = deliveries(DeliveryState.FAILED, occurred_at=old)[2]
    statement = Many(
        tables={"notifications_webhookdelivery": f"OLD.id = {poisoned.pk}"},
        run=purge.purge,
        done=lambda: COUNT - WebhookDelivery.objects.count(),
    )

    assert list(each(statement)) == []


def test_replanning(due: Sequence[Order]) -> None:
    mine = Order.objects.filter(pk__in=[one.pk for one in due])
    mine.update(planned_with="older")
    statement = Many(
        tables={"orders_order": f"NEW.id = {due[2].pk}"},
        run=lambda: replan_stale.replan_stale(now=timezone.now()),
        done=lambda: mine.exclude(planned_with="older").count(),
    )

    assert list(each(statement)) == []


def test_a_parked_checkpoint_is_tried_again_and_then_no_finding(due: Sequence[Order]) -> None:
    only_checks()
    check = check_of(due[2])
    # What stopped the whole state: the row that FIRE would write is there already.
    blocking = PendingAcknowledgment.objects.create(
        checkpoint=check,
        order=due[2],
        agency=due[2].case.respondent.town.police,
        capacity="respondent_police",
    )
    Firer("test").fire(now=DUE)

    assert fired() == COUNT - 1
    parked = ParkedRow.objects.get()
    assert (parked.kind, parked.row) == ("checkpoint", check.pk)
    assert "pending_acknowledgment_once" in parked.reason
    found = Finding.objects.get(code="parked", resolved_at=None)
    assert Alert.objects.filter(finding=found).count() == 1
    assert Firer("test").fire(now=DUE).checkpoints == 0, "not before its time"

    blocking.delete()
    ParkedRow.objects.update(retry_at=timezone.now() - timedelta(seconds=RETRY))
    Firer("test").fire(now=DUE)
    assert fired() == COUNT
    audits.audit()
    assert not Finding.objects.filter(code="parked", resolved_at=None).exists()
