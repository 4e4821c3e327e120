"""Every item of an order's page has links that correct and withdraw it, and their forms work."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.access import MATRIX
from accounts.models import AgencyKind, Role, User
from orders.forms.acts import ACTS
from orders.forms.items import ITEMS
from orders.models import ComingService, HistoryEntry, Order
from orders.services import coming_service, hearings, service
from orders.services.cautions import add_caution
from orders.services.conditions import conditions, notices
from orders.services.firearms import (
    disposals,
    inventory,
    receipts,
    requests,
    return_steps,
    returns,
    statements,
)
from orders.services.orders import case_events, licensing, order_cards, vacatur
from orders.services.parties import releases
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, signed_in, typed
from tests.orders.test_admin.forms import as_shown

pytestmark = pytest.mark.django_db

#: Today decides on which days the court is closed.
SITS = "The court sits that day."


@dataclass
class Place:
    """The order and the time at which a test happens."""

    order: Order
    now: datetime

    @property
    def by(self) -> dict[str, Any]:
        """The keywords of every service."""
        return {"by": None, "now": self.now}

    def ago(self, hours: float) -> datetime:
        """An instant before now, to the second, as people type it."""
        return (self.now - timedelta(hours=hours)).replace(microsecond=0)

    def day(self, days: int) -> Any:
        """The day this many days from yesterday, which has come everywhere."""
        return (self.now + timedelta(days=days - 1)).date()


def firearm(p: Place) -> Any:
    """A listed firearm."""
    return inventory.list_firearm(p.order, make="Glock", serial="AB123", source="police", **p.by)


def announced(p: Place) -> Any:
    """A coming service."""
    return ComingService.objects.create(
        order=p.order, planned_at=p.ago(-24), planned_offset=0, place="12 Elm Lane"
    )


def answered(p: Place) -> Any:
    """A coming service at which police will be present."""
    return coming_service.answer_presence(announced(p), answer="yes", agency=make.agency(), **p.by)


def receipt(p: Place) -> Any:
    """A receipt of police."""
    return receipts.record_receipt(
        p.order,
        kind="police",
        received_at=p.ago(5),
        firearms=[firearm(p)],
        receipt_number="R-1",
        agency=make.agency(),
        **p.by,
    )


def returned(p: Place) -> Any:
    """A return after the order was vacated."""
    given = receipt(p)
    vacatur.vacate_order(p.order, vacated_at=p.ago(3), reason="Dismissed.", **p.by)
    make.may_return(p.order, at=p.ago(2), now=p.now)
    (row,) = returns.record_return(
        p.order,
        firearms=list(given.firearms.all()),
        returned_at=p.ago(1),
        agency=given.agency,
        officer="Lee Ash",
        confirmed=[one.value for one in returns.asked_before_return(p.order)],
        **p.by,
    )
    return row


def asked_for(p: Place) -> Any:
    """A request for the return of a firearm that police hold."""
    receipt(p)
    return requests.record_custody_request(p.order, kind="return", requested_at=p.ago(2), **p.by)


def checker(p: Place) -> dict[str, Any]:
    """Who checked before a return."""
    return {"agency": make.agency(), "checked_by": "Lee Ash"}


def officer(p: Place) -> dict[str, Any]:
    """Who decided about a return, and why: the police that hold the firearm."""
    held = p.order.receipts.exclude(agency=None).last()
    return {
        "agency": held.agency if held else make.agency(),
        "officer": "Lee Ash",
        "why": "A threat was reported.",
    }


def verified(p: Place) -> Any:
    """A check of a sworn statement."""
    statement = statements.record_statement(p.order, kind="non_possession", sworn_at=p.ago(3), **p.by)
    return statements.verify_statement(
        statement,
        agency=make.agency(),
        verified_by="Officer Ash",
        method="records",
        verified_at=p.ago(2),
        **p.by,
    )


def disposed(p: Place) -> Any:
    """A firearm that police destroyed."""
    given = receipt(p)
    (row,) = disposals.record_disposal(
        p.order,
        firearms=list(given.firearms.all()),
        kind="destroyed",
        disposed_at=p.ago(1),
        agency=given.agency,
        officer="Lee Ash",
        authority="Court order",
        confirm="So ordered.",
        **p.by,
    )
    return row


def handed_in(p: Place) -> Any:
    """A permit that was handed in to police."""
    permit = inventory.record_permit(p.order, kind="Pistol permit", number="7", **p.by)
    return inventory.hand_in_permit(permit, handed_in_on=p.day(0), agency=make.agency(), **p.by)


def hearing(p: Place) -> Any:
    """A hearing of yesterday."""
    return hearings.schedule_hearing(p.order, purpose="contempt", scheduled_on=p.day(0), confirm=SITS, **p.by)


def continued(p: Place) -> Any:
    """A hearing that was continued."""
    row = hearing(p)
    hearings.continue_hearing(row, scheduled_on=p.day(9), confirm=SITS, **p.by)
    return row


def held(p: Place) -> Any:
    """A hearing with an outcome."""
    return hearings.record_hearing(hearing(p), outcome="denied", held_on=p.day(0), **p.by)


def condition(p: Place) -> Any:
    """A condition."""
    return conditions.set_condition(p.order, condition="CT-SUR-05", due_on=p.day(3), **p.by)


def satisfied(p: Place) -> Any:
    """A condition that was satisfied."""
    return conditions.mark_satisfied(condition(p), satisfied_on=p.day(0), **p.by)


def release(p: Place) -> Any:
    """A release in force."""
    return releases.record_release(
        p.order,
        agency=make.agency(AgencyKind.ADVOCACY),
        signed_on=p.day(0),
        begins_at=p.ago(24),
        ends_at=p.ago(-240),
        **p.by,
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of item: a row, what a clerk types to correct it, and what is stored then."""

    row: Callable[[Place], Any]
    typed: Callable[[Place], dict[str, Any]] | None = None
    stored: Callable[[Any, Place], bool] = lambda row, p: True
    #: A slip, the field beside which it is shown, and its message.
    slip: Callable[[Place], dict[str, Any]] = lambda p: {"reason": ""}
    beside: str = "reason"
    message: str = "Fill in “"


