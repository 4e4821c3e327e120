"""Every act on an order: done through its form, and errors beside the fields they are about."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.utils import timezone

from accounts.models import Agency, AgencyKind, User
from orders.forms.acts import ACTS
from orders.models import (
    CaseEvent,
    Caution,
    ComingService,
    ConfidentialityRelease,
    CustodyRequest,
    Deadline,
    DeadlineState,
    Firearm,
    FirearmReturn,
    FirearmStatus,
    Hearing,
    HistoryEntry,
    LicensingReport,
    NoticeSent,
    Order,
    OrderAgency,
    OrderCard,
    OrderCondition,
    Permit,
    Receipt,
    ReturnCheck,
    ServiceAttempt,
    Statement,
)
from orders.services import hearings, service
from orders.services.conditions import conditions
from orders.services.firearms import inventory, receipts, returns, statements
from orders.services.orders import after_hearing, extension, modification, vacatur, withdrawal
from orders.services.parties import releases
from orders.services.parties.candidates import candidates_of, same_person_of
from tests import make
from tests.orders.test_admin.conftest import Enter, entering, page_of, typed

pytestmark = pytest.mark.django_db

#: The acts on the order. Those on one item have tests of their own.
#: Those of police alone are in `tests/orders/cases/test_custody_put_right.py`.
ON_ORDER = {name for name, act in ACTS.items() if act.fact is None and act.is_permitted({"clerk"})}

LICENSE_NUMBER = "6-06-014-01-7M-12345"


@dataclass
class Fixtures:
    """An order with something of everything, so that every act has what it needs."""

    order: Order
    now: datetime
    firearm: Firearm
    hearing: Hearing
    receipt: Receipt
    police: int
    town: int
    other_firearm: Firearm
    release: ConfidentialityRelease
    #: The docket number before an act.
    docket: str = ""

    @property
    def today(self) -> date:
        """A day that has come."""
        return (self.now - timedelta(days=1)).date()


@pytest.fixture(scope="module")
def stored(kept_rows: None) -> Fixtures:
    """Stored once: every act starts from the same order."""
    court, now = make.agency(AgencyKind.COURT, "Superior Court of Elm"), timezone.now()
    return set_up(entering(court, now), now)


@pytest.fixture
def fixtures(stored: Fixtures, db: None) -> Fixtures:
    return copy.deepcopy(stored)


@pytest.fixture
def court(fixtures: Fixtures) -> Agency:
    return fixtures.order.case.court


@pytest.fixture
def now(fixtures: Fixtures) -> datetime:
    return fixtures.now


def set_up(enter: Enter, now: datetime) -> Fixtures:
    """An order that is served, unless a test withdraws it."""
    order = enter(
        served_at=now - timedelta(hours=20),
        expires_on=(now + timedelta(days=90)).date(),
        protected_person="Sky Linden",
    )
    given: dict[str, Any] = {"source": "application", "by": None, "now": now}
    firearm = inventory.list_firearm(order, serial="S-1", **given)
    receipted = inventory.list_firearm(order, serial="S-2", **given)
    other = enter(respondent_name="Pat Reed")
    return Fixtures(
        order=order,
        now=now,
        firearm=firearm,
        hearing=hearings.schedule_hearing(
            order,
            purpose="compliance",
            scheduled_on=(now + timedelta(days=5)).date(),
            confirm="The court sits that day.",
            by=None,
            now=now,
        ),
        receipt=receipts.record_receipt(
            order,
            kind="dealer",
            received_at=now - timedelta(hours=2),
            firearms=[receipted],
            dealer_license=LICENSE_NUMBER,
            receipt_number="R-1",
            by=None,
            now=now,
        ),
        police=make.agency().pk,
        town=make.town().pk,
        other_firearm=inventory.list_firearm(other, serial="S-9", **given),
        release=releases.record_release(
            order,
            agency=make.agency(AgencyKind.ADVOCACY),
            signed_on=(now - timedelta(days=1)).date(),
            begins_at=now - timedelta(days=1),
            ends_at=now + timedelta(days=9),
            by=None,
            now=now,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One act: what is typed, what is stored then, and an error with its field and message."""

    act: str
    sheet: Callable[[Fixtures], dict[str, Any]]
    stored: Callable[[Fixtures], object]
    slip: Callable[[Fixtures], dict[str, Any]]
    beside: str
    message: str
    unserved: bool = False


def before(fixtures: Fixtures, name: str, **span: float) -> dict[str, str]:
    """An instant in the past, as it is typed."""
    return typed(fixtures.now - timedelta(**span), name)


def released(fixtures: Fixtures) -> dict[str, Any]:
    """A release of a month, as it is typed."""
    return {
        "agency": fixtures.release.agency_id,
        "signed_on": fixtures.today,
        **typed(fixtures.now - timedelta(days=1), "begins_at"),
        **typed(fixtures.now + timedelta(days=30), "ends_at"),
        "purpose": "safety",
        "covers_service": "on",
    }


def named(fixtures: Fixtures) -> OrderAgency:
    """Marshals that were named for the order."""
    marshals = make.agency(AgencyKind.MARSHAL)
    return fixtures.order.order_agencies.create(agency=marshals, capacity="marshal")


def past_hearing(fixtures: Fixtures) -> int:
    """A hearing of yesterday without an outcome."""
    hearing, _ = Hearing.objects.get_or_create(
        order=fixtures.order, purpose="contempt", scheduled_on=fixtures.today
    )
    return hearing.pk


def application(fixtures: Fixtures) -> int:
    """A hearing on the application, of yesterday."""
    row = Hearing.objects.filter(order=fixtures.order, purpose="application").first()
    row = row or hearings.schedule_hearing(
        fixtures.order,
        purpose="application",
        scheduled_on=fixtures.today,
        confirm="The court sits that day.",
        by=None,
        now=fixtures.now,
    )
    return row.pk


def decided(fixtures: Fixtures) -> dict[str, Any]:
    """Deny the application."""
    hearing = Hearing.objects.get(pk=application(fixtures))
    if not hearing.outcome:
        after_hearing.decide_application(
            hearing,
            decision="denied",
            decided_at=fixtures.now - timedelta(hours=1),
            by=None,
            now=fixtures.now,
        )
    return {}


def denied(fixtures: Fixtures) -> int:
    """A sworn statement of no firearms."""
    given: dict[str, Any] = {"kind": "non_possession", "by": None, "now": fixtures.now}
    sworn = fixtures.now - timedelta(hours=2)
    return statements.record_statement(fixtures.order, sworn_at=sworn, **given).pk


