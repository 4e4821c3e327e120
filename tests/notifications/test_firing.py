"""FIRE: once, whole, to the right people, at the right time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import AgencyKind, Membership, Role
from notifications.models import Alert, AlertState, Via
from notifications.services.firing import fire
from notifications.services.firing.fire import Fired, Firer
from notifications.services.firing.fire_sql import IS_ANYTHING_DUE, PARAMETERS
from orders.models import Checkpoint, CheckpointState, Deadline, DeadlineState, FollowUp, Order
from orders.services import service
from orders.services.firearms import inventory, receipts
from orders.services.orders import vacatur
from tests import make
from tests.make import NOW

DUE = NOW + timedelta(hours=23)


@pytest.fixture
def firer() -> Firer:
    return Firer("test")


def surrender_deadline(order: Order) -> Deadline:
    return Deadline.objects.get(order=order, rule_id="CT-SUR-01")


@pytest.mark.django_db
def test_nothing_fires_before_it_is_due(firer: Firer) -> None:
    order = make.served_order()

    firer.fire(now=NOW)
    firer.fire(now=DUE - timedelta(hours=6, seconds=1))

    deadline = surrender_deadline(order)
    assert deadline.state == DeadlineState.OPEN
    assert not Alert.objects.filter(checkpoint__deadline=deadline).exists()


@pytest.mark.django_db
def test_no_one_has_a_follow_up_of_the_court_until_a_clerk_takes_it(firer: Firer) -> None:
    town, court = make.town(), make.agency(AgencyKind.COURT)
    clerk = make.person(Role.CLERK, court)
    make.served_order(respondent_town=town, court=court)

    firer.fire(now=DUE)

    of_court = FollowUp.objects.filter(owner=court)
    assert {alert.recipient for alert in Alert.objects.filter(agency=court, checkpoint__name="check")} == {
        clerk
    }
    assert of_court
    assert {one.assigned_to for one in of_court} == {None}


@pytest.mark.django_db
def test_missed_surrender_is_overdue_with_owner_and_one_alert_a_recipient(firer: Firer) -> None:
    town, court = make.town(), make.agency(AgencyKind.COURT)
    liaison, clerk = make.person(Role.LIAISON, town.police), make.person(Role.CLERK, court)
    make.person(Role.LIAISON, make.agency())
    order = make.served_order(respondent_town=town, court=court)

    firer.fire(now=DUE)

    deadline = surrender_deadline(order)
    assert (deadline.state, deadline.overdue_at) == (DeadlineState.OVERDUE, DUE)
    follow_up = FollowUp.objects.get(deadline=deadline)
    assert (follow_up.owner, follow_up.assigned_to) == (town.police, liaison)
    checked = Alert.objects.filter(checkpoint__name="check", checkpoint__deadline=deadline)
    assert {alert.recipient for alert in checked} == {liaison, clerk}
    assert {alert.via for alert in checked} == {Via.PERSON}
    checkpoint = Checkpoint.objects.get(deadline=deadline, name="check")
    assert (checkpoint.state, checkpoint.expected) == (CheckpointState.FIRED, 2)
    assert order.history.filter(kind="deadline_overdue", data__rule="CT-SUR-01").count() == 1


@pytest.mark.django_db
def test_firing_again_does_nothing(firer: Firer) -> None:
    make.served_order()
    firer.fire(now=DUE)
    before = Alert.objects.count()

    assert firer.fire(now=DUE) == Fired()
    firer.forget()
    assert firer.fire(now=DUE + timedelta(hours=1)) == Fired()
    assert Alert.objects.count() == before


@pytest.mark.django_db
def test_reminder_changes_no_state(firer: Firer) -> None:
    order = make.served_order()

    firer.fire(now=DUE - timedelta(hours=6))

    deadline = surrender_deadline(order)
    assert deadline.state == DeadlineState.OPEN
    assert not FollowUp.objects.filter(deadline=deadline).exists()
    assert order.history.get(kind="reminded").data["rule"] == "CT-SUR-01"


@pytest.mark.django_db
def test_one_person_in_two_capacities_is_notified_once(firer: Firer) -> None:
    town = make.town()
    liaison = make.person(Role.LIAISON, town.police)
    order = make.order(respondent_town=town)
    service.record_service(
        order, served_at=NOW - timedelta(hours=1), service_method="in_hand", town=town, by=None, now=NOW
    )

    firer.fire(now=DUE)

    assert Alert.objects.filter(recipient=liaison, checkpoint__name="check").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("without", ["members", "inactive", "alerts off", "wrong role"])
def test_agency_without_recipients_falls_back_to_the_administrator(firer: Firer, without: str) -> None:
    town = make.town()
    administrator = make.person(Role.ADMINISTRATOR)
    if without == "inactive":
        make.person(Role.LIAISON, town.police, active=False)
    if without == "alerts off":
        make.person(Role.LIAISON, town.police)
        Membership.objects.filter(agency=town.police).update(receives_alerts=False)
    if without == "wrong role":
        make.person(Role.PROSECUTOR, town.police)
    order = make.served_order(respondent_town=town)

    firer.fire(now=DUE)

    alert = Alert.objects.get(
        order=order, checkpoint__name="check", checkpoint__deadline__rule_id="CT-SUR-01"
    )
    assert (alert.recipient, alert.via, alert.state) == (administrator, Via.FALLBACK, AlertState.READY)


@pytest.mark.django_db
def test_agency_without_members_is_notified_at_its_own_address(firer: Firer) -> None:
    police = make.agency(email="desk@police.example")
    make.person(Role.ADMINISTRATOR)
    order = make.served_order(respondent_town=make.town(police))

    firer.fire(now=DUE)

    alert = Alert.objects.get(order=order, checkpoint__name="check", agency=police)
    assert (alert.recipient, alert.via, alert.state) == (None, Via.DESK, AlertState.READY)


@pytest.mark.django_db
def test_without_any_recipient_a_failed_alert_is_written(firer: Firer) -> None:
    order = make.served_order()

    firer.fire(now=DUE)

    alerts = Alert.objects.filter(order=order, checkpoint__deadline__rule_id="CT-SUR-01")
    assert alerts
    assert {(alert.via, alert.state) for alert in alerts} == {(Via.MISSING, AlertState.FAILED)}


@pytest.mark.django_db
def test_a_clerk_does_not_replace_police_without_recipients(firer: Firer) -> None:
    court = make.agency(AgencyKind.COURT)
    make.person(Role.CLERK, court)
    administrator = make.person(Role.ADMINISTRATOR)
    order = make.served_order(court=court)

    firer.fire(now=DUE)

    vias = {
        alert.recipient_id: alert.via for alert in Alert.objects.filter(order=order, checkpoint__name="check")
    }
    assert vias[administrator.pk] == Via.FALLBACK


@pytest.mark.django_db
def test_met_deadline_fires_nothing_more(firer: Firer) -> None:
    order = make.served_order()
    firearm = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)
    receipts.record_receipt(
        order, kind="police", received_at=NOW, firearms=[firearm], agency=make.agency(), by=None, now=NOW
    )

    firer.fire(now=DUE + timedelta(days=3))

    assert surrender_deadline(order).state == DeadlineState.MET
    assert not Alert.objects.filter(checkpoint__deadline__rule_id="CT-SUR-01").exists()


@pytest.mark.django_db
def test_corrected_service_is_armed_again_after_it_fired(firer: Firer) -> None:
    order = make.served_order()
    firer.fire(now=DUE)

    later = NOW + timedelta(hours=23, minutes=30)
    service.correct_service(order, served_at=NOW, reason="read the wrong line", by=None, now=later)
    deadline = surrender_deadline(order)
    assert (deadline.state, deadline.revision) == (DeadlineState.OPEN, 1)
    assert FollowUp.objects.get(deadline=deadline).outcome == "moved"

    firer.fire(now=NOW + timedelta(hours=24))

    deadline.refresh_from_db()
    assert deadline.state == DeadlineState.OVERDUE
    checks = Checkpoint.objects.filter(deadline=deadline, name="check").order_by("revision")
    assert [check.state for check in checks] == [CheckpointState.FIRED, CheckpointState.FIRED]
    assert FollowUp.objects.filter(deadline=deadline, closed_at=None).count() == 1


@pytest.mark.django_db
def test_vacated_order_fires_nothing(firer: Firer) -> None:
    order = make.served_order()
    vacatur.vacate_order(order, vacated_at=NOW, reason="dismissed", by=None, now=NOW)

    assert firer.fire(now=NOW).alerts == 1, "police hear of the vacatur"
    assert firer.fire(now=DUE + timedelta(days=40)) == Fired()
    assert surrender_deadline(order).state == DeadlineState.WITHDRAWN


@pytest.mark.django_db
def test_old_due_instant_is_found_within_a_sweep(firer: Firer, monkeypatch: pytest.MonkeyPatch) -> None:
    make.served_order()
    firer.fire(now=DUE)
    long_ago = make.served_order(ago=timedelta(days=20), issued_at=NOW - timedelta(days=21))
    assert firer.fire(now=DUE).overdue == 0, "below the low-water mark"

    monkeypatch.setattr(fire, "SWEEP_EVERY", timedelta(0))

    assert firer.fire(now=DUE).overdue >= 1
    assert surrender_deadline(long_ago).state == DeadlineState.OVERDUE


@pytest.mark.django_db
def test_more_than_one_batch_is_fired_in_one_call(firer: Firer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fire, "BATCH", 2)
    for _ in range(3):
        make.served_order()

    assert firer.fire(now=DUE).checkpoints == Checkpoint.objects.filter(state=CheckpointState.FIRED).count()
    assert not Checkpoint.objects.filter(state=CheckpointState.PENDING, fires_at__lte=DUE).exists()


@pytest.mark.django_db
def test_key_is_made_of_the_natural_key_only(firer: Firer) -> None:
    town = make.town()
    liaison = make.person(Role.LIAISON, town.police)
    order = make.served_order(respondent_town=town)

    firer.fire(now=DUE)

    alert = Alert.objects.get(recipient=liaison, checkpoint__name="check")
    assert alert.idem_key == f"{order.public_id}:CT-SUR-01::check:0:email:u{liaison.pk}"


@pytest.mark.django_db
def test_claim_walks_the_partial_index(firer: Firer) -> None:
    """With a million fired rows the claim must not look at them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM orders_checkpoint WHERE state = 0 "
            "AND fires_at <= COALESCE(NULL, statement_timestamp()) AND fires_at >= '-infinity' "
            "ORDER BY fires_at, id LIMIT 500"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "checkpoint_pending" in plan
    assert "Sort" not in plan


