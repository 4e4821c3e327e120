"""Facts from before the order are doubted at every door: more often, the year is a typing error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.dates import court_date
from accounts.models import AgencyKind
from orders.errors import DoubtfulFact
from orders.models import HistoryEntry, Order
from orders.services.conditions import conditions, notices
from orders.services.corrections import correct
from orders.services.firearms import inventory
from orders.services.orders import case_events
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": make.NOW}
EARLY = date(2016, 11, 28)
TODAY = make.NOW.date()


def _event(order: Order, **more: Any) -> object:
    return case_events.record_case_event(order, kind="police_notified", occurred_on=EARLY, **more, **BY)


def _corrected_event(order: Order, **more: Any) -> object:
    row = case_events.record_case_event(order, kind="police_notified", occurred_on=TODAY, **BY)
    return correct(row, {"occurred_on": EARLY}, reason="A slip.", **more, **BY)


def _notice(order: Order, **more: Any) -> object:
    return notices.record_notice_sent(order, entry="CT-SVC-04", sent_on=EARLY, **more, **BY)


def _corrected_notice(order: Order, **more: Any) -> object:
    row = notices.record_notice_sent(order, entry="CT-SVC-04", sent_on=TODAY, **BY)
    return correct(row, {"sent_on": EARLY}, reason="A slip.", **more, **BY)


def _satisfied(order: Order, **more: Any) -> object:
    row = conditions.set_condition(order, condition="CT-SUR-05", due_on=TODAY, **BY)
    return conditions.mark_satisfied(row, satisfied_on=EARLY, **more, **BY)


def _corrected_satisfaction(order: Order, **more: Any) -> object:
    row = conditions.set_condition(order, condition="CT-SUR-05", due_on=TODAY, **BY)
    conditions.mark_satisfied(row, satisfied_on=TODAY, **BY)
    return correct(row, {"satisfied_on": EARLY}, reason="A slip.", **more, **BY)


def _permit(order: Order, **more: Any) -> object:
    row = inventory.record_permit(order, kind="pistol permit", **BY)
    police = make.agency(AgencyKind.POLICE)
    return inventory.hand_in_permit(row, handed_in_on=EARLY, agency=police, **more, **BY)


@pytest.mark.parametrize(
    "act",
    [_event, _corrected_event, _notice, _corrected_notice, _satisfied, _corrected_satisfaction, _permit],
)
def test_a_day_before_the_order_needs_a_reason(act: Callable[..., object]) -> None:
    with pytest.raises(DoubtfulFact, match=r"Mon, Nov 28, 2016 is before the order was issued") as doubted:
        act(make.order())
    assert doubted.value.code == "before_the_order"

    order = make.order()
    act(order, confirm="It was so.")

    last = HistoryEntry.objects.filter(order=order).exclude(kind="replanned").latest("id")
    assert "It was so." in (last.reason, last.data.get("confirmed"))


def test_an_application_comes_before_the_order_but_not_years_before() -> None:
    order = make.order()
    filed = {"kind": "application_filed", **BY}

    case_events.record_case_event(order, occurred_on=order.issued_on - timedelta(days=30), **filed)

    with pytest.raises(DoubtfulFact, match="long before the order"):
        case_events.record_case_event(order, occurred_on=EARLY, **filed)


def test_every_page_asks_for_the_reason(desk: Client, enter: Enter, now: datetime) -> None:
    order = enter()
    by: dict[str, Any] = {"by": None, "now": now}
    ordered = conditions.set_condition(order, condition="CT-SUR-05", due_on=court_date(now), **by)
    permit = inventory.record_permit(order, kind="pistol permit", **by)
    police = make.agency(AgencyKind.POLICE)
    typed: dict[str, tuple[str, dict[str, Any]]] = {
        "case-event": ("occurred_at", {"kind": "police_notified"}),
        "sent": ("sent_at", {"entry": "CT-SVC-04"}),
        "satisfy-condition": ("satisfied_at", {"condition": ordered.pk}),
        "hand-in-permit": ("handed_in_on", {"permit": permit.pk, "agency": police.pk}),
    }
    for name, (field, more) in typed.items():
        day = EARLY.isoformat()
        sheet = {field: day, f"{field}_0": day, f"{field}_1": "", **more}
        page = f"{page_of(order)}{name}/"

        asked = desk.post(page, sheet)
        assert "Reason to continue" in asked.content.decode(), name

        assert desk.post(page, sheet | {"confirm": "It was so."}).status_code == 302, name
