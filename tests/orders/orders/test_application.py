"""What the application indicates decides when its hearing is, by every way of entry (C.G.S. § 46b-15(b))."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from accounts.models import AgencyKind, Role
from orders.models import DeadlineState, FirearmSource, Order
from orders.services.firearms.inventory import list_firearm, record_permit
from orders.services.orders.corrections import correct_order
from orders.services.orders.entry_sheet import Listed, enter_sheet
from tests import make
from tests.make import NOW, deadline

pytestmark = pytest.mark.django_db

GIVEN: dict[str, Any] = {"by": None, "now": NOW}


def sheet(**listed: Any) -> Order:
    """An order entered with its list on one sheet, no box ticked."""
    court = make.agency(AgencyKind.COURT)
    new = make.new_order(court=court, firearms_indicated=False, hearing_on=date(2026, 12, 9))
    return enter_sheet(new, Listed(**listed), by=make.person(Role.CLERK, court), now=NOW, confirm="Seen.")


def with_listed(source: FirearmSource) -> Order:
    """An order with a firearm that was listed after entry."""
    order = make.order(firearms_indicated=False)
    list_firearm(order, source=source, make="Ruger", serial="S-771", **GIVEN)
    return order


def with_permit() -> Order:
    """An order with a permit that became known after entry."""
    order = make.order(firearms_indicated=False)
    record_permit(order, kind="Pistol permit", number="1", **GIVEN)
    return order


def corrected() -> Order:
    """An order whose box for the permit was ticked by a correction."""
    order = make.order(firearms_indicated=False)
    correct_order(order, permit_indicated=True, reason="On the application.", **GIVEN)
    return order


@pytest.mark.parametrize(
    ("enter", "rule"),
    [
        (lambda: make.order(firearms_indicated=True), "CT-HRG-07"),
        (lambda: make.order(firearms_indicated=False, firearms_alleged_count=2), "CT-HRG-07"),
        (lambda: make.order(firearms_indicated=False, permit_indicated=True), "CT-HRG-07"),
        (lambda: sheet(permit_kind="Pistol permit"), "CT-HRG-07"),
        (lambda: sheet(firearms=({"make": "Ruger", "serial": "S-770"},)), "CT-HRG-07"),
        (lambda: with_listed(FirearmSource.APPLICATION), "CT-HRG-07"),
        (corrected, "CT-HRG-07"),
        (lambda: make.order(firearms_indicated=False), "CT-HRG-14"),
        (sheet, "CT-HRG-14"),
        (lambda: with_listed(FirearmSource.POLICE), "CT-HRG-14"),
        (with_permit, "CT-HRG-14"),
    ],
    ids=[
        *("box", "number", "permit", "permit on the sheet", "firearm on the sheet", "listed", "corrected"),
        *("nothing", "sheet without", "listed by police", "permit known later"),
    ],
)
def test_hearing_is_within_seven_days_if_the_application_indicates_it(
    enter: Callable[[], Order], rule: str
) -> None:
    order = enter()

    found = order.deadlines.filter(rule_id__in=["CT-HRG-07", "CT-HRG-14"])
    (planned,) = found.exclude(state=DeadlineState.WITHDRAWN)
    assert planned.rule_id == rule
    assert deadline(order, rule).due_on is not None