@pytest.mark.django_db
def test_idle_pulse_does_not_read_all_that_is_pending(firer: Firer) -> None:
    """Statistics know how many rows are pending and how many are past, not that no row is both.

    So PostgreSQL expects many due rows.
    """
    now = timezone.now()
    first = make.served_order().deadlines.order_by("pk")[0]

    def checkpoint(name: str, fires_at: datetime, **values: Any) -> Checkpoint:
        return Checkpoint(
            deadline=first, name=name, purpose="remind", audience=[], fires_at=fires_at, **values
        )

    fired = {"state": CheckpointState.FIRED, "fired_at": now, "expected": 0}
    Checkpoint.objects.bulk_create(
        one
        for day in range(1, 2000)
        for one in (
            checkpoint(f"later {day}", now + timedelta(days=day)),
            checkpoint(f"fired {day}", now - timedelta(days=day), **fired),
        )
    )
    parameters = {**PARAMETERS, "now": None, "low_water": "-infinity"}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_checkpoint")
        cursor.execute(f"EXPLAIN {IS_ANYTHING_DUE}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "checkpoint_pending" in plan, plan
    assert "Sort" not in plan


def _at_once(*works: Callable[[], object]) -> None:
    def run(work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_five_firers_at_once_fire_each_once() -> None:
    police = make.agency()
    make.person(Role.LIAISON, police)
    town = make.town(police)
    court = make.agency(AgencyKind.COURT)
    for _ in range(40):
        make.served_order(respondent_town=town, court=court)
    total: list[int] = []

    _at_once(*[lambda: total.append(Firer("racer").fire(now=DUE).checkpoints)] * 5)

    # Two that race for two checkpoints of one deadline may pass over each other's; the next pulse finds it.
    total.append(Firer("next").fire(now=DUE).checkpoints)
    fired = Checkpoint.objects.filter(state=CheckpointState.FIRED)
    assert sum(total) == fired.count()
    assert not Checkpoint.objects.filter(state=CheckpointState.PENDING, fires_at__lte=DUE).exists()
    assert all(one.expected == one.alerts.count() for one in fired.prefetch_related("alerts"))


@pytest.mark.django_db(transaction=True)
def test_order_being_changed_is_passed_over_and_found_afterwards() -> None:
    """A service holds the deadline: FIRE neither waits nor loses it."""
    order = make.served_order()
    seen: list[Fired] = []
    with transaction.atomic():
        list(Deadline.objects.select_for_update(no_key=True).filter(order=order))
        _at_once(lambda: seen.append(Firer("passer-by").fire(now=DUE)))
    assert seen[0].overdue == 0

    assert Firer("later").fire(now=DUE).overdue >= 1


@pytest.mark.django_db(transaction=True)
def test_receipt_racing_fire_leaves_one_truth() -> None:
    """Whichever wins, a met deadline has no open follow-up and an overdue one has alerts."""
    police = make.agency()
    pairs = []
    for _ in range(12):
        order = make.served_order(respondent_town=make.town(police))
        pairs.append((order, inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)))

    def transfer() -> None:
        for order, firearm in pairs:
            receipts.record_receipt(
                order,
                kind="police",
                received_at=NOW,
                firearms=[firearm],
                agency=police,
                by=None,
                now=NOW,
            )

    def fire() -> None:
        for _ in range(12):
            Firer("racer").fire(now=DUE)

    _at_once(transfer, fire)

    for order, _ in pairs:
        deadline = surrender_deadline(order)
        assert deadline.state == DeadlineState.MET
        assert not FollowUp.objects.filter(deadline=deadline, closed_at=None).exists()
        assert not Checkpoint.objects.filter(deadline=deadline, state=CheckpointState.PENDING).exists()
