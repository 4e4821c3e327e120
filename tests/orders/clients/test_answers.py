"""The four answers about a client's order, for each state of the facts, and never more than the release."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AgencyKind
from orders.models import ConfidentialityRelease, Order
from orders.services import hearings
from orders.services.clients.answers import (
    ClientOrder,
    DateKind,
    EndKind,
    Holder,
    Word,
    client_orders,
)
from orders.services.firearms import inventory, receipts, statements
from orders.services.firearms.requests import record_custody_request
from orders.services.orders import case_events
from orders.services.orders.vacatur import vacate_order
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}


def release(order: Order, **covers: bool) -> ConfidentialityRelease:
    """A release of the order that is in force."""
    row = ConfidentialityRelease.objects.create(
        order=order,
        agency=make.agency(AgencyKind.ADVOCACY),
        signed_on=NOW.date(),
        begins_at=NOW - timedelta(days=1),
        ends_at=NOW + timedelta(days=60),
        **covers,
    )
    return ConfidentialityRelease.objects.select_related("order__case__court").get(pk=row.pk)


def answers(order: Order, **covers: bool) -> ClientOrder:
    """The answers about an order."""
    (found,) = client_orders([release(order, **covers)], NOW)
    return found


def pistol(order: Order) -> Order:
    """The order with a listed pistol."""
    inventory.list_firearm(order, serial="S-1", source="application", **BY)
    return order


def received(order: Order, kind: str, **given: Any) -> Order:
    """The order after everything on its list was received."""
    firearms = list(order.firearms.all())
    at = NOW - timedelta(minutes=30)
    receipts.record_receipt(
        order, kind=kind, received_at=at, firearms=firearms, receipt_number="R", **given, **BY
    )
    return order


def sworn(order: Order) -> Order:
    """The order after the respondent swore to hold nothing."""
    at = NOW - timedelta(minutes=20)
    statements.record_statement(order, kind="non_possession", sworn_at=at, **BY)
    return order


def by_police(order: Order) -> Order:
    """The order after police received the pistol."""
    return received(pistol(order), "police", agency=order.case.respondent.town.police)


def by_dealer(order: Order) -> Order:
    """The order after a dealer received the pistol."""
    return received(pistol(order), "dealer", dealer_license="6-06-014-01-7M-12345")


SERVED: dict[str, Any] = {"served_at": NOW - timedelta(hours=1), "service_method": "in_hand"}
LATE: dict[str, Any] = {"served_at": NOW - timedelta(hours=30), "service_method": "in_hand"}


@pytest.mark.parametrize(
    ("facts", "change", "word", "is_late"),
    [
        ({}, pistol, Word.NOT_YET, False),
        (SERVED, pistol, Word.NOT_YET, False),
        (LATE, pistol, Word.NOT_YET, True),
        (SERVED, by_police, Word.YES, False),
        (SERVED, by_dealer, Word.YES, False),
        (SERVED | {"firearms_indicated": False}, sworn, Word.SWORN, False),
        # The denial does not meet the duty, because the application names firearms.
        (SERVED, sworn, Word.SWORN, False),
        (LATE, sworn, Word.SWORN, True),
    ],
)
def test_are_the_firearms_handed_in(
    *, facts: dict[str, Any], change: Callable[[Order], Order], word: Word, is_late: bool
) -> None:
    found = answers(change(make.order(**facts))).firearms

    assert (found.word, found.is_late) == (word, is_late)


def test_who_has_them_and_since_when() -> None:
    police, dealer = answers(by_police(make.order(**SERVED))), answers(by_dealer(make.order(**SERVED)))

    assert (police.firearms.holder, dealer.firearms.holder) == (Holder.POLICE, Holder.DEALER)
    assert (police.firearms.accounted, police.firearms.whole) == (1, 1)
    assert police.firearms.since == NOW - timedelta(minutes=30)


def test_a_day_is_the_end_of_a_final_order() -> None:
    found = answers(make.order(kind="restraining_order", expires_on=date(2027, 3, 1), **SERVED))

    assert (found.ending.word, found.ending.kind, found.ending.on) == (
        Word.YES,
        EndKind.DAY,
        date(2027, 3, 1),
    )


def test_an_ex_parte_order_ends_at_the_hearing() -> None:
    found = answers(make.order(hearing_on=date(2026, 12, 8), **SERVED))

    assert (found.ending.word, found.ending.kind) == (Word.NOT_KNOWN, EndKind.HEARING)
    assert found.ending.on == date(2026, 12, 8)
    assert (found.next_date.kind, found.next_date.on) == (DateKind.HEARING, date(2026, 12, 8))


def test_the_last_day_to_ask_to_testify_by_video() -> None:
    order = make.order(hearing_on=date(2026, 12, 8), **SERVED)
    found = answers(order)

    assert found.remote_until == make.deadline(order, "CT-HRG-REM").due_on
    assert found.remote_until is not None
    assert found.next_date.on is not None
    assert found.remote_until < found.next_date.on
    assert answers(order, covers_hearings=False).remote_until is None


def test_a_vacated_order_has_ended() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 3, 1), **SERVED)
    vacate_order(order, vacated_at=NOW - timedelta(minutes=5), reason="The case was dismissed.", **BY)

    assert answers(order).ending.kind is EndKind.VACATED


@pytest.mark.parametrize(
    ("expires_on", "kind", "on", "until"),
    [
        # Three weeks before the last day until two weeks before it.
        (date(2027, 1, 11), DateKind.EXTENSION_OPENS, date(2026, 12, 21), date(2026, 12, 28)),
        (date(2026, 12, 20), DateKind.EXTENSION_CLOSES, date(2026, 12, 6), date(2026, 12, 6)),
        # Too late for the advice, in time for the law.
        (date(2026, 12, 10), DateKind.EXTENSION_CLOSES, date(2026, 12, 10), date(2026, 12, 10)),
    ],
)
def test_the_days_to_ask_for_a_longer_order(expires_on: date, kind: DateKind, on: date, until: date) -> None:
    order = make.order(
        kind="restraining_order",
        issued_at=NOW - timedelta(days=300),
        expires_on=expires_on,
        served_at=NOW - timedelta(days=299),
        service_method="in_hand",
    )
    found = answers(order).next_date

    assert (found.kind, found.on, found.until) == (kind, on, until)


def test_a_motion_that_was_filed_ends_the_window() -> None:
    order = make.order(
        kind="restraining_order",
        issued_at=NOW - timedelta(days=300),
        expires_on=date(2027, 1, 11),
        served_at=NOW - timedelta(days=299),
        service_method="in_hand",
    )
    case_events.record_case_event(order, kind="extension_moved", occurred_on=NOW.date(), **BY)

    assert answers(order).next_date.word is Word.NOT_KNOWN


@pytest.mark.parametrize("left_out", ["service", "firearms", "hearings", "ending"])
def test_what_the_release_does_not_cover_does_not_leave(left_out: str) -> None:
    order = by_police(make.order(hearing_on=date(2026, 12, 8), **SERVED))
    hearings.schedule_hearing(order, purpose="compliance", scheduled_on=date(2026, 12, 10), **BY)
    found = answers(order, **{f"covers_{left_out}": False})

    words = {
        "service": found.served.word,
        "firearms": found.firearms.word,
        "hearings": found.next_date.word,
        "ending": found.ending.word,
    }
    assert [name for name, word in words.items() if word is Word.NOT_RELEASED] == [left_out]
    hidden = {"service": found.served.at, "firearms": found.firearms.since, "hearings": found.next_date.on}
    assert hidden.get(left_out, found.ending.on) is None


def test_the_queries_do_not_grow_with_the_orders() -> None:
    def count(orders: int) -> int:
        rows = [release(by_police(make.order(**SERVED))) for _ in range(orders)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client_orders(rows, NOW)
        return len(queries)

    assert count(1) == count(4)


def test_a_request_for_return_shows_its_earliest_day_while_it_is_open() -> None:
    served = NOW - timedelta(days=60)
    order = make.order(
        issued_at=served,
        served_at=served,
        service_method="in_hand",
        expires_on=NOW.date() - timedelta(days=9),
    )
    receipts.record_receipt(
        order,
        kind="police",
        agency=make.agency(),
        received_at=served + timedelta(hours=2),
        firearms=[inventory.list_firearm(pistol(order), serial="S-2", source="application", **BY)],
        **BY,
    )
    assert answers(order).return_on is None

    record_custody_request(order, kind="return", requested_at=NOW - timedelta(hours=1), **BY)

    # Two business days from Friday, December 4.
    assert answers(order).return_on == date(2026, 12, 8)
    assert answers(order, covers_firearms=False).return_on is None