def held(fixtures: Fixtures) -> int:
    """A firearm in police custody."""
    given: dict[str, Any] = {"by": None, "now": fixtures.now}
    firearm = inventory.list_firearm(fixtures.order, serial="S-4", source="police", **given)
    receipts.record_receipt(
        fixtures.order,
        kind="police",
        received_at=fixtures.now - timedelta(hours=2),
        firearms=[firearm],
        agency=Agency.objects.get(pk=fixtures.police),
        **given,
    )
    return firearm.pk


def announced(fixtures: Fixtures) -> int:
    """A coming service."""
    row, _ = ComingService.objects.get_or_create(
        order=fixtures.order,
        defaults={
            "planned_at": fixtures.now + timedelta(hours=5),
            "planned_offset": 0,
            "place": "7 Elm Lane",
        },
    )
    return row.pk


def permit(fixtures: Fixtures) -> int:
    """A permit that was not handed in."""
    row = Permit.objects.filter(order=fixtures.order).first()
    given: dict[str, Any] = {"by": None, "now": fixtures.now}
    return (row or inventory.record_permit(fixtures.order, kind="Pistol permit", **given)).pk


def ahead(fixtures: Fixtures, name: str) -> dict[str, str]:
    """An instant that has not come."""
    return typed(fixtures.now + timedelta(days=2), name)


