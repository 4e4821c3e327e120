"""The status of orders at an instant: every status, its boundaries, and without later facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind
from orders.models import Firearm, Order, Receipt
from orders.rules.model import Offset
from orders.rules.vocabulary import Unit
from orders.services.firearms import inventory, receipts, returns, statements
from orders.services.orders import vacatur
from orders.services.planning.rulebooks import current_rulebook
from orders.services.reports import compliance
from orders.services.reports.apart import SurrenderStatus
from orders.services.reports.compliance import count_compliance
from tests import make

pytestmark = pytest.mark.django_db

#: When every order of these tests was served.
SERVED = datetime(2026, 12, 1, 15, tzinfo=UTC)
DUE = SERVED + timedelta(hours=24)
LATER = DUE + timedelta(days=30)
SECOND = timedelta(microseconds=1)
LICENCE = "6-06-014-01-7M-12345"


@pytest.fixture
def court() -> Agency:
    """One court for all orders of a test."""
    return make.agency(AgencyKind.COURT)


def served(court: Agency, **given: Any) -> Order:
    """An order served at `SERVED`, issued the day before."""
    return make.order(
        now=LATER,
        court=court,
        **{
            "issued_at": SERVED - timedelta(days=1),
            "served_at": SERVED,
            "service_method": "in_hand",
            **given,
        },
    )


def listed(order: Order, *serials: str) -> Order:
    for serial in serials:
        inventory.list_firearm(order, source="police", serial=serial, by=None, now=LATER)
    return order


def handed_over(order: Order, at: datetime, *serials: str) -> Receipt:
    firearms = list(Firearm.objects.filter(order__case=order.case, serial__in=serials))
    return receipts.record_receipt(
        order, kind="dealer", dealer_license=LICENCE, received_at=at, firearms=firearms, by=None, now=LATER
    )


def sworn(order: Order, at: datetime) -> None:
    statements.record_statement(order, kind="non_possession", sworn_at=at, by=None, now=LATER)


def standing(as_of: datetime) -> list[str]:
    """The statuses that are not empty, as often as they are counted."""
    return [status for status, count in count_compliance(as_of).orders.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("as_of", "wanted"),
    [
        (SERVED - timedelta(days=1) - SECOND, []),
        (SERVED - timedelta(days=1), ["not_started"]),
        (SERVED - SECOND, ["not_started"]),
        (SERVED, ["open"]),
        (DUE, ["open"]),
        (DUE + SECOND, ["overdue"]),
    ],
)
def test_an_order_with_firearms_indicated(as_of: datetime, wanted: list[str], court: Agency) -> None:
    served(court)

    assert standing(as_of) == wanted


def test_an_order_never_served(court: Agency) -> None:
    served(court, served_at=None, service_method="")

    assert standing(LATER) == ["not_started"]


@pytest.mark.parametrize(
    ("at", "as_of", "wanted"),
    [
        (DUE, DUE, "met_on_time"),
        (DUE, LATER, "met_on_time"),
        (DUE + SECOND, LATER, "met_late"),
        (DUE + SECOND, DUE, "open"),
        (LATER, LATER - SECOND, "overdue"),
        (SERVED - timedelta(hours=1), LATER, "met_on_time"),
    ],
)
def test_the_last_of_the_firearms_decides(at: datetime, as_of: datetime, wanted: str, court: Agency) -> None:
    order = listed(served(court), "S1", "S2")
    handed_over(order, SERVED - timedelta(hours=2), "S1")
    handed_over(order, at, "S2")

    assert standing(as_of) == [wanted]


def test_a_firearm_on_two_receipts_counts_from_the_first(court: Agency) -> None:
    order = listed(served(court), "S1")
    handed_over(order, SERVED, "S1")
    handed_over(order, LATER, "S1")

    assert standing(LATER) == ["met_on_time"]


def test_one_firearm_missing_meets_nothing(court: Agency) -> None:
    handed_over(listed(served(court), "S1", "S2"), SERVED, "S1")

    assert standing(LATER) == ["overdue"]
    assert count_compliance(LATER).firearms_outstanding == 1


@pytest.mark.parametrize(
    ("at", "as_of", "wanted"),
    [
        (DUE, LATER, "met_on_time"),
        (DUE + SECOND, LATER, "met_late"),
        (LATER, LATER - SECOND, "not_indicated"),
    ],
)
def test_a_statement_where_nothing_is_indicated(
    at: datetime, as_of: datetime, wanted: str, court: Agency
) -> None:
    sworn(served(court, firearms_indicated=False), at)

    assert standing(as_of) == [wanted]


@pytest.mark.parametrize("indication", ["box", "permit", "permit record", "firearm"])
def test_a_statement_against_an_indication_is_an_unverified_denial(indication: str, court: Agency) -> None:
    order = served(court, firearms_indicated=indication == "box", permit_indicated=indication == "permit")
    if indication == "permit record":
        inventory.record_permit(order, kind="pistol permit", by=None, now=LATER)
    if indication == "firearm":
        listed(order, "S1")
    sworn(order, SERVED + timedelta(hours=1))

    assert standing(SERVED) == ["open"]
    assert standing(LATER) == ["unverified_denial"]


def test_a_denial_whose_firearms_came_in_is_met(court: Agency) -> None:
    order = listed(served(court), "S1")
    sworn(order, SERVED)
    handed_over(order, DUE, "S1")

    assert standing(LATER) == ["met_on_time"]


def test_nothing_indicated_and_no_statement(court: Agency) -> None:
    served(court, firearms_indicated=False)

    assert standing(LATER) == ["not_indicated"]


def test_orders_of_a_case_share_one_inventory(court: Agency) -> None:
    docket = {"docket_number": "HHD-1", "respondent_town": make.town()}
    first = listed(served(court, **docket), "S1", "S2")
    second = served(court, kind="restraining_order", **docket)
    assert count_compliance(LATER).firearms_outstanding == 2

    handed_over(second, DUE, "S1")
    handed_over(first, DUE, "S2")

    assert standing(LATER) == ["met_on_time", "met_on_time"]
    assert count_compliance(LATER).firearms_outstanding == 0


@pytest.mark.parametrize(("as_of", "wanted"), [(DUE, 0), (DUE + SECOND, 2)])
def test_firearms_are_outstanding_once_the_hours_are_over(
    as_of: datetime, wanted: int, court: Agency
) -> None:
    listed(served(court), "S1", "S2")
    listed(served(court, served_at=None, service_method=""), "S3")

    assert count_compliance(as_of).firearms_outstanding == wanted


@pytest.mark.parametrize(
    ("before", "after"),
    [("overdue", []), ("met_on_time", ["met_on_time"])],
)
def test_a_vacated_order_counts_only_with_what_was_met(before: str, after: list[str], court: Agency) -> None:
    order = listed(served(court), "S1")
    if before != "overdue":
        handed_over(order, SERVED, "S1")
    vacatur.vacate_order(
        order, vacated_at=DUE + timedelta(days=1), by=None, now=LATER, reason="the court ended it"
    )

    assert standing(DUE + timedelta(hours=1)) == [before]
    assert standing(LATER) == after
    assert count_compliance(LATER).firearms_outstanding == 0


def test_kinds_that_the_rule_does_not_bind_are_not_counted(court: Agency) -> None:
    served(court, kind="risk_protection_order")
    served(court, kind="restraining_order_application", served_at=None, service_method="")

    assert standing(LATER) == []


def test_where_only_the_day_of_issue_is_known_the_court_day_decides(court: Agency) -> None:
    served(court, issued_at=None, issued_on=date(2026, 12, 1), served_at=None, service_method="")

    assert standing(datetime(2026, 12, 1, 4, 59, tzinfo=UTC)) == []
    assert standing(datetime(2026, 12, 1, 5, tzinfo=UTC)) == ["not_started"]


def test_the_hours_are_the_rulebooks(court: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    served(court)
    book = current_rulebook()
    rule = book.by_id["CT-SUR-01"]
    old = rule.values[-1]
    two_days = replace(old, effective=date(2026, 11, 30), due=Offset(amount=48, unit=Unit.ELAPSED_HOURS))

    def with_value(effective: date) -> None:
        changed = replace(rule, values=(*rule.values, replace(two_days, effective=effective)))
        rules = tuple(changed if one is rule else one for one in book.rules)
        monkeypatch.setattr(compliance, "current_rulebook", lambda: replace(book, rules=rules))

    with_value(date(2026, 11, 30))
    assert (standing(DUE + SECOND), standing(DUE + timedelta(hours=24, seconds=1))) == (["open"], ["overdue"])
    # A value of the day after the order's own date does not bind it.
    with_value(date(2026, 12, 1))
    assert standing(DUE + SECOND) == ["overdue"]


def test_every_status_is_there_even_when_nothing_is_stored() -> None:
    found = count_compliance(LATER)

    assert found.orders == dict.fromkeys(SurrenderStatus, 0)
    assert found.firearms_outstanding == 0


@pytest.mark.parametrize("issue", ["instant", "day"])
def test_what_was_given_back_counts_as_held_for_the_next_order_only(issue: str, court: Agency) -> None:
    first = listed(served(court), "S1", "S2")
    firearms, police = list(Firearm.objects.order_by("serial")), make.agency()
    given: dict[str, Any] = {"by": None, "now": LATER}
    taken = {"kind": "police", "agency": police, **given}
    receipts.record_receipt(first, received_at=SERVED + timedelta(hours=1), firearms=firearms, **taken)
    vacatur.vacate_order(first, vacated_at=SERVED + timedelta(hours=2), reason="withdrawn", **given)
    make.may_return(first, at=SERVED + timedelta(hours=3), now=LATER)
    returns.record_return(
        first,
        firearms=firearms[:1],
        returned_at=SERVED + timedelta(hours=3),
        agency=police,
        officer="Officer Lee Ash",
        confirmed=["no_other_order", "requested", "eligible", "lawful_at_surrender"],
        **given,
    )
    issued: dict[str, Any] = (
        {"issued_at": SERVED + timedelta(hours=4)}
        if issue == "instant"
        else {"issued_at": None, "issued_on": (SERVED + timedelta(hours=4)).date()}
    )
    again = SERVED + timedelta(hours=5)
    second = served(court, docket_number=first.case.docket_number, served_at=again, **issued)
    assert second.case == first.case

    assert "met_on_time" in standing(SERVED + timedelta(hours=3))
    assert sorted(standing(again)) == ["met_on_time", "open"]
    assert sorted(standing(LATER)) == ["met_on_time", "overdue"]

    receipts.record_receipt(second, received_at=again + timedelta(hours=1), firearms=firearms[:1], **taken)

    assert standing(LATER) == ["met_on_time", "met_on_time"]
    assert sorted(standing(again)) == ["met_on_time", "open"]


def test_a_firearm_that_is_alleged_and_not_listed_is_not_met(court: Agency) -> None:
    order = listed(served(court, firearms_alleged_count=3), "S1", "S2")
    handed_over(order, SERVED, "S1", "S2")

    assert standing(LATER) == ["overdue"]
    found = count_compliance(LATER)
    assert found.numbers == "2 of 3 accounted for; 3 alleged, 2 listed"
    assert found.firearms_outstanding == 0


@pytest.mark.parametrize("checked", [SERVED + timedelta(hours=2), DUE + timedelta(days=1)])
def test_a_checked_statement_counts_from_the_check(checked: datetime, court: Agency) -> None:
    order = listed(served(court), "S1")
    statement = statements.record_statement(order, kind="non_possession", sworn_at=SERVED, by=None, now=LATER)
    statements.verify_statement(
        statement,
        verified_at=checked,
        agency=court,
        verified_by="Lee Ash",
        method="court_record",
        by=None,
        now=LATER,
    )

    assert standing(checked - SECOND) == ["unverified_denial"]
    assert standing(LATER) == ["met_on_time" if checked <= DUE else "met_late"]
    assert count_compliance(LATER).firearms_outstanding == 0
    assert count_compliance(LATER).numbers == "1 of 1 accounted for; 0 alleged, 1 listed"


def test_what_is_listed_after_a_check_is_outstanding(court: Agency) -> None:
    test_a_checked_statement_counts_from_the_check(SERVED + timedelta(hours=2), court)
    listed(Order.objects.get(), "S2")

    assert standing(LATER) == ["unverified_denial"]
    assert count_compliance(LATER).firearms_outstanding == 1


def test_cases_of_one_person_at_a_court_are_counted_together(court: Agency) -> None:
    person = {"respondent_name": "Ash Birch", "respondent_dob": date(1980, 4, 19)}
    first = listed(served(court, **person), "S1")
    second = served(court, **person)
    assert first.case != second.case
    assert standing(LATER) == ["overdue", "overdue"]

    handed_over(first, SERVED + timedelta(hours=1), "S1")

    assert standing(LATER) == ["met_on_time", "met_on_time"]
    assert standing(SERVED) == ["open", "open"]
    listed(served(court), "S9")
    assert sorted(standing(LATER)) == ["met_on_time", "met_on_time", "overdue"]
