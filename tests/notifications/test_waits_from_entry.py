"""The second notices of an order with a permit, by when it was issued, entered, corrected and restored."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Town
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, CheckpointState, Order
from orders.services.firearms.inventory import list_firearm
from orders.services.orders.corrections import correct_order
from orders.services.orders.withdrawal import restore_order, withdraw_order
from orders.services.planning.replan import replan
from orders.services.service import record_service
from tests import make
from tests.make import NOW
from tests.make_export import order_row, write_export

pytestmark = pytest.mark.django_db

TWO_DAYS = timedelta(days=2)
#: The clerk's next morning but the weekend, after a Friday afternoon.
MONDAY_AT_NINE = NOW + timedelta(days=2, hours=17)


def waiting(order: Order) -> dict[str, datetime]:
    """When the notices about the permit fire that wait."""
    found = Checkpoint.objects.filter(
        deadline__order=order, deadline__rule_id__startswith="ANN-PERMIT", state=CheckpointState.PENDING
    )
    return dict(found.values_list("name", "fires_at"))


def entered(*, ago: timedelta, permit: bool = True, now: datetime = NOW) -> Order:
    """An order issued so long ago and entered now."""
    return make.order(permit_indicated=permit, issued_at=NOW - ago, announces=True, now=now)


@pytest.mark.parametrize("days", [0, 1, 3, 30, 300])
def test_the_licensing_unit_has_two_days_from_the_entry(days: int) -> None:
    order = entered(ago=timedelta(days=days))

    assert waiting(order) == {
        "licensing": NOW,
        "not-revoked": NOW + TWO_DAYS,
        "court": MONDAY_AT_NINE,
    }
    assert order.entered_at == NOW


def test_planning_again_leaves_them() -> None:
    order = entered(ago=timedelta(days=3))
    before = waiting(order)
    for hours in (1, 30):
        later = NOW + timedelta(hours=hours)
        list_firearm(order, source="police", make="COL", now=later, by=None)
        with transaction.atomic():
            replan([Order.objects.get()], now=later)

    assert waiting(order) == before


def test_a_permit_that_a_correction_brings_counts_from_the_correction() -> None:
    order = entered(ago=timedelta(days=10), permit=False, now=NOW - timedelta(days=9))
    assert waiting(order) == {}

    correct_order(order, permit_indicated=True, reason="The box was overlooked.", now=NOW, by=None)

    assert waiting(order)["not-revoked"] == NOW + TWO_DAYS
    assert Order.objects.get().entered_at == NOW - timedelta(days=9)


def test_an_order_that_is_back_is_announced_with_the_whole_time() -> None:
    order = entered(ago=timedelta(days=10))
    withdraw_order(order, reason="Of another court.", now=NOW, by=None)
    assert waiting(order) == {}
    back = NOW + timedelta(days=7)

    restore_order(order, reason="It is of this court.", now=back, by=None)

    assert waiting(order) == {
        "licensing": back,
        "not-revoked": back + TWO_DAYS,
        "court": MONDAY_AT_NINE + timedelta(days=7),
    }


def ahead(order: Order, rule: str) -> dict[str, datetime]:
    """When the notices of the announcement fire that wait."""
    found = Checkpoint.objects.filter(
        deadline__order=order, deadline__rule_id=rule, state=CheckpointState.PENDING
    )
    return dict(found.values_list("name", "fires_at"))


@pytest.mark.parametrize(("days", "is_near"), [(-1, False), (0, True), (3, True)])
def test_the_last_reminder_comes_at_once_until_the_day_of_the_hearing(days: int, *, is_near: bool) -> None:
    """An order that is not served, entered late: those who wait for service hear that it is missing."""
    given: dict[str, Any] = {"firearms_indicated": False, "issued_at": NOW - timedelta(days=5)}
    order = make.order(hearing_on=NOW.date() + timedelta(days=days), announces=True, **given)

    assert ahead(order, "ANN-UNSERVED") == ({"protected-3d": NOW} if is_near else {})
    later = make.order(hearing_on=NOW.date() + timedelta(days=7), announces=True, **given)
    assert ahead(later, "ANN-UNSERVED") == {"protected-3d": NOW + timedelta(days=3, hours=17)}


def test_an_order_that_is_near_its_end_when_it_is_entered_is_announced() -> None:
    issued = NOW - timedelta(days=350)
    order = make.order(
        kind="civil_protection_order",
        issued_at=issued,
        expires_on=NOW.date() + timedelta(days=10),
        announces=True,
    )

    assert ahead(order, "ANN-EXPIRY-CPO") == {"remind-30d": NOW}


@pytest.mark.parametrize(("days", "is_news"), [(3, True), (30, False)])
def test_an_import_counts_from_itself_and_an_old_order_is_no_news(
    tmp_path: Path, days: int, *, is_news: bool
) -> None:
    police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE, ori="CT0006200")
    Town.objects.create(name="Hamden", police=police)
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD HHX")
    issued = (timezone.now() - timedelta(days=days)).replace(microsecond=0)
    row = order_row(
        1,
        issued_at=issued.isoformat(),
        expires_on=(issued + timedelta(days=300)).date().isoformat(),
        hearing_on="",
        served_at="",
        service_method="",
        permit_held="Y",
    )
    call_command("import_por", str(write_export(tmp_path, [row], [], [])), verbosity=0)
    order = Order.objects.get()

    assert order.permit_indicated
    found = waiting(order)
    assert set(found) == ({"licensing", "not-revoked", "court"} if is_news else set())
    if is_news:
        assert found["not-revoked"] == order.entered_at + TWO_DAYS
    # Whatever a person does next, the old order is no news.
    list_firearm(order, source="police", make="COL", now=timezone.now(), by=None)
    assert set(waiting(order)) == set(found)


def test_the_court_hears_a_day_after_a_check_that_came_late() -> None:
    order = make.order(issued_at=NOW - timedelta(days=9), announces=True)
    record_service(order, served_at=NOW - timedelta(days=5), service_method="in_hand", now=NOW, by=None)
    pending = Checkpoint.objects.filter(
        deadline=make.deadline(order, "CT-SUR-01"), state=CheckpointState.PENDING
    )
    after = NOW + timedelta(days=1)
    assert dict(pending.values_list("name", "fires_at"))["escalate-24h"] == after

    Firer("test").fire(now=NOW)
    list_firearm(order, source="police", make="COL", now=NOW + timedelta(hours=3), by=None)

    assert dict(pending.values_list("name", "fires_at")) == {"escalate-24h": after}