CASES = {
    "firearm": Case(
        row=firearm,
        typed=lambda p: {"serial": "AB124"},
        stored=lambda row, p: row.serial == "AB124" and row.make == "Glock",
        slip=lambda p: {"serial": "", "make": ""},
        beside="serial",
        message="Describe the firearm with at least one",
    ),
    "permit": Case(
        row=lambda p: inventory.record_permit(p.order, kind="Pistol permit", number="7", **p.by),
        typed=lambda p: {"number": "77"},
        stored=lambda row, p: row.number == "77",
    ),
    "receipt": Case(
        row=receipt,
        typed=lambda p: {**typed(p.ago(4), "received_at"), "receipt_number": "R-2"},
        stored=lambda row, p: row.received_at == p.ago(4) and row.receipt_number == "R-2",
        slip=lambda p: typed(p.ago(-4), "received_at"),
        beside="received_at",
        message="is in the future",
    ),
    "return": Case(
        row=returned,
        typed=lambda p: {"officer": "Lee Elm"},
        stored=lambda row, p: row.officer == "Lee Elm",
        slip=lambda p: typed(p.ago(-4), "returned_at"),
        beside="returned_at",
        message="is in the future",
    ),
    "custody-request": Case(
        row=asked_for,
        typed=lambda p: {"requested_at_0": f"{p.day(0)}", "requested_at_1": ""},
        stored=lambda row, p: (row.requested_at, row.requested_on) == (None, p.day(0)),
        slip=lambda p: typed(p.ago(-4), "requested_at"),
        beside="requested_at",
        message="is in the future",
    ),
    "return-check": Case(
        row=lambda p: return_steps.record_return_check(
            asked_for(p), condition="eligible", is_confirmed=True, checked_at=p.ago(1), **checker(p), **p.by
        ),
        typed=lambda p: {"is_confirmed": "no", "note": "A conviction was found."},
        stored=lambda row, p: not row.is_confirmed and row.checked_at == p.ago(1),
        slip=lambda p: {"is_confirmed": "no"},
        beside="note",
        message="Describe what was found instead.",
    ),
    "return-hold": Case(
        row=lambda p: return_steps.record_return_hold(
            asked_for(p), held_at=p.ago(1), ends_on=p.day(5), **officer(p), **p.by
        ),
        typed=lambda p: {"ends_on": f"{p.day(9)}"},
        stored=lambda row, p: row.ends_on == p.day(9),
        slip=lambda p: {"ends_on": f"{p.day(-9)}"},
        beside="ends_on",
        message="is before the hold began",
    ),
    "return-decision": Case(
        row=lambda p: return_steps.decide_return(
            asked_for(p), outcome="safety", decided_at=p.ago(1), **officer(p), **p.by
        ),
        typed=lambda p: {"outcome": "dropped"},
        stored=lambda row, p: row.outcome == "dropped",
        slip=lambda p: typed(p.ago(-4), "decided_at"),
        beside="decided_at",
        message="is in the future",
    ),
    "statement": Case(
        row=lambda p: statements.record_statement(p.order, kind="non_possession", sworn_at=p.ago(3), **p.by),
        typed=lambda p: {"kind": "unreachable"},
        stored=lambda row, p: row.kind == "unreachable" and row.sworn_at == p.ago(3),
        slip=lambda p: typed(p.ago(-4), "sworn_at"),
        beside="sworn_at",
        message="is in the future",
    ),
    "verification": Case(
        row=verified,
        typed=lambda p: {"verified_by": "Officer Elm"},
        stored=lambda row, p: row.verified_by == "Officer Elm",
        slip=lambda p: typed(p.ago(-4), "verified_at"),
        beside="verified_at",
        message="is in the future",
    ),
    "disposal": Case(
        row=disposed,
        typed=lambda p: {"officer": "Lee Elm"},
        stored=lambda row, p: row.officer == "Lee Elm",
        slip=lambda p: typed(p.ago(-4), "disposed_at"),
        beside="disposed_at",
        message="is in the future",
    ),
    "hand-in": Case(row=handed_in),
    "caution": Case(
        row=lambda p: add_caution(p.order, known_on=p.day(-1), words="Large dog.", **p.by),
        typed=lambda p: {"words": "Two large dogs."},
        stored=lambda row, p: row.words == "Two large dogs.",
        slip=lambda p: {"words": ""},
        beside="words",
    ),
    "coming-service": Case(
        row=announced,
        typed=lambda p: {"place": "9 Elm Lane"},
        stored=lambda row, p: row.place == "9 Elm Lane",
        slip=lambda p: {"place": ""},
        beside="place",
    ),
    "presence": Case(row=answered),
    "attempt": Case(
        row=lambda p: service.record_failed_attempt(
            p.order,
            attempted_at=p.ago(9),
            method="in_hand",
            reason="No answer",
            confirm="A second copy.",
            **p.by,
        ),
        typed=lambda p: {"why_failed": "Moved away"},
        stored=lambda row, p: row.reason == "Moved away",
        slip=lambda p: {"why_failed": ""},
        beside="why_failed",
    ),
    "hearing": Case(
        row=hearing,
        typed=lambda p: {"scheduled_on": f"{p.day(6)}", "scheduled_time": "10 am", "confirm": SITS},
        stored=lambda row, p: row.scheduled_on == p.day(6) and row.scheduled_time.hour == 10,
        slip=lambda p: {"scheduled_on": "2001-01-01"},
        beside="scheduled_on",
        message="is before the date of the order",
    ),
    "outcome": Case(row=held),
    "continuance": Case(row=continued),
    "case-event": Case(
        row=lambda p: case_events.record_case_event(
            p.order, kind="police_notified", occurred_at=p.ago(2), **p.by
        ),
        typed=lambda p: {"occurred_at_0": f"{p.day(0)}", "occurred_at_1": ""},
        stored=lambda row, p: row.occurred_at is None and row.occurred_on == p.day(0),
        slip=lambda p: typed(p.ago(-4), "occurred_at"),
        beside="occurred_at",
        message="is in the future",
    ),
    "licensing-report": Case(
        row=lambda p: licensing.record_licensing_report(
            p.order, kind="permit_revoked", occurred_at=p.ago(2), **p.by
        ),
        typed=lambda p: {"occurred_at_0": f"{p.day(0)}", "occurred_at_1": ""},
        stored=lambda row, p: row.occurred_at is None and row.occurred_on == p.day(0),
        slip=lambda p: typed(p.ago(-4), "occurred_at"),
        beside="occurred_at",
        message="is in the future",
    ),
    "sent": Case(
        row=lambda p: notices.record_notice_sent(p.order, entry="CT-SVC-04", sent_on=p.day(0), **p.by),
        typed=lambda p: typed(p.ago(2), "sent_at"),
        stored=lambda row, p: row.sent_at == p.ago(2),
        slip=lambda p: typed(p.ago(-4), "sent_at"),
        beside="sent_at",
        message="is in the future",
    ),
    "condition": Case(
        row=condition,
        typed=lambda p: {"due_at_0": f"{p.day(5)}", "due_at_1": ""},
        stored=lambda row, p: row.due_on == p.day(5),
        slip=lambda p: {"due_at_0": "2001-01-01", "due_at_1": ""},
        beside="due_at",
        message="is before the date of the order",
    ),
    "satisfaction": Case(row=satisfied),
    "card": Case(
        row=lambda p: order_cards.issue_card(p.order, telephone="860-555-0100", **p.by),
        typed=lambda p: {"telephone": "860-555-0101"},
        stored=lambda row, p: row.telephone == "860-555-0101",
        slip=lambda p: {"telephone": "ask"},
        beside="telephone",
        message="Enter the telephone",
    ),
    "release": Case(
        row=release,
        typed=lambda p: typed(p.ago(-100), "ends_at"),
        stored=lambda row, p: row.ends_at == p.ago(-100),
        slip=lambda p: typed(p.ago(100), "ends_at"),
        beside="ends_at",
        message="would end before it begins",
    ),
}

