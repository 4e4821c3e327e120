"""When police may destroy a firearm, and who may take it: C.G.S. §§ 29-36k(d) and 29-38c(h) and (i)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import Deadline, DeadlineState, Firearm, FirearmStatus, HistoryEntry, Order
from orders.services.firearms import disposals, inventory, receipts, requests
from orders.services.orders import vacatur
from tests import make

pytestmark = pytest.mark.django_db

#: A Monday noon in Connecticut, and the same day of the next year.
NOW = datetime(2026, 12, 7, 17, 0, tzinfo=UTC)
A_YEAR = datetime(2027, 12, 7, 17, 0, tzinfo=UTC)
LICENSE = "6-06-014-01-7M-12345"


def custody(**given: Any) -> tuple[Order, Firearm, Agency]:
    """An order served two hours ago, and a firearm that police took now."""
    police = make.agency()
    court = make.agency(AgencyKind.COURT, state=given.get("jurisdiction", "us_ct"))
    order = make.served_order(ago=timedelta(hours=2), now=NOW, court=court, **given)
    firearm = inventory.list_firearm(order, serial="AB1", source="police", by=None, now=NOW)
    receipts.record_receipt(
        order, kind="police", received_at=NOW, firearms=[firearm], agency=police, by=None, now=NOW
    )
    return order, firearm, police


def dispose(held: tuple[Order, Firearm, Agency], at: datetime, **given: Any) -> None:
    order, firearm, police = held
    facts = {"kind": "destroyed", "officer": "Lee Ash", "authority": "§ 29-36k(d)", **given}
    disposals.record_disposal(
        order, firearms=[firearm], disposed_at=at, agency=police, by=None, now=at, **facts
    )


def doubt(held: tuple[Order, Firearm, Agency], at: datetime, **given: Any) -> tuple[str, str]:
    """The code and the words of the doubt. Nothing is stored until a reason is given."""
    with pytest.raises(DoubtfulFact) as raised:
        dispose(held, at, **given)
    held[1].refresh_from_db()
    assert held[1].status == FirearmStatus.SURRENDERED
    return raised.value.code, raised.value.message


def test_nothing_is_destroyed_before_the_year_is_over_without_a_reason() -> None:
    held = custody(kind="restraining_order")
    day_before = A_YEAR - timedelta(days=1)

    code, words = doubt(held, day_before)
    assert (code, "from Tue, Dec 7, 2027 on" in words) == ("too_early", True)

    dispose(held, day_before, confirm="The court ordered it on Dec 3.")
    assert HistoryEntry.objects.filter(kind="disposed").get().reason == "The court ordered it on Dec 3."


def test_at_the_end_of_the_year_it_is_destroyed() -> None:
    held = custody(kind="restraining_order")

    dispose(held, A_YEAR)

    assert Deadline.objects.get(rule_id="CT-RET-03").state == DeadlineState.MET


def test_what_the_respondent_asked_for_is_not_destroyed_unasked() -> None:
    held = custody(kind="restraining_order")
    requests.record_custody_request(held[0], kind="return", requested_at=A_YEAR, by=None, now=A_YEAR)

    assert doubt(held, A_YEAR)[0] == "return_requested"


def test_seized_under_a_risk_protection_order_it_is_kept_a_year_after_the_end() -> None:
    held = custody(kind="risk_protection_order")
    assert doubt(held, A_YEAR)[0] == "too_early", "the order is in force"
    vacatur.vacate_order(held[0], vacated_at=A_YEAR, reason="ended", by=None, now=A_YEAR)

    code, words = doubt(held, A_YEAR + timedelta(days=365))
    assert (code, "from Thu, Dec 7, 2028 on" in words) == ("too_early", True)
    dispose(held, A_YEAR + timedelta(days=366))


@pytest.mark.parametrize(
    ("kind", "taker", "code"),
    [
        ("restraining_order", {"taker_name": "Oak Elm"}, "unlawful_recipient"),
        ("foreign_order", {"taker_name": "Oak Elm"}, "unlawful_recipient"),
        ("risk_protection_order", {"taker_name": "Oak Elm"}, "unlawful_recipient"),
        ("restraining_order", {"dealer_license": LICENSE}, ""),
        ("risk_protection_order", {"dealer_license": LICENSE}, ""),
    ],
)
def test_only_a_dealer_takes_it_while_the_order_is_in_force(
    kind: str, taker: dict[str, str], code: str
) -> None:
    held = custody(kind=kind)
    if code:
        assert doubt(held, NOW, kind="transferred", **taker)[0] == code
        return

    assert doubt(held, NOW, kind="transferred", **taker)[0] == "no_joint_notice"
    requests.record_custody_request(
        held[0], kind="sale", requested_at=NOW, dealer_license=LICENSE, by=None, now=NOW
    )
    dispose(held, NOW, kind="transferred", **taker)

    held[1].refresh_from_db()
    assert held[1].status == FirearmStatus.TRANSFERRED


def test_a_friend_takes_nothing_on_the_page_of_an_order_that_ended_while_another_is_in_force() -> None:
    order, firearm, _ = held = custody()
    later = make.order(
        docket_number=order.case.docket_number,
        court=order.case.court,
        kind="restraining_order",
        issued_at=NOW,
        now=NOW,
    )
    vacatur.vacate_order(order, vacated_at=NOW, reason="ended", by=None, now=NOW)
    hour = NOW + timedelta(hours=1)

    assert doubt(held, hour, kind="transferred", taker_name="Oak Elm")[0] == "unlawful_recipient"
    with pytest.raises(InvalidFact) as raised:
        requests.record_custody_request(
            order, kind="sale", requested_at=hour, taker_name="Oak Elm", by=None, now=hour
        )
    assert raised.value.code == "unlawful_recipient"

    vacatur.vacate_order(later, vacated_at=hour, reason="ended", by=None, now=hour)
    requests.record_custody_request(
        order, kind="sale", requested_at=hour, taker_name="Oak Elm", by=None, now=hour
    )
    dispose(held, hour + timedelta(hours=1), kind="transferred", taker_name="Oak Elm")
    firearm.refresh_from_db()
    assert firearm.status == FirearmStatus.TRANSFERRED


def test_an_order_of_another_court_against_the_person_bars_a_friend_too() -> None:
    order, _, _ = held = custody()
    vacatur.vacate_order(order, vacated_at=NOW, reason="ended", by=None, now=NOW)
    elsewhere = make.order(kind="civil_protection_order", issued_at=NOW, now=NOW)
    elsewhere.case.respondent.person = order.case.respondent.person
    elsewhere.case.respondent.save()
    hour = NOW + timedelta(hours=1)

    assert doubt(held, hour, kind="transferred", taker_name="Oak Elm")[0] == "unlawful_recipient"
    dispose(held, hour, kind="transferred", dealer_license=LICENSE, confirm="The court ordered it.")
