"""What is past when it is entered has an owner and its alert at once, for every kind of order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AgencyKind, Role
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import CheckpointState, Deadline, DeadlineState, FollowUp
from orders.services.orders.entry import NewOrder, enter_orders
from orders.services.planning.rulebooks import bundled
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

#: How long ago the orders were issued.
AGES = (timedelta(days=3), timedelta(days=300))


def orders_of(state: str) -> Iterator[NewOrder]:
    """Old and fresh orders of every kind of the state, served and not."""
    court = make.agency(AgencyKind.COURT)
    court.jurisdiction = state
    court.save()
    make.person(Role.CLERK, court)
    town = make.town()
    make.person(Role.LIAISON, town.police)
    kinds = {one.kind for rule in bundled().rules if rule.jurisdiction == state for one in rule.binds}
    for kind in sorted(kinds):
        for ago in AGES:
            for given in (served(ago), {}):
                yield make.new_order(
                    court=court, respondent_town=town, kind=str(kind), issued_at=NOW - ago, **given
                )


def served(ago: timedelta) -> dict[str, Any]:
    return {"served_at": NOW - ago + timedelta(hours=1), "service_method": "in_hand"}


def unalerted() -> list[str]:
    """What is past and neither met nor overdue with its check fired, a follow-up and an alert."""
    past = Deadline.objects.filter(due_at__lt=NOW, met_at=None).select_related("order")
    found = []
    for one in past.exclude(state__in=[DeadlineState.WITHDRAWN, DeadlineState.MET]).order_by("rule_id", "pk"):
        checks = one.checkpoints.filter(purpose="check", revision=one.revision, state=CheckpointState.FIRED)
        is_told = (
            one.state == DeadlineState.OVERDUE
            and Alert.objects.filter(checkpoint__in=checks).exists()
            and FollowUp.objects.filter(deadline=one, closed_at=None).exists()
        )
        if not is_told:
            found.append(f"{one.rule_id} {one.order.kind} {one.state}")
    return found


@pytest.mark.parametrize("state", ["us_ct", "us_wa"])
def test_what_is_past_when_it_is_entered_has_owner_and_alert_at_once(state: str) -> None:
    enter_orders(list(orders_of(state)), by=None, now=NOW, reason="An old order.")

    Firer("test").fire(now=NOW, budget=60)

    assert Deadline.objects.filter(state=DeadlineState.OVERDUE).count() > 10
    without_check = {rule.id for rule in bundled().rules if not rule.has_check}
    assert [one for one in unalerted() if one.split()[0] not in without_check] == []


@pytest.mark.parametrize("source", ["admin", "import"])
def test_what_is_due_at_the_instant_of_entry_has_its_check(source: str) -> None:
    given = {"served_at": NOW - timedelta(hours=24), "service_method": "in_hand"}
    (order,) = enter_orders([make.new_order(**given)], by=None, now=NOW, source=source)
    row = make.deadline(order, "CT-SUR-01")
    assert (row.due_at, row.state) == (NOW, DeadlineState.OPEN)

    Firer("test").fire(now=NOW, budget=60)

    row.refresh_from_db()
    assert row.state == DeadlineState.OVERDUE
    assert row.follow_ups.filter(closed_at=None).exists()
    assert Alert.objects.filter(checkpoint__deadline=row, checkpoint__purpose="check").exists()
