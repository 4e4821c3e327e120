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
from orders.services import returns, surrender, term
from orders.services.returns import asked_before_return
from tests import make

pytestmark = pytest.mark.django_db

#: A Friday afternoon.
NOW = datetime(2026, 12, 4, 21, 0, tzinfo=UTC)
CONFIRMED = ("requested", "eligible")


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
    hand_over(order, firearms, police, NOW - timedelta(days=3, hours=-1))
    return Held(order, firearms, police)


def listed(order: Order, serial: str) -> Firearm:
    return surrender.list_firearm(order, serial=serial, source="police", by=None, now=NOW)


def hand_over(
    order: Order, firearms: list[Firearm], police: Agency, at: datetime, now: datetime = NOW
) -> None:
    surrender.record_receipt(order, kind="police", at=at, firearms=firearms, agency=police, by=None, now=now)


def vacate(order: Order, at: datetime) -> None:
    term.vacate_order(order, at=at, reason="withdrawn", by=None, now=NOW)


def give_back(
    order: Order, firearms: list[Firearm], police: Agency, at: datetime = NOW, **given: Any
) -> list[FirearmReturn]:
    facts = {"officer": "Officer Lee Ash", "confirmed": CONFIRMED, "by": None, "now": NOW, **given}
    return returns.record_return(order, firearms=firearms, at=at, agency=police, **facts)


def request(order: Order, at: datetime) -> None:
    term.record_happening(order, kind="return_requested", at=at, by=None, now=NOW)


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
    event = one.order.events.filter(kind="returned").order_by("-id")[0]
    assert event.occurred_at == NOW - timedelta(hours=1)
    assert event.data["return"] == {
        "firearms": [str(one.firearms[1].public_id)],
        "confirmed": list(CONFIRMED),
    }
    assert event.data["deadlines"]["CT-RET-01"] == "met"


def test_while_the_order_stands_nothing_goes_back() -> None:
    one = held()

    with pytest.raises(InvalidFact) as refused:
        give_back(one.order, one.firearms, one.police)

    assert (refused.value.field, refused.value.code) == ("firearms", "order_stands")
    assert refused.value.message.startswith(
        "Ex parte restraining order of 2026-11-30 stands. Before firearms are returned the order has ended, "
        "the respondent has asked for them"
    )
    assert (
        "(CT-RET-COND; C.G.S. § 29-36k(c)(3), on a guide's page of November 2024; " in refused.value.message
    )
    assert not FirearmReturn.objects.exists()
    assert Firearm.objects.get().status == FirearmStatus.SURRENDERED


def test_while_another_order_of_the_case_stands_nothing_goes_back() -> None:
    one = held()
    after_hearing = make.order(
        docket_number=one.order.case.docket_number,
        court=one.order.case.court,
        kind="restraining_order",
        issued_at=NOW - timedelta(days=2),
    )
    assert after_hearing.case == one.order.case
    vacate(one.order, NOW - timedelta(days=1))

    with pytest.raises(InvalidFact, match="Restraining order after hearing of 2026-12-02 stands"):
        give_back(one.order, one.firearms, one.police)

    vacate(after_hearing, NOW - timedelta(hours=1))
    assert give_back(one.order, one.firearms, one.police)


def test_whole_last_day_stands() -> None:
    one = held(expires_on=date(2026, 12, 3))

    with pytest.raises(InvalidFact, match="stands"):
        give_back(one.order, one.firearms, one.police, datetime(2026, 12, 4, 4, 59, tzinfo=UTC))
    assert give_back(one.order, one.firearms, one.police, datetime(2026, 12, 4, 5, 0, tzinfo=UTC))


def test_what_the_rule_names_must_be_confirmed() -> None:
    one = held()
    vacate(one.order, NOW - timedelta(days=1))

    with pytest.raises(InvalidFact) as refused:
        give_back(one.order, one.firearms, one.police, confirmed=["requested"])

    assert (refused.value.field, refused.value.code) == ("confirmed", "not_confirmed")
    assert refused.value.message.startswith(
        "Not confirmed: It was checked that the respondent may lawfully hold it. Before firearms are returned"
    )