#: The items of the court. Those of police alone are in `tests/orders/cases/test_custody_put_right.py`.
OF_COURT = [one for one in ITEMS if MATRIX.may({"clerk"}, "view", one.resource)]
WITHDRAWN = [one.name for one in OF_COURT if one.is_withdrawn]
CORRECTED = [name for name, case in CASES.items() if case.typed]


@pytest.fixture
def place(enter: Enter, now: datetime) -> Place:
    return place_of(enter, now)


def place_of(enter: Enter, now: datetime) -> Place:
    """A served order."""
    order = enter(served_at=now - timedelta(hours=20), expires_on=(now + timedelta(days=90)).date())
    return Place(order, now)


def address(act: str, row: Any) -> str:
    """The address of the form of an act on an item."""
    return f"{page_of(row.order)}{act}/?item={row.public_id}"


def test_every_item_has_a_case() -> None:
    assert set(CASES) == {one.name for one in OF_COURT}
    assert {f"correct-{name}" for name in CORRECTED} | {f"withdraw-{name}" for name in WITHDRAWN} == {
        name for name, act in ACTS.items() if act.fact is not None and act.is_permitted({"clerk"})
    }


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", CORRECTED)
def test_correction_starts_with_the_stored_values_and_sends_what_changed(
    name: str, place: Place, desk: Client, clerk: User
) -> None:
    case = CASES[name]
    row = case.row(place)
    form = desk.get(address(f"correct-{name}", row)).context["form"]
    sheet = as_shown(form) | {"reason": "Read the wrong line."}

    unchanged = desk.post(address(f"correct-{name}", row), sheet)
    slip = desk.post(address(f"correct-{name}", row), sheet | case.slip(place))
    assert case.typed is not None
    done = desk.post(address(f"correct-{name}", row), sheet | case.typed(place))

    assert "Nothing is changed. Change what is wrong, or cancel." in unchanged.content.decode()
    # A slip that changes nothing is refused for that, too.
    assert [one for one in slip.context["form"].errors if one != "__all__"] == [case.beside]
    assert case.message in slip.content.decode()
    assert done.status_code == 302, done.context["form"].errors
    row = type(row).objects.get(pk=row.pk)
    assert case.stored(row, place)
    entry = HistoryEntry.objects.order_by("-id")[0]
    assert (entry.actor, entry.reason) == (clerk, "Read the wrong line.")
    assert entry.kind.endswith("_corrected")
    page = desk.get(page_of(place.order)).content.decode()
    assert "Read the wrong line." in page


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", CORRECTED)
def test_correction_is_rejected_after_another_persons_change(name: str, place: Place, desk: Client) -> None:
    case = CASES[name]
    row = case.row(place)
    form = desk.get(address(f"correct-{name}", row)).context["form"]
    assert case.typed is not None
    sheet = as_shown(form) | case.typed(place) | {"reason": "Read the wrong line."}
    assert desk.post(address(f"correct-{name}", row), sheet).status_code == 302

    second = desk.post(address(f"correct-{name}", row), sheet)

    assert "Someone changed this since you opened the form." in second.content.decode()


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", WITHDRAWN)
def test_withdrawal_needs_a_reason_and_is_in_the_history(name: str, place: Place, desk: Client) -> None:
    row = CASES[name].row(place)
    form = address(f"withdraw-{name}", row)

    blank = desk.post(form, {"reason": " "})
    done = desk.post(form, {"reason": "It was of another order."})

    assert "Fill in “" in blank.content.decode()
    assert done.status_code == 302
    entry = HistoryEntry.objects.order_by("-id")[0]
    assert entry.kind.endswith("_withdrawn")
    assert entry.reason == "It was of another order."
    again = desk.post(form, {"reason": "Once more."})
    assert again.status_code == 302
    assert again.headers["Location"].startswith(page_of(place.order))
    assert HistoryEntry.objects.order_by("-id")[0] == entry


