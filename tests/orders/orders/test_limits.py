"""Dates beyond the rules are asked about at every service, and shown afterward with the reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.errors import DoubtfulFact
from orders.models import Hearing, Order
from orders.services import hearings
from orders.services.change import Change
from orders.services.limits import RuleException, exceptions_of, within_limits
from orders.services.orders import corrections, extension
from orders.services.orders.entry import enter_order
from orders.services.service import correct_service, record_service
from tests import make

pytestmark = pytest.mark.django_db

WHY = "Good cause was shown."
BY: dict[str, Any] = {"by": None, "now": make.NOW}

#: A Wednesday, the seventh day after the order; a week later; a Sunday.
IN_TIME, LATE, SUNDAY = date(2026, 12, 9), date(2026, 12, 16), date(2026, 12, 6)


def shown(order: Order) -> list[tuple[str, date, date, str]]:
    order.refresh_from_db()
    found: list[RuleException] = exceptions_of(order)
    return [(one.found.limit.value, one.found.day, one.found.right, one.reason) for one in found]


def enter(confirm: str, **given: Any) -> Order:
    return enter_order(make.new_order(**given), confirm=confirm, **BY)


def scheduled(confirm: str, day: date, purpose: str = "application") -> Order:
    order = make.order()
    hearings.schedule_hearing(order, purpose=purpose, scheduled_on=day, confirm=confirm, **BY)
    return order


def continued(confirm: str) -> Order:
    order = make.order()
    first = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=IN_TIME, **BY)
    hearings.continue_hearing(first, scheduled_on=SUNDAY, confirm=confirm, **BY)
    return order


def moved(confirm: str) -> Order:
    order = make.order()
    hearing = hearings.schedule_hearing(order, purpose="application", scheduled_on=IN_TIME, **BY)
    hearings.HEARING.correct(hearing, {"scheduled_on": LATE}, reason="A slip.", confirm=confirm, **BY)
    return order


def served(confirm: str) -> Order:
    """An ex parte order without a printed last day ends with its hearing."""
    order = make.order(issued_at=make.NOW - timedelta(days=9), hearing_on=date(2026, 12, 2))
    record_service(
        order,
        served_at=make.NOW - timedelta(hours=2),
        service_method="in_hand",
        confirm=confirm,
        **BY,
    )
    return order


def entered_served(confirm: str) -> Order:
    return enter(
        confirm,
        issued_at=make.NOW - timedelta(days=9),
        hearing_on=date(2026, 12, 2),
        served_at=make.NOW - timedelta(hours=2),
        service_method="in_hand",
    )


def corrected_service(confirm: str) -> Order:
    order = make.order(
        issued_at=make.NOW - timedelta(days=9),
        hearing_on=date(2026, 12, 2),
        served_at=make.NOW - timedelta(days=3),
        service_method="in_hand",
    )
    correct_service(order, served_at=make.NOW - timedelta(hours=2), reason="A slip.", confirm=confirm, **BY)
    return order


def extended(confirm: str) -> Order:
    """An ex parte order lasts until its hearing."""
    order = make.order(hearing_on=IN_TIME, expires_on=date(2026, 12, 8))
    extension.extend_order(order, expires_on=date(2026, 12, 20), confirm=confirm, **BY)
    return order


def corrected(confirm: str) -> Order:
    """An order of a year cannot become one of two."""
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 2))
    corrections.correct_order(order, expires_on=date(2028, 12, 2), reason="A slip.", confirm=confirm, **BY)
    return order


@pytest.mark.parametrize(
    ("act", "code", "field", "exception"),
    [
        (
            lambda why: enter(why, hearing_on=LATE),
            "beyond_the_rule",
            "hearing_on",
            ("hearing_late", LATE, IN_TIME),
        ),
        (
            lambda why: enter(why, kind="restraining_order", expires_on=date(2027, 12, 3)),
            "beyond_the_rule",
            "expires_on",
            ("last_day_late", date(2027, 12, 3), date(2027, 12, 2)),
        ),
        (
            lambda why: scheduled(why, LATE),
            "beyond_the_rule",
            "scheduled_on",
            ("hearing_late", LATE, IN_TIME),
        ),
        (
            lambda why: scheduled(why, SUNDAY, "compliance"),
            "court_closed",
            "scheduled_on",
            ("hearing_on_closed_day", SUNDAY, date(2026, 12, 7)),
        ),
        (
            lambda why: scheduled(why, date(2026, 12, 25), "contempt"),
            "court_closed",
            "scheduled_on",
            ("hearing_on_closed_day", date(2026, 12, 25), date(2026, 12, 28)),
        ),
        (
            continued,
            "earlier_day",
            "scheduled_on",
            ("hearing_on_closed_day", SUNDAY, date(2026, 12, 7)),
        ),
        (moved, "beyond_the_rule", "scheduled_on", ("hearing_late", LATE, IN_TIME)),
        (
            extended,
            "beyond_the_rule",
            "expires_on",
            ("last_day_late", date(2026, 12, 20), IN_TIME),
        ),
        (
            corrected,
            "beyond_the_rule",
            "expires_on",
            ("last_day_late", date(2028, 12, 2), date(2027, 12, 2)),
        ),
        *(
            (
                act,
                "served_after_last_day",
                "served_at",
                ("served_after_last_day", date(2026, 12, 4), date(2026, 12, 2)),
            )
            for act in (served, entered_served, corrected_service)
        ),
    ],
    ids=[
        "entry",
        "entry-last-day",
        "schedule",
        "sunday",
        "holiday",
        "continue",
        "correct-hearing",
        "extend",
        "correct",
        "serve",
        "enter-served",
        "correct-service",
    ],
)
def test_it_needs_a_reason_and_is_shown_with_it(
    act: Callable[[str], Order], code: str, field: str, exception: tuple[str, date, date]
) -> None:
    with pytest.raises(DoubtfulFact) as refused:
        act("  ")
    assert (refused.value.field, refused.value.code) == (field, code)
    assert not any(exceptions_of(order) for order in Order.objects.all())

    order = act(WHY)

    assert shown(order) == [(*exception, WHY)]


def test_the_warning_has_the_rule_its_statute_and_the_right_date() -> None:
    with pytest.raises(DoubtfulFact) as refused:
        scheduled("", LATE)

    text = refused.value.message
    for part in ("Wed, Dec 16, 2026", "not later than seven days", "C.G.S. § 46b-15(b)", "Wed, Dec 9, 2026"):
        assert part in text


def test_all_doubts_are_asked_at_once() -> None:
    with pytest.raises(DoubtfulFact) as refused:
        enter("", hearing_on=date(2026, 12, 13), expires_on=date(2028, 1, 1))
    assert [one.code for one in (refused.value, *refused.value.others)] == [
        "beyond_the_rule",
        "court_closed",
        "beyond_the_rule",
    ]

    assert len(shown(enter(WHY, hearing_on=date(2026, 12, 13), expires_on=date(2028, 1, 1)))) == 3


def test_an_old_exception_does_not_ask_again() -> None:
    order = scheduled(WHY, LATE)

    hearings.schedule_hearing(order, purpose="compliance", scheduled_on=IN_TIME, **BY)

    assert len(shown(order)) == 1


def test_an_exception_ends_with_its_date() -> None:
    order = scheduled(WHY, LATE)
    hearing = Hearing.objects.get()

    hearings.HEARING.withdraw(hearing, reason="Another order's.", **BY)

    assert shown(order) == []


def test_an_extension_has_no_limit_where_the_law_sets_no_limit() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 2))

    extension.extend_order(order, expires_on=date(2029, 12, 2), **BY)
    extension.extend_order(order, expires_on=date(2031, 12, 2), **BY)

    assert shown(order) == []


def test_the_history_names_the_date_the_rule_and_the_reason() -> None:
    order = corrected(WHY)

    entry = order.history.get(kind="corrected")
    assert entry.reason == "A slip."
    assert entry.data["beyond"] == {
        "reason": WHY,
        "dates": [{"limit": "last_day_late", "rule": "CT-ORD-01", "day": "2028-12-02"}],
    }


def without_limit() -> Order:
    """An order whose last day no rule limits."""
    return make.order(kind="family_violence_protective_order")


def extended_far(confirm: str) -> Order:
    return extension.extend_order(without_limit(), expires_on=FAR, confirm=confirm, **BY)


def extension_corrected_far(confirm: str) -> Order:
    order = extension.extend_order(without_limit(), expires_on=IN_TIME, confirm=WHY, **BY)
    return extension.correct_extension(order, expires_on=FAR, reason="A slip.", confirm=confirm, **BY)


def corrected_far(confirm: str) -> Order:
    return corrections.correct_order(without_limit(), expires_on=FAR, reason="A slip.", confirm=confirm, **BY)


#: Far beyond ten years, where no rule limits the last day of an order.
FAR = date(2082, 12, 2)


@pytest.mark.parametrize(
    "act",
    [
        lambda confirm: enter(confirm, kind="family_violence_protective_order", expires_on=FAR),
        extended_far,
        extension_corrected_far,
        corrected_far,
    ],
)
def test_a_last_day_in_a_far_year_needs_a_reason(act: Callable[[str], Order]) -> None:
    with pytest.raises(DoubtfulFact, match="Dec 2, 2082 may be wrong") as doubted:
        act("")
    assert (doubted.value.field, doubted.value.code) == ("expires_on", "unlikely_last_day")

    order = act(WHY)

    assert shown(order) == [("last_day_late", FAR, date(2036, 12, 2), WHY)]
    assert exceptions_of(order)[0].words == (
        "The last day is Wed, Dec 2, 2082. It is more than 10 years after the date of the order."
    )


def test_a_last_day_within_ten_years_needs_no_reason() -> None:
    assert shown(enter("", kind="family_violence_protective_order", expires_on=date(2036, 12, 2))) == []


@pytest.mark.parametrize("is_armed", [True, False])
def test_an_ex_parte_order_without_a_hearing_is_not_extended_by_years_unasked(*, is_armed: bool) -> None:
    order = make.order(firearms_indicated=is_armed, expires_on=date(2026, 12, 8))
    far = date(2028, 11, 7)

    with pytest.raises(DoubtfulFact) as doubt:
        extension.extend_order(order, expires_on=far, **BY)

    assert (doubt.value.field, doubt.value.code) == ("expires_on", "beyond_the_rule")
    assert "An ex parte order lasts until the hearing on the application" in doubt.value.message
    right = "Wed, Dec 9, 2026" if is_armed else "Wed, Dec 16, 2026"
    assert f"The last day that it allows is {right}." in doubt.value.message
    extension.extend_order(order, expires_on=far, confirm=WHY, **BY)
    assert shown(order)[0][1:] == (far, IN_TIME if is_armed else LATE, WHY)


def test_the_inventory_is_loaded_once_to_compare_dates() -> None:
    order = make.order(hearing_on=IN_TIME)
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        change = Change(Order.objects.select_related("case").get(pk=order.pk))
        with within_limits(change, confirm=""):
            change.order.expires_on = IN_TIME

    listed = [one["sql"] for one in queries if 'FROM "orders_firearm"' in one["sql"]]
    assert len(listed) == 1