def test_duty_to_surrender_speaks_where_no_rule_about_returns_does() -> None:
    one = held(jurisdiction="us_ma", kind="final_erpo")

    with pytest.raises(InvalidFact, match=r"Final extreme-risk order of 2026-11-30 stands\. .*\(MA-SUR; "):
        give_back(one.order, one.firearms, one.police)


def test_state_that_holds_for_some_days_is_waited_for() -> None:
    one = held(jurisdiction="us_wa", kind="final_erpo")
    asked = [item.value for item in asked_before_return(one.order)]
    assert asked == ["background_check", "court_confirmation", "family_told"]
    vacate(one.order, NOW - timedelta(days=2))
    term.record_happening(one.order, kind="family_notified", at=NOW - timedelta(days=1), by=None, now=NOW)

    with pytest.raises(InvalidFact) as refused:
        give_back(one.order, one.firearms, one.police, confirmed=asked)

    # Thursday 3 December; five business days later is Thursday the tenth, in Pacific time.
    assert (refused.value.field, refused.value.code) == ("returned_at", "too_early")
    assert refused.value.message.startswith(
        "Not before 2026-12-10T08:00:00+00:00. Firearms are held at least"
    )
    later = datetime(2026, 12, 10, 8, 0, tzinfo=UTC)
    assert give_back(one.order, one.firearms, one.police, later, confirmed=asked, now=later)


def test_order_of_which_no_rule_speaks_refuses_nothing() -> None:
    one = held(kind="foreign_order")

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
    hand_over(following, one.firearms[:1], one.police, NOW - timedelta(hours=10))

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
    one = held(2, kind="risk_protection_order")
    surrender.record_receipt(
        one.order,
        kind="third_party",
        at=NOW - timedelta(days=2),
        firearms=one.firearms[:1],
        taker_name="Robin Elm",
        by=None,
        now=NOW,
    )
    vacate(one.order, NOW - timedelta(days=1))

    give_back(one.order, one.firearms[1:], one.police)

    with pytest.raises(InvalidFact, match="S0: transferred from custody"):
        give_back(one.order, one.firearms[:1], one.police)


def test_withdrawn_return_leaves_the_firearm_with_police() -> None:
    one = held()
    vacate(one.order, NOW - timedelta(days=1))
    request(one.order, NOW - timedelta(hours=20))
    (returned,) = give_back(one.order, one.firearms, one.police)

    returns.withdraw_return(one.order, returned=returned, reason="another firearm", by=None, now=NOW)

    assert state(one.order, "CT-RET-01") == DeadlineState.OPEN
    assert Firearm.objects.get().status == FirearmStatus.SURRENDERED
    assert not FirearmReturn.objects.exists()


def test_what_happened_since_stands_in_the_way_of_a_withdrawal() -> None:
    one = held()
    receipt = one.firearms[0].receipts.get()
    vacate(one.order, NOW - timedelta(days=1))
    (returned,) = give_back(one.order, one.firearms, one.police, NOW - timedelta(hours=2))

    with pytest.raises(InvalidFact, match="given back since"):
        surrender.withdraw_receipt(one.order, receipt=receipt, reason="error", by=None, now=NOW)
    hand_over(one.order, one.firearms, one.police, NOW - timedelta(hours=1))
    with pytest.raises(InvalidFact, match="handed over again since"):
        returns.withdraw_return(one.order, returned=returned, reason="error", by=None, now=NOW)


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"at": NOW + timedelta(minutes=1)}, "returned_at", "in_the_future"),
        ({"at": datetime(2026, 12, 4)}, "returned_at", "invalid_timestamp"),  # noqa: DTZ001
        ({"at": NOW - timedelta(days=3)}, "returned_at", "returned_before_receipt"),
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

    with pytest.raises(InvalidFact, match="Name the police agency"):
        give_back(one.order, one.firearms, make.agency(AgencyKind.COURT))
    with pytest.raises(InvalidFact, match="belongs to another case"):
        give_back(one.order, other.firearms, one.police)
    with pytest.raises(InvalidFact, match=r"S9: believed held\. Only what police hold goes back"):
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
