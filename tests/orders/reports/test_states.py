"""The compliance report of a state counts its own orders only, by its own rule."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import AgencyKind, Membership, Role
from orders.models import Order
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.reports.apart import SurrenderStatus, all_cases, count_apart
from orders.services.reports.compliance import count_compliance, surrender_rule
from tests import make
from tests.callers import MakeCaller
from tests.make import NOW

pytestmark = pytest.mark.django_db


#: Every surrender that is due within a day of service is over by then.
LATER = NOW + timedelta(days=4)


def orders_of(state: str) -> None:
    """An unserved order, one that is overdue, and two whose firearm was handed in, at once and late."""
    given: dict[str, Any] = {"jurisdiction": state, "kind": "final_erpo"}
    make.order(**given)
    make.served_order(**given)
    for hours in (0, 50):
        order = make.served_order(ago=timedelta(), **given)
        surrendered(order, after=timedelta(hours=hours))


def surrendered(order: Order, *, after: timedelta) -> None:
    assert order.served_at
    firearm = list_firearm(order, serial="S-1", source="police", by=None, now=NOW)
    record_receipt(
        order,
        kind="police",
        received_at=order.served_at + after,
        firearms=[firearm],
        agency=make.agency(),
        by=None,
        now=LATER,
    )


@pytest.mark.parametrize("state", ["us_ca", "us_de", "us_vt", "us_wa"])
def test_a_state_is_counted_as_the_planner_judges_its_orders(state: str) -> None:
    for one in (state, "us_ma"):
        orders_of(one)
    make.served_order()

    found = count_compliance(LATER, jurisdiction=state)

    assert {status: count for status, count in found.orders.items() if count} == {
        SurrenderStatus.NOT_STARTED: 1,
        SurrenderStatus.OVERDUE: 1,
        SurrenderStatus.MET_ON_TIME: 1,
        SurrenderStatus.MET_LATE: 1,
    }
    assert (found.firearms_listed, found.firearms_accounted) == (2, 2)
    rule = surrender_rule(state)
    assert rule is not None
    judged = count_apart(all_cases(state, None), LATER, rule, seconds=60)
    assert {status: judged[status] for status in SurrenderStatus} == found.orders


def test_a_state_without_a_time_to_surrender_counts_firearms_only() -> None:
    orders_of("us_in")
    out = StringIO()

    call_command("compliance_report", "--as-of", LATER.isoformat(), "--state", "us_in", stdout=out)
    call_command("compliance_report", "--as-of", LATER.isoformat(), "--state", "us_in", "--json", stdout=out)

    *text, document = out.getvalue().splitlines()
    assert text[0] == "The rules of Indiana set no time to surrender firearms."
    assert text[-1] == "Firearms: 2 of 4 accounted for; 0 alleged, 2 listed"
    assert json.loads(document) == {"firearms_outstanding_past_due": 0}


def test_the_api_counts_one_state(caller: MakeCaller) -> None:
    orders_of("us_vt")
    court = Order.objects.earliest("id").case.court
    clerk = make.person(Role.CLERK, court)
    both = make.person(Role.CLERK, court)
    Membership.objects.create(user=both, agency=make.agency(AgencyKind.COURT), role=Role.CLERK)

    def report(by: Any, **query: str) -> Any:
        return caller(by).get("/reports/compliance", as_of=LATER.isoformat(), **query).json()

    own = report(clerk)
    assert (own["jurisdiction"], own["rule"], own["orders"]) == ("us_vt", "VT-SUR", 1)
    assert own["courts"] == [court.name]
    assert report(both, jurisdiction="us_ct")["orders"] == 0
    assert report(both, jurisdiction="us_vt")["orders"] == 1
    assert report(both)["rule"] == "CT-SUR-01"
    everywhere = report(make.person(Role.AUDITOR), jurisdiction="us_vt")
    assert (everywhere["courts"], everywhere["orders"]) == (None, 4)