CASES = [
    Case(
        act="serve",
        sheet=lambda s: {
            **before(s, "served_at", hours=3),
            "service_method": "in_hand",
            "service_officer": "Pat Reed",
            "town": s.town,
        },
        stored=lambda s: s.order.service_method == "in_hand" and s.order.order_agencies.count() == 3,
        slip=lambda s: {**before(s, "served_at", days=30), "service_method": "in_hand"},
        beside="served_at",
        message="is before the order was issued",
        unserved=True,
    ),
    Case(
        act="attempt",
        sheet=lambda s: {**before(s, "attempted_at", hours=3), "method": "abode", "reason": "Nobody opened."},
        stored=lambda s: ServiceAttempt.objects.get(order=s.order).reason == "Nobody opened.",
        slip=lambda s: {**ahead(s, "attempted_at"), "method": "abode", "reason": "Nobody opened."},
        beside="attempted_at",
        message="is in the future",
        unserved=True,
    ),
    Case(
        act="caution",
        sheet=lambda s: {"words": "Large dog.", "known_on": f"{s.today}"},
        stored=lambda s: Caution.objects.get(order=s.order).words == "Large dog.",
        slip=lambda s: {"words": "Large dog.", "known_on": f"{s.today + timedelta(days=4)}"},
        beside="known_on",
        message="is in the future",
    ),
    Case(
        act="plan-service",
        sheet=lambda s: {**ahead(s, "planned_at"), "place": "7 Elm Lane", "asks_police": "on"},
        stored=lambda s: ComingService.objects.get(order=s.order).asks_police,
        slip=lambda s: {**before(s, "planned_at", hours=1), "place": "7 Elm Lane"},
        beside="planned_at",
        message="This time is past.",
        unserved=True,
    ),
    Case(
        act="answer-presence",
        sheet=lambda s: {"coming": announced(s), "answer": "yes", "agency": s.police},
        stored=lambda s: ComingService.objects.get(order=s.order).answer == "yes",
        slip=lambda s: {"coming": announced(s), "answer": "no", "agency": s.police},
        beside="answer_note",
        message="Enter why not",
        unserved=True,
    ),
    Case(
        act="correct-service",
        sheet=lambda s: {
            **before(s, "served_at", hours=10),
            "service_method": "abode",
            "reason": "Wrong line read.",
        },
        stored=lambda s: s.order.service_method == "abode",
        slip=lambda s: {**ahead(s, "served_at"), "service_method": "abode", "reason": "Wrong line read."},
        beside="served_at",
        message="is in the future",
    ),
    Case(
        act="withdraw-service",
        sheet=lambda s: {"reason": "Another person was served."},
        stored=lambda s: s.order.served_at is None,
        slip=lambda s: {"reason": "  "},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="firearm",
        sheet=lambda s: {"make": "Ruger", "serial": "S-3", "source": "police"},
        stored=lambda s: Firearm.objects.get(order=s.order, serial="S-3").source == "police",
        slip=lambda s: {"serial": "S-1", "source": "police"},
        beside="serial",
        message="Serial number S-1 is already on the list.",
    ),
    Case(
        act="permit",
        sheet=lambda s: {"kind": "Pistol permit", "number": "77"},
        stored=lambda s: Permit.objects.get(order=s.order).number == "77",
        slip=lambda s: {"kind": ""},
        beside="kind",
        message="Fill in “",
    ),
    Case(
        act="receipt",
        sheet=lambda s: {
            "firearms": [s.firearm.pk],
            **before(s, "received_at", hours=1),
            "kind": "police",
            "agency": s.police,
            "receipt_number": "R-2",
        },
        stored=lambda s: (
            Receipt.objects.get(receipt_number="R-2").firearms.get() == s.firearm
            and Deadline.objects.get(order=s.order, rule_id="CT-SUR-01").state == DeadlineState.MET
        ),
        slip=lambda s: {
            "firearms": [s.firearm.pk],
            **before(s, "received_at", hours=1),
            "kind": "dealer",
            "dealer_license": "12345",
        },
        beside="dealer_license",
        message="is not a dealer&#x27;s license number. The form is R-DD-CCC-TT-EX-SSSSS",
    ),
    Case(
        act="statement",
        sheet=lambda s: {"kind": "non_possession", **before(s, "sworn_at", hours=1)},
        stored=lambda s: Statement.objects.get(order=s.order).kind == "non_possession",
        slip=lambda s: {"kind": "non_possession", **ahead(s, "sworn_at")},
        beside="sworn_at",
        message="is in the future",
    ),
    Case(
        act="verify",
        sheet=lambda s: {
            "statement": denied(s),
            **before(s, "verified_at", hours=1),
            "agency": s.police,
            "verified_by": "Lee Ash",
            "method": "records",
        },
        stored=lambda s: Deadline.objects.get(order=s.order, rule_id="CT-SUR-01").proof == "proven",
        slip=lambda s: {
            "statement": denied(s),
            **before(s, "verified_at", hours=1),
            "agency": s.police,
            "verified_by": "Lee Ash",
            "method": "other",
        },
        beside="note",
        message="Describe how the statement was checked.",
    ),
    Case(
        act="dispose",
        sheet=lambda s: {
            "firearms": [held(s)],
            "kind": "destroyed",
            **before(s, "disposed_at", hours=1),
            "agency": s.police,
            "officer": "Lee Ash",
            "authority": "Court order of Dec 4",
            "confirm": "So ordered.",
        },
        stored=lambda s: Firearm.objects.get(serial="S-4").status == "destroyed",
        slip=lambda s: {
            "firearms": [held(s)],
            "kind": "transferred",
            **before(s, "disposed_at", hours=1),
            "agency": s.police,
            "officer": "Lee Ash",
            "authority": "Court order of Dec 4",
        },
        beside="taker_name",
        message="or the name of the person, but not both.",
    ),
    Case(
        act="hand-in-permit",
        sheet=lambda s: {"permit": permit(s), "handed_in_on": f"{s.today}", "agency": s.police},
        stored=lambda s: Permit.objects.get(order=s.order).handed_in_on == s.today,
        slip=lambda s: {
            "permit": permit(s),
            "handed_in_on": f"{s.today + timedelta(days=4)}",
            "agency": s.police,
        },
        beside="handed_in_on",
        message="is in the future. Enter",
    ),
    Case(
        act="issue-card",
        sheet=lambda s: {"telephone": "860-555-0100"},
        stored=lambda s: OrderCard.objects.get(order=s.order).telephone == "860-555-0100",
        slip=lambda s: {"telephone": "ask the clerk"},
        beside="telephone",
        message="Enter the telephone",
    ),
    Case(
        act="sent",
        sheet=lambda s: {"entry": "CT-SVC-04", **before(s, "sent_at", hours=1)},
        stored=lambda s: NoticeSent.objects.get(order=s.order).entry == "CT-SVC-04",
        slip=lambda s: {"entry": "CT-SVC-04", "sent_at_0": f"{s.today + timedelta(days=4)}", "sent_at_1": ""},
        beside="sent_at",
        message="is in the future. Enter",
    ),
    Case(
        act="hearing",
        sheet=lambda s: {
            "purpose": "contempt",
            "scheduled_on": f"{s.today + timedelta(days=9)}",
            "scheduled_time": "9:30 am",
            "confirm": "The court sits that day.",
        },
        stored=lambda s: (
            str(Hearing.objects.get(order=s.order, purpose="contempt").scheduled_time) == "09:30:00"
        ),
        slip=lambda s: {"purpose": "compliance", "scheduled_on": f"{s.hearing.scheduled_on}"},
        beside="scheduled_on",
        message="A hearing with this purpose is already scheduled for",
    ),
    Case(
        act="continue",
        sheet=lambda s: {
            "hearing": s.hearing.pk,
            "scheduled_on": f"{s.today + timedelta(days=20)}",
            "confirm": "The court sits that day.",
        },
        stored=lambda s: (
            set(Hearing.objects.filter(order=s.order).values_list("outcome", flat=True)) == {"continued", ""}
        ),
        slip=lambda s: {"hearing": s.hearing.pk, "scheduled_on": f"{s.today + timedelta(days=2)}"},
        beside="scheduled_on",
        message="A continuance sets a later day than",
    ),
    Case(
        act="hold",
        sheet=lambda s: {
            "hearing": past_hearing(s),
            "held_on": f"{s.today}",
            "outcome": "compliant",
            f"finding_{s.firearm.pk}": "lost_or_stolen",
            f"note_finding_{s.firearm.pk}": "Stolen in 2024",
        },
        stored=lambda s: (
            Hearing.objects.get(order=s.order, purpose="contempt").outcome == "compliant"
            and s.firearm.findings.get().note == "Stolen in 2024"
        ),
        slip=lambda s: {
            "hearing": past_hearing(s),
            "held_on": f"{s.today + timedelta(days=4)}",
            "outcome": "partial",
        },
        beside="held_on",
        message="is in the future. Enter",
    ),
    Case(
        act="decide",
        sheet=lambda s: {
            "hearing": application(s),
            "decision": "denied",
            **before(s, "decided_at", hours=1),
        },
        stored=lambda s: Hearing.objects.get(pk=application(s)).outcome == "denied" and s.order.vacated_at,
        slip=lambda s: {"hearing": application(s), "decision": "denied"},
        beside="decided_at",
        message="Enter when the court decided.",
    ),
    Case(
        act="withdraw-decision",
        sheet=lambda s: decided(s) | {"reason": "It was another case."},
        stored=lambda s: not Hearing.objects.get(pk=application(s)).outcome and not s.order.vacated_at,
        slip=lambda s: decided(s) | {"reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="licensing-report",
        sheet=lambda s: {"kind": "purchase_attempted", **before(s, "occurred_at", hours=1)},
        stored=lambda s: LicensingReport.objects.get(order=s.order).kind == "purchase_attempted",
        slip=lambda s: {
            "kind": "purchase_attempted",
            "occurred_at_0": f"{s.today + timedelta(days=4)}",
            "occurred_at_1": "",
        },
        beside="occurred_at",
        message="is in the future. Enter",
    ),
    Case(
        act="case-event",
        sheet=lambda s: {"kind": "police_notified", **before(s, "occurred_at", hours=1)},
        stored=lambda s: CaseEvent.objects.get(order=s.order).occurred_at is not None,
        slip=lambda s: {
            "kind": "police_notified",
            "occurred_at_0": f"{s.today + timedelta(days=4)}",
            "occurred_at_1": "",
        },
        beside="occurred_at",
        message="is in the future. Enter",
    ),
    Case(
        act="condition",
        sheet=lambda s: {
            "condition": "CT-SUR-05",
            "due_at_0": f"{s.today + timedelta(days=9)}",
            "due_at_1": "",
        },
        stored=lambda s: OrderCondition.objects.get(order=s.order, satisfied_on=None, due_on__gt=s.today),
        slip=lambda s: {"condition": "CT-SUR-05", "due_at_0": "2001-01-01", "due_at_1": ""},
        beside="due_at",
        message="is before the date of the order",
    ),
    Case(
        act="satisfy-condition",
        sheet=lambda s: {"condition": with_term(s), "satisfied_at_0": f"{s.today}", "satisfied_at_1": ""},
        stored=lambda s: OrderCondition.objects.get(order=s.order).satisfied_on == s.today,
        slip=lambda s: {
            "condition": with_term(s),
            "satisfied_at_0": f"{s.today + timedelta(days=4)}",
            "satisfied_at_1": "",
        },
        beside="satisfied_at",
        message="is in the future. Enter",
    ),
    Case(
        act="extend",
        sheet=lambda s: {"expires_on": f"{s.today + timedelta(days=300)}", "confirm": "As printed."},
        stored=lambda s: s.order.expires_on == s.today + timedelta(days=300),
        slip=lambda s: {"expires_on": f"{s.today + timedelta(days=10)}"},
        beside="expires_on",
        message="is not after the last day so far",
    ),
    Case(
        act="correct",
        sheet=lambda s: {
            **order_sheet(s),
            "expires_on": f"{s.today + timedelta(days=30)}",
            "reason": "Typed the wrong year.",
            "confirm": "As printed.",
        },
        stored=lambda s: s.order.expires_on == s.today + timedelta(days=30),
        slip=lambda s: {**order_sheet(s), "expires_on": "2001-01-01", "reason": "Typed the wrong year."},
        beside="expires_on",
        message="is before the date of the order",
    ),
    Case(
        act="correct-town",
        sheet=lambda s: {"town": s.town, "reason": "The respondent moved."},
        stored=lambda s: s.order.case.respondent.town_id == s.town,
        slip=lambda s: {"town": s.town, "reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="return",
        sheet=lambda s: {
            "firearms": [in_custody(s, over=True)],
            **before(s, "returned_at", minutes=30),
            "agency": s.police,
            "officer": "Officer Lee Ash",
            "confirmed": ["no_other_order", "requested", "eligible", "lawful_at_surrender"],
        },
        stored=lambda s: (
            FirearmReturn.objects.get(order=s.order).firearm.status == FirearmStatus.RETURNED
            and FirearmReturn.objects.get().confirmed
            == ["no_other_order", "requested", "eligible", "lawful_at_surrender"]
        ),
        slip=lambda s: {
            "firearms": [in_custody(s, over=True)],
            **before(s, "returned_at", minutes=30),
            "agency": s.police,
            "officer": "Officer Lee Ash",
            "confirmed": ["requested"],
        },
        beside="confirmed",
        message="C.G.S. § 29-36k(c)(3)",
    ),
    Case(
        act="custody-request",
        sheet=lambda s: {
            "kind": "return",
            "firearms": [in_custody(s, over=False)],
            **before(s, "requested_at", hours=1),
        },
        stored=lambda s: CustodyRequest.objects.get(order=s.order).firearms.count() == 1,
        slip=lambda s: {
            "kind": "sale",
            "firearms": [in_custody(s, over=False)],
            **before(s, "requested_at", hours=1),
        },
        beside="taker_name",
        message="Enter the dealer&#x27;s license, or the name of the person, but not both.",
    ),
    Case(
        act="return-check",
        sheet=lambda s: {
            **step(s),
            "condition": "eligible",
            "is_confirmed": "yes",
            **before(s, "checked_at", minutes=30),
            "checked_by": "Lee Ash",
        },
        stored=lambda s: ReturnCheck.objects.get(order=s.order).is_confirmed,
        slip=lambda s: {
            **step(s),
            "condition": "eligible",
            "is_confirmed": "no",
            **before(s, "checked_at", minutes=30),
            "checked_by": "Lee Ash",
        },
        beside="note",
        message="Describe what was found instead.",
    ),
    Case(
        act="return-hold",
        sheet=lambda s: {
            **step(s),
            **before(s, "held_at", minutes=30),
            "ends_on": f"{s.today + timedelta(days=5)}",
            "officer": "Lee Ash",
            "why": "A threat was reported.",
        },
        stored=lambda s: Deadline.objects.get(order=s.order, rule_id="CT-RET-HOLD").state == "open",
        slip=lambda s: {
            **step(s),
            **before(s, "held_at", minutes=30),
            "ends_on": f"{s.today - timedelta(days=5)}",
            "officer": "Lee Ash",
            "why": "A threat was reported.",
        },
        beside="ends_on",
        message="is past. Enter",
    ),
    Case(
        act="return-decision",
        sheet=lambda s: {
            **step(s),
            "outcome": "safety",
            **before(s, "decided_at", minutes=30),
            "officer": "Lee Ash",
            "why": "A threat was reported.",
        },
        stored=lambda s: Deadline.objects.get(order=s.order, rule_id="CT-RET-01").state == "withdrawn",
        slip=lambda s: {
            **step(s),
            "outcome": "safety",
            **ahead(s, "decided_at"),
            "officer": "Lee Ash",
            "why": "A threat was reported.",
        },
        beside="decided_at",
        message="is in the future",
    ),
    Case(
        act="correct-address",
        sheet=lambda s: {"address": "7 Elm Lane, upstairs", "reason": "The respondent moved."},
        stored=lambda s: s.order.case.respondent.address == "7 Elm Lane, upstairs",
        slip=lambda s: {"address": "7 Elm Lane", "reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="same-person",
        sheet=lambda s: {"other": lookalike(s), "reason": "The mother's maiden name agrees."},
        stored=lambda s: (
            {one.name for one in same_person_of(s.order)} == {f"{s.order.case.respondent.name}e"}
        ),
        slip=lambda s: {"other": lookalike(s), "reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="keep-apart",
        sheet=lambda s: {"other": lookalike(s), "reason": "They live in two towns."},
        stored=lambda s: [one.is_kept_apart for one in candidates_of(s.order)] == [True],
        slip=lambda s: {"other": lookalike(s), "reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="release",
        sheet=released,
        stored=lambda s: s.order.releases.filter(covers_service=True, covers_firearms=False).count() == 1,
        slip=lambda s: released(s) | typed(s.now - timedelta(days=9), "ends_at"),
        beside="ends_at",
        message="The release would end before it begins.",
    ),
    Case(
        act="add-agency",
        sheet=lambda s: {"agency": make.agency(AgencyKind.SCHOOL).pk},
        stored=lambda s: s.order.order_agencies.filter(capacity="school").count() == 1,
        slip=lambda s: {"agency": make.agency(AgencyKind.POLICE).pk},
        beside="agency",
        message="is not one of the available choices",
    ),
    Case(
        act="remove-agency",
        sheet=lambda s: {"agency": named(s).pk, "reason": "A slip."},
        stored=lambda s: not s.order.order_agencies.filter(capacity="marshal").exists(),
        slip=lambda s: {"agency": named(s).pk, "reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="revoke-release",
        sheet=lambda s: {"release": s.release.pk},
        stored=lambda s: s.order.releases.get().revoked_at is not None,
        slip=lambda s: {"release": s.release.pk + 1000},
        beside="release",
        message="is not one of the available choices",
    ),
    Case(
        act="correct-extension",
        sheet=lambda s: {
            "expires_on": f"{s.today + timedelta(days=320)}",
            "reason": "Misread.",
            "confirm": "As printed.",
        },
        stored=lambda s: (
            s.order.expires_on == s.today + timedelta(days=320) == s.order.extensions.get().expires_on
        ),
        slip=lambda s: {"expires_on": f"{s.today + timedelta(days=10)}", "reason": "Misread."},
        beside="expires_on",
        message="is not after the last day so far",
    ),
    Case(
        act="modify",
        sheet=lambda s: {
            **before(s, "modified_at", hours=1),
            "expires_on": f"{s.today + timedelta(days=40)}",
            "added": ["CT-TRM-CONTACT", "CT-TRM-HOME"],
            "ended": [with_term(s)],
            "protected_person": "Wren Linden",
            "confirm": "As the court decided.",
        },
        stored=lambda s: (
            s.order.expires_on == s.today + timedelta(days=40)
            and set(OrderCondition.objects.in_force(s.order).values_list("condition", flat=True))
            == {"CT-TRM-CONTACT", "CT-TRM-HOME"}
            and "Wren Linden" in [one.name for one in s.order.protected_persons.all()]
        ),
        slip=lambda s: {**before(s, "modified_at", hours=1), "expires_on": f"{s.today + timedelta(days=95)}"},
        beside="expires_on",
        message="is not before the last day so far",
    ),
    Case(
        act="correct-modification",
        sheet=lambda s: {
            **before(s, "modified_at", hours=2),
            "expires_on": f"{s.today + timedelta(days=50)}",
            "ended": [with_term(s)],
            "reason": "Misread.",
            "confirm": "As the court decided.",
        },
        stored=lambda s: (
            s.order.expires_on == s.today + timedelta(days=50) == s.order.modifications.get().expires_on
            and not OrderCondition.objects.in_force(s.order).exists()
        ),
        slip=lambda s: {
            **before(s, "modified_at", hours=1),
            "expires_on": f"{s.today + timedelta(days=95)}",
            "reason": "Misread.",
        },
        beside="expires_on",
        message="is not before the last day so far",
    ),
    Case(
        act="withdraw-modification",
        sheet=lambda s: {"reason": "It was another order."},
        stored=lambda s: s.order.expires_on == (s.now + timedelta(days=90)).date(),
        slip=lambda s: {"reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="withdraw-extension",
        sheet=lambda s: {"reason": "It was another order."},
        stored=lambda s: s.order.expires_on == (s.now + timedelta(days=90)).date(),
        slip=lambda s: {"reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="correct-vacatur",
        sheet=lambda s: {**before(s, "vacated_at", hours=3), "reason": "Misread."},
        stored=lambda s: str(s.order.vacated_at) < str(s.now - timedelta(hours=2)),
        slip=lambda s: {**ahead(s, "vacated_at"), "reason": "Misread."},
        beside="vacated_at",
        message="is in the future",
    ),
    Case(
        act="withdraw-order",
        sheet=lambda s: {"reason": "Entered twice."},
        stored=lambda s: s.order.withdrawn_at is not None,
        slip=lambda s: {"reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="restore-order",
        sheet=lambda s: {"reason": "It was right."},
        stored=lambda s: s.order.withdrawn_at is None,
        slip=lambda s: {"reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="move",
        sheet=lambda s: {
            "docket_number": "hhd-fa26-7777777-s",
            "respondent": "keep",
            "reason": "Wrong docket.",
        },
        stored=lambda s: s.order.case.docket_number == "HHD-FA26-7777777-S",
        slip=lambda s: {
            "docket_number": s.order.case.docket_number,
            "respondent": "keep",
            "reason": "Wrong docket.",
        },
        beside="docket_number",
        message="Enter the docket to which it belongs.",
    ),
    Case(
        act="correct-docket",
        sheet=lambda s: {"docket_number": "hhd-fa26-7777777-s", "reason": "A digit was wrong."},
        stored=lambda s: s.order.case.docket_number == "HHD-FA26-7777777-S",
        slip=lambda s: {
            "docket_number": s.other_firearm.order.case.docket_number,
            "reason": "A digit was wrong.",
        },
        beside="docket_number",
        message="Another case of this court has the docket number",
    ),
    Case(
        act="correct-respondent",
        sheet=lambda s: {"name": "Ash Birch-Elm", "date_of_birth": "1980-02-29", "reason": "Misspelled."},
        stored=lambda s: s.order.case.respondent.name == "Ash Birch-Elm",
        slip=lambda s: {
            "name": "Ash Birch",
            "date_of_birth": f"{s.today}",
            "reason": "Misspelled.",
        },
        beside="date_of_birth",
        message="is not before the date of the order",
    ),
    Case(
        act="add-protected-person",
        sheet=lambda s: {"name": "Fern Linden", "is_applicant": "on", "reason": "Left out."},
        stored=lambda s: (
            {one.name for one in s.order.protected_persons.all()} == {"Sky Linden", "Fern Linden"}
        ),
        slip=lambda s: {"name": "Sky Linden", "reason": "Left out."},
        beside="name",
        message="The order already names this person.",
    ),
    Case(
        act="correct-protected-person",
        sheet=lambda s: {
            "person": s.order.protected_persons.get().pk,
            "address_confidential": "yes",
            "reason": "Read again.",
        },
        stored=lambda s: s.order.protected_persons.get().address_confidential,
        slip=lambda s: {
            "person": s.order.protected_persons.get().pk,
            "name": "Sky B. Linden",
            "reason": "",
        },
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="withdraw-protected-person",
        sheet=lambda s: {"person": s.order.protected_persons.get().pk, "reason": "Of another order."},
        stored=lambda s: not s.order.protected_persons.exists(),
        slip=lambda s: {"person": s.order.protected_persons.get().pk, "reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="reinstate",
        sheet=lambda s: {"reason": "Recorded on the wrong order."},
        stored=lambda s: s.order.vacated_at is None,
        slip=lambda s: {"reason": ""},
        beside="reason",
        message="Fill in “",
    ),
    Case(
        act="vacate",
        sheet=lambda s: {**before(s, "vacated_at", hours=1), "reason": "Withdrawn by the applicant."},
        stored=lambda s: s.order.vacated_at is not None,
        slip=lambda s: {**ahead(s, "vacated_at"), "reason": "Withdrawn by the applicant."},
        beside="vacated_at",
        message="is in the future",
    ),
]


def order_sheet(fixtures: Fixtures) -> dict[str, Any]:
    """The order as its correction begins."""
    assert fixtures.order.issued_at
    return {
        "kind": fixtures.order.kind,
        **typed(fixtures.order.issued_at, "issued_at"),
        "expires_on": f"{fixtures.order.expires_on}",
        "firearms_indicated": "on",
    }


def in_custody(fixtures: Fixtures, *, over: bool) -> int:
    """A firearm that police hold, of an order that is over if it is to be."""
    given: dict[str, Any] = {"by": None, "now": fixtures.now}
    firearm = inventory.list_firearm(fixtures.order, serial="S-3", source="police", **given)
    receipts.record_receipt(
        fixtures.order,
        kind="police",
        received_at=fixtures.now - timedelta(hours=3),
        firearms=[firearm],
        agency=Agency.objects.get(pk=fixtures.police),
        **given,
    )
    fixtures.order.refresh_from_db()
    if over and fixtures.order.vacated_at is None:
        vacatur.vacate_order(
            fixtures.order, vacated_at=fixtures.now - timedelta(hours=2), reason="Withdrawn.", **given
        )
    if over:
        make.may_return(fixtures.order, at=fixtures.now - timedelta(hours=1), now=fixtures.now)
    return int(firearm.pk)


def asked_for(fixtures: Fixtures) -> int:
    """A request for the return of a firearm that police hold."""
    row = CustodyRequest.objects.filter(order=fixtures.order).first()
    if row is None:
        in_custody(fixtures, over=True)
    return CustodyRequest.objects.get(order=fixtures.order).pk


def step(fixtures: Fixtures) -> dict[str, Any]:
    """What is typed for every step of a request."""
    return {"request": asked_for(fixtures), "agency": fixtures.police}


def given_back(fixtures: Fixtures) -> int:
    """The return of a firearm."""
    firearm = Firearm.objects.get(pk=in_custody(fixtures, over=True))
    (returned,) = returns.record_return(
        fixtures.order,
        firearms=[firearm],
        returned_at=fixtures.now - timedelta(minutes=1),
        agency=Agency.objects.get(pk=fixtures.police),
        officer="Officer Lee Ash",
        confirmed=["no_other_order", "requested", "eligible", "lawful_at_surrender"],
        confirm="Another person.",
        by=None,
        now=fixtures.now,
    )
    return int(returned.pk)


def with_term(fixtures: Fixtures) -> int:
    """A condition that the judge has set."""
    condition = OrderCondition.objects.filter(order=fixtures.order).first()
    if condition is None:
        condition = conditions.set_condition(
            fixtures.order,
            condition="CT-SUR-05",
            due_on=fixtures.today + timedelta(days=2),
            by=None,
            now=fixtures.now,
        )
    return int(condition.pk)


def lookalike(fixtures: Fixtures) -> str:
    """The id of a respondent of this court whose name differs by one letter."""
    respondent = fixtures.order.case.respondent
    other = make.order(court=fixtures.order.case.court, respondent_name=f"{respondent.name}e")
    return str(other.case.respondent.public_id)


def by_name(case: Case) -> str:
    """How a case is called."""
    return case.act


def test_every_act_has_a_case() -> None:
    assert {case.act for case in CASES} == ON_ORDER


@pytest.mark.cut(3)
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_an_act_is_done_and_its_history_entry_names_the_person(
    case: Case, fixtures: Fixtures, desk: Client, clerk: User
) -> None:
    ready(case, fixtures)
    sheet = case.sheet(fixtures)
    last = HistoryEntry.objects.order_by("-id")[0].pk

    response = desk.post(address(case, fixtures), sheet | hidden(desk, case, fixtures))

    assert response.status_code == 302, response.context["form"].errors
    assert response.headers["Location"] == page_of(fixtures.order)
    fixtures.order = Order.recorded.select_related("case__respondent").get(pk=fixtures.order.pk)
    assert case.stored(fixtures)
    events = HistoryEntry.objects.filter(pk__gt=last)
    assert {event.actor for event in events} == {clerk}
    assert desk.get(page_of(fixtures.order)).status_code == 200


@pytest.mark.cut(3)
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_an_error_is_shown_beside_its_field(case: Case, fixtures: Fixtures, desk: Client) -> None:
    ready(case, fixtures)
    slip = case.slip(fixtures)
    before = HistoryEntry.objects.count()

    response = desk.post(address(case, fixtures), slip | hidden(desk, case, fixtures))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [case.beside]
    assert case.message in response.content.decode()
    assert HistoryEntry.objects.count() == before


def blank_beside(case: Case) -> list[str]:
    """The required texts of the form that the slip of the case is not about."""
    fields = ACTS[case.act].form.base_fields
    texts = [name for name, one in fields.items() if type(one) is forms.CharField and one.required]
    return [name for name in texts if name != case.beside]


@pytest.mark.cut(3)
@pytest.mark.parametrize("case", [one for one in CASES if blank_beside(one)], ids=by_name)
def test_a_blank_field_and_a_refusal_of_the_service_are_shown_in_one_round(
    case: Case, fixtures: Fixtures, desk: Client
) -> None:
    ready(case, fixtures)
    blank = blank_beside(case)
    typed = hidden(desk, case, fixtures) | case.slip(fixtures) | dict.fromkeys(blank, " ")
    before = HistoryEntry.objects.count()

    response = desk.post(address(case, fixtures), typed)

    assert set(response.context["form"].errors) == {case.beside, *blank}
    page = html.unescape(response.content.decode())
    assert case.message in page
    assert all(f"Fill in “{response.context['form'][name].label}”." in page for name in blank)
    assert HistoryEntry.objects.count() == before


@pytest.mark.cut(3)
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_an_empty_form_names_what_each_field_asks_for(case: Case, fixtures: Fixtures, desk: Client) -> None:
    ready(case, fixtures)
    case.sheet(fixtures)

    response = desk.post(address(case, fixtures), {})

    assert response.status_code in (200, 302)
    assert "This field is required" not in response.content.decode()


def test_two_refusals_of_a_service_are_shown_in_one_round(fixtures: Fixtures, desk: Client) -> None:
    case = next(one for one in CASES if one.act == "receipt")
    typed = case.sheet(fixtures) | ahead(fixtures, "received_at")
    typed |= {"kind": "dealer", "agency": "", "dealer_license": "12"}

    form = desk.post(address(case, fixtures), typed).context["form"]

    assert {"received_at", "dealer_license"} <= set(form.errors)


@pytest.mark.cut(3)
@pytest.mark.parametrize("act", sorted(ON_ORDER))
def test_no_text_is_too_long_for_its_column(act: str, fixtures: Fixtures, desk: Client) -> None:
    form = desk.get(f"{page_of(fixtures.order)}{act}/").context["form"]
    case = next(case for case in CASES if case.act == act)
    ready(case, fixtures)
    long = {name: "x" * 2000 for name, one in form.fields.items() if type(one).__name__ == "CharField"}

    response = desk.post(address(case, fixtures), case.sheet(fixtures) | long)

    assert response.status_code in (200, 302)
    if set(long) - {"seen"}:
        assert "at most" in response.content.decode()


def test_a_firearm_of_another_order_is_not_offered_and_not_taken(fixtures: Fixtures, desk: Client) -> None:
    sheet = {
        "firearms": [fixtures.other_firearm.pk],
        **before(fixtures, "received_at", hours=1),
        "kind": "police",
    }

    page = desk.post(
        f"{page_of(fixtures.order)}receipt/", sheet | {"agency": fixtures.police}
    ).content.decode()

    assert "S-9" not in page
    assert "is not one of the available choices" in page


def test_a_correction_without_a_change_is_rejected(fixtures: Fixtures, desk: Client) -> None:
    case = next(case for case in CASES if case.act == "correct")
    sheet = order_sheet(fixtures) | hidden(desk, case, fixtures) | {"reason": "Just looking."}

    page = desk.post(address(case, fixtures), sheet).content.decode()

    assert "Nothing is changed. Change what is wrong, or cancel." in page


def test_a_correction_sends_only_changed_values(fixtures: Fixtures, desk: Client) -> None:
    case = next(case for case in CASES if case.act == "correct")

    desk.post(address(case, fixtures), case.sheet(fixtures) | hidden(desk, case, fixtures))

    event = HistoryEntry.objects.filter(kind="corrected").get()
    assert list(event.data["changes"]) == ["expires_on"]
    assert event.reason == "Typed the wrong year."


def test_a_correction_is_rejected_after_another_clerks_change(fixtures: Fixtures, desk: Client) -> None:
    case = next(case for case in CASES if case.act == "correct-service")
    as_seen = hidden(desk, case, fixtures)
    service.correct_service(
        fixtures.order,
        served_at=fixtures.now - timedelta(hours=15),
        by=None,
        now=fixtures.now,
        reason="Another clerk was faster.",
    )

    page = desk.post(address(case, fixtures), case.sheet(fixtures) | as_seen).content.decode()

    assert "Someone changed this since you opened the form." in page
    assert HistoryEntry.objects.filter(kind="service_corrected").count() == 1


def test_the_form_corrects_the_town_of_service(fixtures: Fixtures, desk: Client) -> None:
    case = next(case for case in CASES if case.act == "correct-service")
    town = make.town()

    sheet = case.sheet(fixtures) | {"town": town.pk, "service_officer": "Marshal Oak"}
    desk.post(address(case, fixtures), sheet | hidden(desk, case, fixtures))

    changes = HistoryEntry.objects.get(kind="service_corrected").data["changes"]
    assert changes["service_town"] == ["", town.name]
    assert changes["service_officer"] == ["", "Marshal Oak"]
    assert (
        f'<input type="text" name="town" value="{town.name}"'
        in desk.get(address(case, fixtures)).content.decode()
    )


def test_only_acts_that_fit_are_offered(
    enter: Enter, fixtures: Fixtures, desk: Client, now: datetime
) -> None:
    fresh, served = enter(), fixtures.order

    def offered(order: Order) -> set[str]:
        page = desk.get(page_of(order)).content.decode()
        return {name for name in ON_ORDER if re.search(rf'href="{page_of(order)}{name}/["?]', page)}

    assert offered(fresh) == ON_ORDER - {
        "correct-service",
        "withdraw-service",
        "dispose",
        "hand-in-permit",
        "verify",
        "return",
        "answer-presence",
        "custody-request",
        "return-check",
        "return-hold",
        "return-decision",
        "continue",
        "hold",
        "decide",
        "withdraw-decision",
        "satisfy-condition",
        "revoke-release",
        "remove-agency",
        "correct-protected-person",
        "withdraw-protected-person",
        "correct-extension",
        "withdraw-extension",
        "correct-modification",
        "withdraw-modification",
        "correct-vacatur",
        "restore-order",
        "reinstate",
    }
    absent = {
        "dispose",
        "hand-in-permit",
        "verify",
        "serve",
        "attempt",
        "plan-service",
        "answer-presence",
        "satisfy-condition",
        "return",
        "custody-request",
        "return-check",
        "return-hold",
        "return-decision",
        "remove-agency",
        "correct-extension",
        "withdraw-extension",
        "correct-modification",
        "withdraw-modification",
        "restore-order",
        "decide",
        "withdraw-decision",
    }
    assert offered(served) == ON_ORDER - absent - {"reinstate", "correct-vacatur"}
    ended = {"vacate", "extend", "modify"}
    desk.post(f"{page_of(served)}vacate/", {**before(fixtures, "vacated_at", minutes=5), "reason": "Ended."})
    assert offered(served) == ON_ORDER - absent - ended
    returned = given_back(fixtures)
    assert offered(served) == ON_ORDER - absent - ended
    item = f"?item={FirearmReturn.objects.get(pk=returned).public_id}"
    desk.post(f"{page_of(served)}withdraw-return/{item}", {"reason": "Another firearm."})
    # Its request is open again.
    asked = {"custody-request", "return-check", "return-hold", "return-decision"}
    assert offered(served) == ON_ORDER - absent - ended | {"return", "dispose"} | asked


def test_a_check_of_a_statement_is_offered_only_while_something_is_open(
    fixtures: Fixtures, desk: Client
) -> None:
    link = f'href="{page_of(fixtures.order)}verify/'
    statement = Statement.objects.get(pk=denied(fixtures))
    assert link in desk.get(page_of(fixtures.order)).content.decode()

    statements.verify_statement(
        statement,
        verified_at=fixtures.now,
        agency=Agency.objects.get(pk=fixtures.police),
        verified_by="Lee Ash",
        method="records",
        by=None,
        now=fixtures.now,
    )

    assert link not in desk.get(page_of(fixtures.order)).content.decode()


def test_an_order_entered_in_error_offers_only_to_be_restored(fixtures: Fixtures, desk: Client) -> None:
    withdrawal.withdraw_order(fixtures.order, by=None, now=fixtures.now, reason="Entered twice.")
    docket = fixtures.order.case.docket_number

    page = desk.get(page_of(fixtures.order)).content.decode()

    assert "Entered in error: the order was withdrawn" in page
    assert ".m.. " not in page
    offered = {name for name in ACTS if re.search(rf'href="{page_of(fixtures.order)}{name}/["?]', page)}
    assert offered == {"restore-order"}
    assert docket not in desk.get("/admin/orders/order/").content.decode()
    assert docket not in desk.get("/admin/orders/deadline/").content.decode()
    assert docket in desk.get("/admin/orders/order/?in_error=yes").content.decode()
    desk.post("/admin/orders/order/?in_error=yes", {"q": docket})
    assert docket in desk.get("/admin/orders/order/?in_error=yes").content.decode()


def test_a_doubtful_fact_is_stored_once_it_is_confirmed_with_a_reason(
    fixtures: Fixtures, desk: Client
) -> None:
    address = f"{page_of(fixtures.order)}continue/"
    sheet = {"hearing": fixtures.hearing.pk, "scheduled_on": f"{fixtures.today + timedelta(days=2)}"}
    assert "Reason to continue" not in desk.get(address).content.decode()

    doubted = desk.post(address, sheet)
    empty = desk.post(address, sheet | {"confirm": " "})

    for page in (doubted, empty):
        assert page.status_code == 200
        assert "Reason to continue" in page.content.decode()
    assert desk.post(address, sheet | {"confirm": "The court moved it up."}).status_code == 302
    entry = fixtures.order.history.get(kind="hearing_continued")
    assert entry.reason == "The court moved it up."


def test_a_form_without_doubts_ignores_a_confirmation(fixtures: Fixtures, desk: Client) -> None:
    answer = desk.post(f"{page_of(fixtures.order)}permit/", {"kind": "Pistol permit", "confirm": "Because."})

    assert answer.status_code == 302


def test_case_events_are_those_of_the_orders_rules(fixtures: Fixtures, desk: Client) -> None:
    page = desk.get(f"{page_of(fixtures.order)}case-event/").content.decode()

    assert "The order was sent to police" in page
    assert 'value="served"' not in page
    assert 'value="warrant_executed"' not in page


def ready(case: Case, fixtures: Fixtures) -> None:
    """The order is as the act wants it."""
    if case.unserved:
        service.withdraw_service(fixtures.order, by=None, now=fixtures.now, reason="For a test.")
    if case.act == "restore-order":
        withdrawal.withdraw_order(fixtures.order, by=None, now=fixtures.now, reason="For a test.")
    if case.act in ("correct-extension", "withdraw-extension"):
        extension.extend_order(
            fixtures.order,
            expires_on=fixtures.today + timedelta(days=300),
            by=None,
            now=fixtures.now,
            confirm="As printed.",
        )
    if case.act in ("correct-modification", "withdraw-modification"):
        modification.modify_order(
            fixtures.order,
            modified_at=fixtures.now,
            expires_on=fixtures.today + timedelta(days=40),
            by=None,
            now=fixtures.now,
            confirm="As the court decided.",
        )
    if case.act in ("reinstate", "correct-vacatur"):
        vacatur.vacate_order(
            fixtures.order, vacated_at=fixtures.now, reason="For a test.", by=None, now=fixtures.now
        )


def address(case: Case, fixtures: Fixtures) -> str:
    """Where the act's form is."""
    return f"{page_of(fixtures.order)}{case.act}/"


def hidden(desk: Client, case: Case, fixtures: Fixtures) -> dict[str, Any]:
    """What the form carries along unseen."""
    form = desk.get(address(case, fixtures)).context["form"]
    return {one.name: one.value() for one in form.hidden_fields()}


def test_what_can_follow_is_offered_after_a_hearing_that_found_no_compliance(
    fixtures: Fixtures, desk: Client
) -> None:
    hearing = Hearing.objects.get(pk=past_hearing(fixtures))
    assert "What can follow" not in desk.get(page_of(fixtures.order)).content.decode()

    hearings.record_hearing(
        hearing, outcome="non_compliant", held_on=fixtures.today, by=None, now=fixtures.now
    )

    page = desk.get(page_of(fixtures.order)).content.decode()
    link = f"{page_of(fixtures.order)}hearing/?purpose=contempt"
    assert f'<a href="{link}">schedule a contempt hearing</a>' in page
    assert desk.get(link).context["form"]["purpose"].value() == "contempt"
    assert "0 of 1 accounted for" not in page
    assert "1 of 2 accounted for; number alleged not stated, 2 listed" in page


def test_compliant_asks_in_the_form_what_the_court_found(fixtures: Fixtures, desk: Client) -> None:
    sheet = {"hearing": past_hearing(fixtures), "held_on": f"{fixtures.today}", "outcome": "compliant"}
    finding = f"finding_{fixtures.firearm.pk}"

    missing = desk.post(f"{page_of(fixtures.order)}hold/", sheet)
    held = desk.post(f"{page_of(fixtures.order)}hold/", sheet | {finding: "still_held"})

    assert "needs what the court found" in missing.context["form"].errors[finding][0]
    assert "still holds this" in held.context["form"].errors[finding][0]


def test_finding_from_before_service_asks_in_the_form_for_a_reason(fixtures: Fixtures, desk: Client) -> None:
    Order.objects.filter(pk=fixtures.order.pk).update(served_at=None, served_offset=None, service_method="")
    order = fixtures.order
    sheet = {
        "hearing": past_hearing(fixtures),
        "held_on": f"{fixtures.today}",
        "outcome": "compliant",
        f"finding_{fixtures.firearm.pk}": "lost_or_stolen",
    }
    address = f"{page_of(order)}hold/"

    asked = desk.post(address, sheet).content.decode()
    assert "was not served by" in asked
    assert "Reason to continue" in asked

    desk.post(address, {**sheet, "confirm": "He was in court."})
    assert Hearing.objects.get(order=order, purpose="contempt").outcome == "compliant"
