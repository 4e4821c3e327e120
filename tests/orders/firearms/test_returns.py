"""Firearms go back from police only once the law of the order lets them, and what is due about it is met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Agency, AgencyKind
from orders.errors import InvalidFact
from orders.models import Deadline, DeadlineState, Firearm, FirearmReturn, FirearmStatus, Order
from orders.services.firearms import inventory, receipts, returns
from orders.services.firearms.accounting import FirearmAccount, account_of
from orders.services.firearms.returns import asked_before_return
from orders.services.orders import case_events, vacatur
from orders.services.orders.corrections import correct_order
from orders.services.orders.moving import move_order
from orders.services.reports.apart import SurrenderStatus
from orders.services.reports.compliance import count_compliance
from tests import make

pytestmark = pytest.mark.django_db

#: A Friday afternoon.
NOW = datetime(2026, 12, 4, 21, 0, tzinfo=UTC)
CONFIRMED = ("no_other_order", "requested", "eligible", "lawful_at_surrender")


@dataclass
class Held:
    """An order, and firearms of its respondent that police hold."""

    order: Order
    firearms: list[Firearm]
    police: Agency


def held(count: int = 1, **given: Any) -> Held:
    """Surrendered to police within the hour of service, three days ago."""
    order = make.order(
        **{
            "issued_at": NOW - timedelta(days=4),
            "served_at": NOW - timedelta(days=3),
            "service_method": "in_hand",
            **given,
        }
    )
    firearms = [listed(order, f"S{number}") for number in range(count)]
    police = make.agency()
    transfer(order, firearms, police, NOW - timedelta(days=3, hours=-1))
    return Held(order, firearms, police)


def listed(order: Order, serial: str) -> Firearm:
    return inventory.list_firearm(order, serial=serial, source="police", by=None, now=NOW)


def transfer(
    order: Order, firearms: list[Firearm], police: Agency, at: datetime, now: datetime = NOW
) -> None:
    receipts.record_receipt(
        order, kind="police", received_at=at, firearms=firearms, agency=police, by=None, now=now
    )


def vacate(order: Order, at: datetime) -> None:
    vacatur.vacate_order(order, vacated_at=at, reason="withdrawn", by=None, now=NOW)


def give_back(
    order: Order, firearms: list[Firearm], police: Agency, returned_at: datetime = NOW, **given: Any
) -> list[FirearmReturn]:
    """Return firearms that were asked for, and whose release the court ordered."""
    if not order.custody_requests.exists():
        make.may_return(order, at=NOW - timedelta(days=3, minutes=-90))
    facts = {"officer": "Officer Lee Ash", "confirmed": CONFIRMED, "by": None, "now": NOW, **given}
    return returns.record_return(order, firearms=firearms, returned_at=returned_at, agency=police, **facts)


def request(order: Order, at: datetime) -> None:
    """Ask for the return of what police hold; the court orders the release at once."""
    make.may_return(order, at=at, now=NOW)


def state(order: Order, rule: str) -> str:
    return Deadline.objects.get(order=order, rule_id=rule).state


def test_return_meets_what_is_due_once_police_hold_nothing() -> None:
    one = held(2)
    vacate(one.order, NOW - timedelta(days=1))
    request(one.order, NOW - timedelta(hours=20))
    assert state(one.order, "CT-RET-01") == DeadlineState.OPEN

    give_back(one.order, one.firearms[:1], one.police, NOW - timedelta(hours=2))
    assert state(one.order, "CT-RET-01") == DeadlineState.OPEN

    (returned,) = give_back(one.order, one.firearms[1:], one.police, NOW - timedelta(hours=1))

    assert state(one.order, "CT-RET-01") == DeadlineState.MET
    assert Deadline.objects.get(order=one.order, rule_id="CT-RET-01").met_at == NOW - timedelta(hours=1)
    assert state(one.order, "CT-RET-03") == DeadlineState.MET
    # What was surrendered in time stays so.
    assert state(one.order, "CT-SUR-01") == DeadlineState.MET
    assert {gun.status for gun in Firearm.objects.all()} == {FirearmStatus.RETURNED}
    assert (returned.agency, returned.officer) == (one.police, "Officer Lee Ash")
    assert returned.confirmed == list(CONFIRMED)
    event = one.order.history.filter(kind="returned").order_by("-id")[0]
    assert event.occurred_at == NOW - timedelta(hours=1)
    assert event.data["return"] == {
        "firearms": [str(one.firearms[1].public_id)],
        "confirmed": list(CONFIRMED),
    }
    became = {key.partition("/")[0]: word for key, word in event.data["deadlines"].items()}
    assert became == {"CT-RET-01": "met", "CT-RET-03": "met"}


def test_no_return_while_the_order_is_in_force() -> None:
    one = held()

    with pytest.raises(InvalidFact) as refused:
        give_back(one.order, one.firearms, one.police)

    assert (refused.value.field, refused.value.code) == ("firearms", "not_in_error")
    assert refused.value.message.startswith(
        "An order of the case is in force: Ex parte restraining order, Mon, Nov 30, 2026. "
        "Before firearms are returned the order has ended, no other order"
    )
    assert "(C.G.S. § 29-36k(c)(3))" in refused.value.message
    assert not FirearmReturn.objects.exists()
    assert Firearm.objects.get().status == FirearmStatus.SURRENDERED


def test_no_return_while_another_order_of_the_case_is_in_force() -> None:
    one = held()
    after_hearing = make.order(
        docket_number=one.order.case.docket_number,
        court=one.order.case.court,
        kind="restraining_order",
        issued_at=NOW - timedelta(days=2),
    )
    assert after_hearing.case == one.order.case
    vacate(one.order, NOW - timedelta(days=1))

    with pytest.raises(InvalidFact, match="in force: Restraining order after hearing, Wed, Dec 2, 2026"):
        give_back(one.order, one.firearms, one.police)

    vacate(after_hearing, NOW - timedelta(hours=1))
    assert give_back(one.order, one.firearms, one.police)


def test_order_is_in_force_through_its_whole_last_day() -> None:
    one = held(expires_on=date(2026, 12, 3))

    with pytest.raises(InvalidFact, match="is in force"):
        give_back(one.order, one.firearms, one.police, datetime(2026, 12, 4, 4, 59, tzinfo=UTC))
    assert give_back(one.order, one.firearms, one.police, datetime(2026, 12, 4, 5, 0, tzinfo=UTC))


def test_what_the_rule_names_must_be_confirmed() -> None:
    one = held()
    vacate(one.order, NOW - timedelta(days=1))

    with pytest.raises(InvalidFact) as refused:
        give_back(one.order, one.firearms, one.police, confirmed=["requested"])

    assert (refused.value.field, refused.value.code) == ("confirmed", "not_confirmed")
    assert refused.value.message.startswith(
        "Not confirmed: It was checked that no other order against the respondent is in force; "
        "It was checked that the respondent may lawfully hold it; It was checked that the "
        "respondent could lawfully hold it when it was surrendered. Before firearms are returned"
    )


def test_duty_to_surrender_speaks_where_no_rule_about_returns_does() -> None:
    one = held(jurisdiction="us_ma", kind="final_erpo")

    with pytest.raises(InvalidFact, match=r"Final extreme-risk order, Mon, Nov 30, 2026\. .*\("):
        give_back(one.order, one.firearms, one.police)


def test_state_that_holds_for_some_days_is_waited_for() -> None:
    one = held(jurisdiction="us_wa", kind="final_erpo")
    asked = [item.value for item in asked_before_return(one.order)]
    assert asked == ["background_check", "court_confirmation", "family_notified"]
    vacate(one.order, NOW - timedelta(days=2))
    case_events.record_case_event(
        one.order, kind="family_notified", occurred_at=NOW - timedelta(days=1), by=None, now=NOW
    )

    with pytest.raises(InvalidFact) as refused:
        give_back(one.order, one.firearms, one.police, confirmed=asked)

    # Thursday 3 December; five business days later is Thursday the tenth, in Pacific time.
    assert (refused.value.field, refused.value.code) == ("returned_at", "too_early")
    assert refused.value.message.startswith(
        "Not before Thu, Dec 10, 2026, 12:00 a.m. PST. Firearms are held for at least"
    )
    later = datetime(2026, 12, 10, 8, 0, tzinfo=UTC)
    assert give_back(one.order, one.firearms, one.police, later, confirmed=asked, now=later)


def test_order_of_which_no_rule_speaks_refuses_nothing() -> None:
    one = held(kind="restraining_order_application")

    assert asked_before_return(one.order) == []
    assert give_back(one.order, one.firearms, one.police, confirmed=[])


def test_what_was_given_back_is_believed_held_under_the_next_order() -> None:
    one = held(2)
    vacate(one.order, NOW - timedelta(days=2))
    give_back(one.order, one.firearms[:1], one.police, NOW - timedelta(days=1, hours=2))

    following = make.order(
        docket_number=one.order.case.docket_number,
        court=one.order.case.court,
        issued_at=NOW - timedelta(days=1),
        served_at=NOW - timedelta(hours=20),
        service_method="in_hand",
    )
    assert following.case == one.order.case
    assert state(one.order, "CT-SUR-01") == DeadlineState.MET
    assert state(following, "CT-SUR-01") == DeadlineState.OPEN

    # The other one police hold still.
    transfer(following, one.firearms[:1], one.police, NOW - timedelta(hours=10))

    assert state(following, "CT-SUR-01") == DeadlineState.MET
    assert Deadline.objects.get(order=following, rule_id="CT-SUR-01").met_at == NOW - timedelta(hours=10)


def test_order_of_a_day_without_a_time_counts_a_return_of_that_day_as_before_it() -> None:
    one = held()
    vacate(one.order, NOW - timedelta(days=2))
    give_back(one.order, one.firearms, one.police, NOW - timedelta(days=1))

    following = make.order(
        docket_number=one.order.case.docket_number,
        court=one.order.case.court,
        issued_at=None,
        issued_on=date(2026, 12, 3),
        served_at=NOW - timedelta(hours=20),
        service_method="in_hand",
    )

    assert state(following, "CT-SUR-01") == DeadlineState.OPEN


def test_firearm_that_left_custody_otherwise_is_not_waited_for() -> None:
    one = held(2, jurisdiction="us_or", kind="final_erpo")
    asked = [item.value for item in asked_before_return(one.order)]
    receipts.record_receipt(
        one.order,
        kind="third_party",
        received_at=NOW - timedelta(days=2),
        firearms=one.firearms[:1],
        taker_name="Robin Elm",
        by=None,
        now=NOW,
    )
    vacate(one.order, NOW - timedelta(days=1))

    give_back(one.order, one.firearms[1:], one.police, confirmed=asked)

    with pytest.raises(InvalidFact, match="S0: transferred from custody"):
        give_back(one.order, one.firearms[:1], one.police, confirmed=asked)


def test_withdrawn_return_leaves_the_firearm_with_police() -> None:
    one = held()
    vacate(one.order, NOW - timedelta(days=1))
    request(one.order, NOW - timedelta(hours=20))
    (returned,) = give_back(one.order, one.firearms, one.police)

    returns.withdraw_return(one.order, returned=returned, reason="another firearm", by=None, now=NOW)

    assert state(one.order, "CT-RET-01") == DeadlineState.OPEN
    assert Firearm.objects.get().status == FirearmStatus.SURRENDERED
    assert not FirearmReturn.objects.exists()


def test_later_facts_prevent_a_withdrawal() -> None:
    one = held()
    receipt = one.firearms[0].receipts.get()
    vacate(one.order, NOW - timedelta(days=1))
    (returned,) = give_back(one.order, one.firearms, one.police, NOW - timedelta(hours=2))

    with pytest.raises(InvalidFact, match="returned since then"):
        receipts.withdraw_receipt(one.order, receipt=receipt, reason="error", by=None, now=NOW)
    transfer(one.order, one.firearms, one.police, NOW - timedelta(hours=1))
    with pytest.raises(InvalidFact, match="surrendered again since then"):
        returns.withdraw_return(one.order, returned=returned, reason="error", by=None, now=NOW)


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"returned_at": NOW + timedelta(minutes=1)}, "returned_at", "in_the_future"),
        ({"returned_at": datetime.fromisoformat("2026-12-04")}, "returned_at", "invalid_timestamp"),
        ({"returned_at": NOW - timedelta(days=3)}, "returned_at", "returned_before_receipt"),
        ({"officer": " "}, "officer", "required"),
        ({"confirmed": ["a_wish"]}, "confirmed", "unknown_condition"),
        ({"firearms": []}, "firearms", "required"),
    ],
)
def test_return_that_cannot_be_is_refused(given: dict[str, Any], field: str, code: str) -> None:
    one = held()
    vacate(one.order, NOW - timedelta(days=1))
    facts: dict[str, Any] = {"order": one.order, "firearms": one.firearms, "police": one.police} | given

    with pytest.raises(InvalidFact) as refused:
        give_back(**facts)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert not FirearmReturn.objects.exists()


def test_only_police_give_back_and_only_what_they_hold() -> None:
    one, other = held(), held()
    vacate(one.order, NOW - timedelta(days=1))

    with pytest.raises(InvalidFact, match="Choose the police agency"):
        give_back(one.order, one.firearms, make.agency(AgencyKind.COURT))
    with pytest.raises(InvalidFact, match="belongs to another case"):
        give_back(one.order, other.firearms, one.police)
    with pytest.raises(InvalidFact, match=r"S9: believed held\. Only a firearm in police custody"):
        give_back(one.order, [listed(one.order, "S9")], one.police)


def test_database_refuses_a_return_of_a_firearm_of_another_case() -> None:
    one, other = held(), held()

    with pytest.raises(IntegrityError, match="another case"), transaction.atomic():
        FirearmReturn.objects.create(
            order=one.order,
            firearm=other.firearms[0],
            returned_at=NOW,
            returned_offset=0,
            agency=one.police,
            officer="Officer Lee Ash",
        )


def account_now(one: Held) -> FirearmAccount:
    """The numbers by the facts of the order that are stored now."""
    one.order.refresh_from_db()
    return account_of(one.order)


def test_return_while_the_order_was_in_force_opens_the_duty_again() -> None:
    one = held(2)
    vacate(one.order, NOW - timedelta(days=2))
    give_back(one.order, one.firearms[:1], one.police, NOW - timedelta(days=1))
    assert state(one.order, "CT-SUR-01") == DeadlineState.MET
    assert account_now(one).is_complete

    vacatur.reinstate_order(one.order, reason="Set aside.", by=None, now=NOW)

    duty = Deadline.objects.get(order=one.order, rule_id="CT-SUR-01")
    assert (duty.state, duty.proof) == (DeadlineState.OPEN, "")
    assert account_now(one).numbers.startswith("1 of 2 accounted for")
    counts = count_compliance(NOW)
    assert (
        counts.orders[SurrenderStatus.OVERDUE],
        counts.firearms_accounted,
        counts.firearms_outstanding,
    ) == (1, 1, 1)

    # A lawful end makes no difference to the return before it; a receipt does.
    vacate(one.order, NOW - timedelta(hours=2))
    assert not account_now(one).is_complete
    vacatur.reinstate_order(one.order, reason="Set aside.", by=None, now=NOW)
    transfer(one.order, one.firearms[:1], one.police, NOW - timedelta(hours=1))

    duty.refresh_from_db()
    assert (duty.state, duty.met_at) == (DeadlineState.MET, NOW - timedelta(hours=1))
    assert account_now(one).is_complete


def test_corrected_last_day_after_a_return_opens_the_duty_again() -> None:
    one = held(expires_on=date(2026, 12, 2))
    give_back(one.order, one.firearms, one.police, NOW - timedelta(days=1))
    assert account_now(one).is_complete

    correct_order(
        one.order, expires_on=date(2026, 12, 10), reason="Misread.", confirm="As printed.", by=None, now=NOW
    )

    assert state(one.order, "CT-SUR-01") == DeadlineState.OPEN
    assert not account_now(one).is_complete


def test_return_after_the_end_that_the_law_computes_stays_accounted_for() -> None:
    one = held(
        kind="restraining_order", issued_at=NOW - timedelta(days=400), served_at=NOW - timedelta(days=399)
    )
    give_back(one.order, one.firearms, one.police, NOW - timedelta(days=1))

    assert account_now(one).is_complete


def test_order_moved_to_a_case_whose_firearms_went_back_while_it_was_in_force() -> None:
    one = held()
    vacate(one.order, NOW - timedelta(days=2))
    give_back(one.order, one.firearms, one.police, NOW - timedelta(days=1))
    moved = make.order(
        court=one.order.case.court,
        issued_at=NOW - timedelta(days=4),
        served_at=NOW - timedelta(days=3),
        service_method="in_hand",
        respondent_name="Robin Elm",
    )

    move_order(
        moved,
        docket_number=one.order.case.docket_number,
        respondent="of_case",
        reason="Wrong docket.",
        confirm="Same person.",
        by=None,
        now=NOW,
    )

    assert state(moved, "CT-SUR-01") == DeadlineState.OPEN
    assert state(one.order, "CT-SUR-01") == DeadlineState.MET