def test_links_stand_beside_the_items_that_the_acts_fit(place: Place, desk: Client) -> None:
    rows = {name: CASES[name].row(place) for name in ("permit", "held", "statement") if name in CASES}
    row = held(place)

    page = desk.get(page_of(place.order)).content.decode()

    def offered(item: Any) -> set[str]:
        return set(re.findall(rf'href="{page_of(place.order)}([a-z-]+)/\?item={item.public_id}"', page))

    assert offered(rows["permit"]) == {"correct-permit", "withdraw-permit"}
    assert offered(rows["statement"]) == {"correct-statement", "withdraw-statement"}
    assert offered(row) == {"correct-hearing", "withdraw-hearing", "withdraw-outcome"}
    assert 'aria-label="Withdraw: Pistol permit, number 7"' in page


def test_judge_sees_no_links(place: Place) -> None:
    firearm(place)
    judge = signed_in(make.person(Role.JUDGE, place.order.case.court))

    assert "?item=" not in judge.get(page_of(place.order)).content.decode()


def test_held_hearing_is_corrected_with_its_outcome(place: Place, desk: Client) -> None:
    row = held(place)
    form = desk.get(address("correct-hearing", row)).context["form"]
    assert "outcome" not in desk.get(address("correct-hearing", continued_on(place))).context["form"].fields

    done = desk.post(
        address("correct-hearing", row), as_shown(form) | {"outcome": "granted", "reason": "Misread."}
    )

    assert done.status_code == 302
    row.refresh_from_db()
    assert row.outcome == "granted"


def continued_on(p: Place) -> Any:
    """A hearing that is pending."""
    return hearings.schedule_hearing(
        p.order, purpose="compliance", scheduled_on=p.day(8), confirm=SITS, **p.by
    )


def test_item_of_another_order_is_not_found(place: Place, enter: Enter, desk: Client) -> None:
    other = inventory.record_permit(enter(), kind="Pistol permit", **place.by)
    base = f"{page_of(place.order)}withdraw-permit/"

    assert desk.get(base).status_code == 404
    assert desk.get(f"{base}?item=x").status_code == 404
    for item in (other.public_id, uuid.uuid4()):
        assert desk.post(f"{base}?item={item}", {"reason": "x"}).status_code == 302
    other.refresh_from_db()


def test_refusal_names_the_receipt_to_withdraw_first(place: Place, desk: Client) -> None:
    listed = receipt(place).firearms.get()

    page = desk.post(address("withdraw-firearm", listed), {"reason": "Listed twice."}).content.decode()

    assert "This firearm is on receipt R-1 (" in page


def test_doubtful_correction_asks_for_a_reason_to_continue(place: Place, desk: Client) -> None:
    row = receipt(place)
    form = desk.get(address("correct-receipt", row)).context["form"]
    sheet = as_shown(form) | typed(place.ago(24 * 20), "received_at") | {"reason": "Misread."}

    doubted = desk.post(address("correct-receipt", row), sheet)

    assert "Reason to continue" in doubted.content.decode()
    assert desk.post(address("correct-receipt", row), sheet | {"confirm": "Before."}).status_code == 302


def test_links_need_no_query_for_each_item(place: Place, desk: Client) -> None:
    counts = []
    for number in range(2):
        for serial in range(5 * number + 1):
            listed = inventory.list_firearm(
                place.order, serial=f"N-{number}-{serial}", source="police", **place.by
            )
            receipts.record_receipt(
                place.order,
                kind="police",
                received_at=place.ago(2),
                firearms=[listed],
                agency=make.agency(),
                **place.by,
            )
            inventory.record_permit(
                place.order, kind="Pistol permit", number=f"{number}-{serial}", **place.by
            )
            again: dict[str, Any] = {"confirm": "Sent once more.", **place.by}
            notices.record_notice_sent(place.order, entry="CT-SVC-04", sent_on=place.day(0), **again)
        desk.get(page_of(place.order))
        with CaptureQueriesContext(connection) as queries:
            desk.get(page_of(place.order))
        counts.append(len(queries))

    assert counts[0] == counts[1]
