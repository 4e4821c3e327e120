"""All acts of the API: done, tried and refused, by role and target."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Agency, AgencyKind, AuditEntry, Role
from orders.models import (
    Attempt,
    ComingService,
    CustodyRequest,
    Deadline,
    Firearm,
    Hearing,
    HistoryEntry,
    OutsideTransfer,
    Permit,
    ReviewItem,
    Statement,
)
from orders.services.court_days import court_day
from orders.services.firearms import inventory
from orders.services.firearms.accounting import account_of
from orders.services.orders import after_hearing, extension, modification, vacatur, withdrawal
from orders.services.planning.replan import replan
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import SITS, Fixtures

pytestmark = pytest.mark.django_db

FromFixtures = Callable[[Fixtures], Any]


@dataclass(frozen=True, kw_only=True)
class Act:
    """One POST endpoint with its input, its expected output, and a fact that is refused."""

    path: FromFixtures
    body: FromFixtures
    #: What the response must contain.
    shows: FromFixtures
    #: What to send in addition or instead, and the field and code of the error.
    slip: FromFixtures
    refused: tuple[str, str]
    #: Roles that see the order but may not act.
    not_for: tuple[Role, ...] = (Role.JUDGE, Role.LIAISON)
    #: The role and the agency that act.
    by: Role = Role.CLERK
    place: Callable[[Fixtures], Agency] = lambda f: f.court
    #: Whether a judge may know that these rows exist.
    is_known_to_judges: bool = True
    #: Whether the caller still sees the row afterward.
    keeps_sight: bool = True
    #: Whether the row in the URL is still there afterward.
    leaves_row: bool = True
    #: What has to happen before.
    ready: Callable[[Fixtures], object] = lambda f: None


def of_follow_up(name: str) -> FromFixtures:
    """A URL below the follow-up."""
    return lambda f: f"/follow-ups/{f.follow_up.public_id}/{name}"


#: Police act on a follow-up of their own.
_POLICE: dict[str, Any] = {
    "by": Role.LIAISON,
    "place": lambda f: f.police,
    "not_for": (Role.JUDGE, Role.CLERK),
}


def of(name: str, *, unserved: bool = False) -> FromFixtures:
    """A URL below the order."""
    return lambda f: f"/orders/{(f.unserved if unserved else f.order).public_id}/{name}"


def named(fixtures: Fixtures) -> str:
    """The name of marshals that were added to the order."""
    marshals = make.agency(AgencyKind.MARSHAL)
    fixtures.order.order_agencies.create(agency=marshals, capacity="marshal")
    return marshals.name


def denied(fixtures: Fixtures) -> str:
    """A sworn statement of no firearms, stored without a history entry."""
    sworn = fixtures.now - timedelta(hours=1)
    row, _ = Statement.objects.get_or_create(
        order=fixtures.order, kind="non_possession", sworn_at=sworn, sworn_offset=0
    )
    return str(row.public_id)


def permit(fixtures: Fixtures) -> str:
    """A permit that was not handed in, stored without a history entry."""
    row, _ = Permit.objects.get_or_create(order=fixtures.order, kind="Eligibility certificate")
    return str(row.public_id)


def announced(fixtures: Fixtures) -> str:
    """A coming service of the order that is not served, stored without a history entry."""
    row, _ = ComingService.objects.get_or_create(
        order=fixtures.unserved,
        defaults={
            "planned_at": fixtures.now + timedelta(hours=5),
            "planned_offset": 0,
            "place": "7 Elm Lane",
        },
    )
    return str(row.public_id)


def sent_outside(fixtures: Fixtures) -> str:
    """A follow-up sent to police outside, stored without a history entry."""
    row, _ = OutsideTransfer.objects.get_or_create(
        order=fixtures.order,
        follow_up=fixtures.follow_up,
        agency_name="Springfield Police",
        address="130 Pearl Street",
        way="mail",
        reason="Moved there.",
        defaults={"sent_at": fixtures.now, "sent_by": fixtures.transfer.offered_by},
    )
    return str(row.public_id)


def in_custody(fixtures: Fixtures) -> str:
    """A firearm in police custody, stored without a history entry."""
    row, _ = Firearm.objects.get_or_create(
        order=fixtures.order,
        serial="C-1",
        serial_key="C-1",
        source="police",
        defaults={"status": "surrendered"},
    )
    return str(row.public_id)


def asked(fixtures: Fixtures) -> str:
    """A request for the return of what police hold, stored and planned without a history entry."""
    at = fixtures.now - timedelta(hours=2)
    row, is_new = CustodyRequest.objects.get_or_create(
        order=fixtures.order,
        kind="return",
        defaults={
            "requested_on": court_day(fixtures.order, at),
            "requested_at": at,
            "requested_offset": 0,
            "recorded_at": at,
        },
    )
    if is_new:
        with transaction.atomic():
            replan([fixtures.order], now=fixtures.now)
    return str(row.public_id)


def attempted(fixtures: Fixtures) -> str:
    """An attempt at recovery, stored without a history entry."""
    row, _ = Attempt.objects.get_or_create(
        follow_up=fixtures.follow_up,
        order=fixtures.order,
        defaults={
            "attempted_at": fixtures.now - timedelta(hours=1),
            "attempted_offset": 0,
            "kind": "visit",
            "result": "refused",
            "next_action_at": fixtures.now + timedelta(hours=5),
            "by": make.person(Role.LIAISON, fixtures.police),
        },
    )
    return str(row.public_id)


def extended(fixtures: Fixtures) -> None:
    """Extend the order."""
    day = court_day(fixtures.order, fixtures.now) + timedelta(days=200)
    extension.extend_order(fixtures.order, expires_on=day, by=None, now=fixtures.now, confirm=SITS)


def modified(fixtures: Fixtures) -> None:
    """Give the order an earlier last day."""
    day = court_day(fixtures.order, fixtures.now) + timedelta(days=40)
    modification.modify_order(
        fixtures.order, modified_at=fixtures.now, expires_on=day, by=None, now=fixtures.now, confirm=SITS
    )


def application(fixtures: Fixtures) -> Hearing:
    """A hearing of yesterday on the application, stored without a history entry."""
    row, _ = Hearing.objects.get_or_create(
        order=fixtures.order,
        purpose="application",
        scheduled_on=court_day(fixtures.order, fixtures.now) - timedelta(days=1),
    )
    return row


def application_denied(fixtures: Fixtures) -> None:
    """Deny the application."""
    after_hearing.decide_application(
        application(fixtures),
        decision="denied",
        decided_at=fixtures.now - timedelta(hours=1),
        by=None,
        now=fixtures.now,
    )


def vacated(fixtures: Fixtures) -> None:
    """Vacate the order."""
    vacatur.vacate_order(
        fixtures.order, vacated_at=fixtures.now, reason="dismissed", by=None, now=fixtures.now
    )


def decided(fixtures: Fixtures) -> None:
    """Reject the serial number that may match, stored without a history entry."""
    clerk = make.person(Role.CLERK, fixtures.court)
    ReviewItem.objects.filter(pk=fixtures.near_match.pk).update(
        resolution="rejected", reason="A slip.", resolved_at=fixtures.now, resolved_by=clerk
    )


ACTS = {
    "service": Act(
        path=of("services", unserved=True),
        body=lambda f: {"served_at": f.ago(hours=3), "service_method": "in_hand", "town": f.town.name},
        shows=lambda f: {"service_method": "in_hand", "served_in_custody": False},
        slip=lambda f: {"served_at": f.ago(days=30)},
        refused=("served_at", "served_before_issued"),
        not_for=(Role.JUDGE,),
    ),
    "service-corrections": Act(
        path=of("service-corrections"),
        body=lambda f: {"served_at": f.ago(hours=3), "reason": "misread"},
        shows=lambda f: {"service_method": "in_hand"},
        slip=lambda f: {"served_at": f.ahead(hours=1)},
        refused=("served_at", "in_the_future"),
        not_for=(Role.JUDGE,),
    ),
    "service-withdrawals": Act(
        path=of("service-withdrawals"),
        body=lambda f: {"reason": "another order's return"},
        shows=lambda f: {"served_at": None, "service_method": ""},
        slip=lambda f: {"reason": "   \t"},
        refused=("reason", "blank"),
        not_for=(Role.JUDGE,),
    ),
    "cautions": Act(
        path=of("cautions"),
        body=lambda f: {"known_on": f.day(-1), "words": "Large dog."},
        shows=lambda f: {"known_on": f.day(-1), "words": "Large dog."},
        slip=lambda f: {"known_on": f.day(3)},
        refused=("known_on", "in_the_future"),
        not_for=(Role.JUDGE,),
    ),
    "coming-services": Act(
        path=of("coming-services", unserved=True),
        body=lambda f: {"planned_at": f.ahead(hours=9), "place": "7 Elm Lane", "asks_police": True},
        shows=lambda f: {"place": "7 Elm Lane", "asks_police": True, "answer": ""},
        slip=lambda f: {"planned_at": f.ago(hours=1)},
        refused=("planned_at", "not_ahead"),
        not_for=(Role.JUDGE,),
    ),
    "presences": Act(
        path=lambda f: f"/coming-services/{announced(f)}/presences",
        body=lambda f: {"answer": "yes", "agency": f.police.name},
        shows=lambda f: {"answer": "yes", "answered_for": f.police.name},
        slip=lambda f: {"answer": "no"},
        refused=("answer_note", "required"),
        not_for=(Role.JUDGE,),
    ),
    "service-attempts": Act(
        path=of("service-attempts", unserved=True),
        body=lambda f: {"attempted_at": f.ago(hours=3), "method": "in_hand", "reason": "no answer"},
        shows=lambda f: {"reason": "no answer", "order": str(f.unserved.public_id)},
        slip=lambda f: {"attempted_at": f.ahead(hours=1)},
        refused=("attempted_at", "in_the_future"),
        not_for=(Role.JUDGE,),
    ),
    "agencies": Act(
        path=of("agencies"),
        body=lambda f: {"agency": make.agency(AgencyKind.SCHOOL).name},
        shows=lambda f: {"capacity": "school"},
        slip=lambda f: {"agency": f.police.name},
        refused=("agency", "wrong_kind"),
    ),
    "agency-removals": Act(
        path=of("agency-removals"),
        body=lambda f: {"agency": named(f), "capacity": "marshal", "reason": "a slip"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"capacity": "school"},
        refused=("agency", "not_named"),
    ),
    "firearms": Act(
        path=of("firearms"),
        body=lambda f: {"serial": "S-3", "source": "police"},
        shows=lambda f: {"serial": "S-3", "status": "alleged"},
        slip=lambda f: {"serial": "S-1"},
        refused=("serial", "duplicate_serial"),
        not_for=(Role.JUDGE,),
    ),
    "permits": Act(
        path=of("permits"),
        body=lambda f: {"kind": "pistol permit", "number": "P-1"},
        shows=lambda f: {"number": "P-1", "handed_in_on": None},
        slip=lambda f: {"kind": " "},
        refused=("kind", "blank"),
        not_for=(Role.JUDGE,),
    ),
    "receipts": Act(
        path=of("receipts"),
        body=lambda f: {
            "kind": "police",
            "received_at": f.ago(hours=1),
            "agency": f.police.name,
            "firearms": [str(f.firearm.public_id)],
        },
        shows=lambda f: {"agency": f.police.name, "firearms": [str(f.firearm.public_id)]},
        slip=lambda f: {"receipt_number": "R-1"},
        refused=("receipt_number", "duplicate_receipt"),
        not_for=(Role.JUDGE,),
    ),
    "receipt-withdrawals": Act(
        path=lambda f: f"/receipts/{f.receipt.public_id}/withdrawals",
        body=lambda f: {"reason": "forged"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"reason": ""},
        refused=("reason", "blank"),
        not_for=(Role.JUDGE,),
    ),
    "statements": Act(
        path=of("statements"),
        body=lambda f: {"kind": "non_possession", "sworn_at": f.ago(hours=1)},
        shows=lambda f: {"kind": "non_possession"},
        slip=lambda f: {"sworn_at": f.ahead(hours=1)},
        refused=("sworn_at", "in_the_future"),
    ),
    "verifications": Act(
        path=lambda f: f"/statements/{denied(f)}/verifications",
        body=lambda f: {
            "verified_at": f.ago(minutes=30),
            "agency": f.police.name,
            "verified_by": "Lee Ash",
            "method": "records",
        },
        shows=lambda f: {"method": "records", "agency": f.police.name},
        slip=lambda f: {"verified_at": f.ahead(hours=1)},
        refused=("verified_at", "in_the_future"),
        not_for=(Role.JUDGE,),
    ),
    "hand-ins": Act(
        path=lambda f: f"/permits/{permit(f)}/hand-ins",
        body=lambda f: {"handed_in_on": f.day(-1), "agency": f.police.name},
        shows=lambda f: {"handed_in_on": f.day(-1), "handed_in_to": f.police.name},
        slip=lambda f: {"handed_in_on": f.day(3)},
        refused=("handed_in_on", "in_the_future"),
        not_for=(Role.JUDGE,),
    ),
    "disposals": Act(
        path=lambda f: f"/firearms/{in_custody(f)}/disposals",
        body=lambda f: {
            "kind": "destroyed",
            "disposed_at": f.ago(minutes=30),
            "agency": f.police.name,
            "officer": "Lee Ash",
            "authority": "Court order",
            "confirm": "So ordered.",
        },
        shows=lambda f: {"kind": "destroyed", "authority": "Court order"},
        slip=lambda f: {"disposed_at": f.ahead(hours=1)},
        refused=("disposed_at", "in_the_future"),
        not_for=(Role.JUDGE,),
    ),
    "custody-steps": Act(
        path=lambda f: f"/firearms/{in_custody(f)}/custody-steps",
        body=lambda f: {
            "agency": f.police.name,
            "given_by": "Lee Ash",
            "taken_by": "Kim Oak",
            "moved_at": f.ago(minutes=10),
            "shelf": "B-14",
        },
        shows=lambda f: {"taken_by": "Kim Oak", "shelf": "B-14", "agency": f.police.name},
        slip=lambda f: {"moved_at": f.ahead(hours=1)},
        refused=("moved_at", "in_the_future"),
        by=Role.LIAISON,
        place=lambda f: f.police,
        not_for=(),
        is_known_to_judges=False,
    ),
    "custody-requests": Act(
        path=of("custody-requests"),
        body=lambda f: {
            "kind": "return",
            "requested_at": f.ago(minutes=50),
            "firearms": [str(in_custody(f))],
            "agency": f.police.name,
        },
        shows=lambda f: {"kind": "return", "agency": f.police.name, "decision": None},
        slip=lambda f: {"kind": "sale"},
        refused=("taker_name", "required"),
        not_for=(Role.JUDGE,),
    ),
    "return-checks": Act(
        path=lambda f: f"/custody-requests/{asked(f)}/checks",
        body=lambda f: {
            "condition": "eligible",
            "is_confirmed": True,
            "checked_at": f.ago(minutes=30),
            "agency": f.police.name,
            "checked_by": "Lee Ash",
        },
        shows=lambda f: {"condition": "eligible", "is_confirmed": True, "checked_by": "Lee Ash"},
        slip=lambda f: {"is_confirmed": False},
        refused=("note", "required"),
        not_for=(Role.JUDGE,),
    ),
    "return-holds": Act(
        path=lambda f: f"/custody-requests/{asked(f)}/holds",
        body=lambda f: {
            "held_at": f.ago(minutes=30),
            "ends_on": f.day(3),
            "agency": f.police.name,
            "officer": "Lee Ash",
            "why": "A threat was reported.",
        },
        shows=lambda f: {"ends_on": f.day(3), "why": "A threat was reported."},
        slip=lambda f: {"ends_on": f.day(-3)},
        refused=("ends_on", "not_ahead"),
        not_for=(Role.JUDGE,),
    ),
    "return-decisions": Act(
        path=lambda f: f"/custody-requests/{asked(f)}/decisions",
        body=lambda f: {
            "outcome": "safety",
            "decided_at": f.ago(minutes=30),
            "agency": f.police.name,
            "officer": "Lee Ash",
            "why": "A threat was reported.",
        },
        shows=lambda f: {"outcome": "safety", "officer": "Lee Ash"},
        slip=lambda f: {"decided_at": f.ahead(hours=1)},
        refused=("decided_at", "in_the_future"),
        not_for=(Role.JUDGE,),
    ),
    "hearings": Act(
        path=of("hearings"),
        body=lambda f: {
            "purpose": "contempt",
            "scheduled_on": f.day(9),
            "scheduled_time": "09:30",
            "confirm": SITS,
        },
        shows=lambda f: {"purpose": "contempt", "scheduled_time": "09:30:00", "outcome": ""},
        slip=lambda f: {"purpose": "compliance", "scheduled_on": f.hearing.scheduled_on.isoformat()},
        refused=("scheduled_on", "duplicate_hearing"),
    ),
    "continuances": Act(
        path=lambda f: f"/hearings/{f.hearing.public_id}/continuances",
        body=lambda f: {"scheduled_on": f.day(12), "confirm": SITS},
        shows=lambda f: {"purpose": "compliance", "scheduled_on": f.day(12)},
        slip=lambda f: {"scheduled_on": f.day(-60)},
        refused=("scheduled_on", "hearing_before_issue"),
    ),
    "outcomes": Act(
        path=lambda f: f"/hearings/{f.past_hearing.public_id}/outcomes",
        body=lambda f: {
            "outcome": "compliant",
            "held_on": f.day(-1),
            "findings": [
                {"firearm": str(one.public_id), "finding": "lost_or_stolen"}
                for one in account_of(f.order).open_items
            ],
        },
        shows=lambda f: {"outcome": "compliant", "held_on": f.day(-1)},
        slip=lambda f: {"held_on": f.day(3)},
        refused=("held_on", "in_the_future"),
    ),
    "decisions": Act(
        path=lambda f: f"/hearings/{application(f).public_id}/decisions",
        body=lambda f: {"decision": "denied", "decided_at": f.ago(hours=1)},
        shows=lambda f: {"outcome": "denied"},
        slip=lambda f: {"decided_at": f.ahead(hours=1)},
        refused=("decided_at", "in_the_future"),
    ),
    "decision-withdrawals": Act(
        path=of("decision-withdrawals"),
        body=lambda f: {"reason": "misread"},
        shows=lambda f: {"vacated_at": None},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
        ready=application_denied,
    ),
    "case-events": Act(
        path=of("case-events"),
        body=lambda f: {"kind": "extension_moved", "occurred_at": f.ago(hours=1)},
        shows=lambda f: {"kind": "extension_moved"},
        slip=lambda f: {"occurred_at": None, "occurred_on": f.day(3)},
        refused=("occurred_on", "in_the_future"),
    ),
    "licensing-reports": Act(
        path=of("licensing-reports"),
        body=lambda f: {"kind": "purchase_attempted", "occurred_at": f.ago(hours=1)},
        shows=lambda f: {"kind": "purchase_attempted"},
        slip=lambda f: {"occurred_at": None, "occurred_on": f.day(3)},
        refused=("occurred_on", "in_the_future"),
    ),
    "cards": Act(
        path=of("cards"),
        body=lambda f: {"telephone": "860-555-0100"},
        shows=lambda f: {"telephone": "860-555-0100"},
        slip=lambda f: {"telephone": "ask"},
        refused=("telephone", "invalid"),
    ),
    "notices-sent": Act(
        path=of("notices-sent"),
        body=lambda f: {"entry": f.requirement, "sent_on": f.day(-1)},
        shows=lambda f: {"entry": f.requirement, "sent_on": f.day(-1), "sent_at": None},
        slip=lambda f: {"entry": "CT-NOT-THERE"},
        refused=("entry", "unknown_required_notice"),
    ),
    "conditions": Act(
        path=of("conditions"),
        body=lambda f: {"condition": "CT-HOM-01", "due_on": f.day(20), "details": "From the porch."},
        shows=lambda f: {"condition": "CT-HOM-01", "due_on": f.day(20), "details": "From the porch."},
        slip=lambda f: {"condition": "CT-SUR-07"},
        refused=("due_at", "required"),
    ),
    "completions": Act(
        path=lambda f: f"/conditions/{f.condition.public_id}/satisfactions",
        body=lambda f: {"satisfied_at": f.ago(hours=1)},
        shows=lambda f: {"condition": "CT-HOM-01"},
        slip=lambda f: {"satisfied_at": None},
        refused=("satisfied_on", "required"),
        not_for=(Role.JUDGE,),
    ),
    "extensions": Act(
        path=of("extensions"),
        body=lambda f: {"expires_on": f.day(200), "confirm": SITS},
        shows=lambda f: {"expires_on": f.day(200)},
        slip=lambda f: {"expires_on": f.day(5)},
        refused=("expires_on", "not_an_extension"),
    ),
    "confidentiality-releases": Act(
        path=of("confidentiality-releases"),
        body=lambda f: {
            "agency": f.organization.name,
            "signed_on": f.day(-1),
            "begins_at": f.ago(hours=1),
            "ends_at": f.ahead(days=30),
        },
        shows=lambda f: {"agency": f.organization.name, "revoked_at": None},
        slip=lambda f: {"begins_at": f.ago(days=3), "ends_at": f.ago(days=2)},
        refused=("ends_at", "in_the_past"),
    ),
    "revocations": Act(
        path=lambda f: f"/confidentiality-releases/{f.release.public_id}/revocations",
        body=lambda f: {},
        shows=lambda f: {"id": str(f.release.public_id)},
        slip=lambda f: {"reason": "not a field"},
        refused=("reason", "unknown_field"),
    ),
    "attempts": Act(
        path=of_follow_up("attempts"),
        body=lambda f: {
            "attempted_at": f.ago(hours=1),
            "kind": "visit",
            "result": "refused",
            "next_action_at": f.ahead(days=2),
        },
        shows=lambda f: {"result": "refused", "follow_up": str(f.follow_up.public_id)},
        slip=lambda f: {"next_action_at": f.ago(hours=1)},
        refused=("next_action_at", "not_ahead"),
        **_POLICE,
    ),
    "assignments": Act(
        path=of_follow_up("assignments"),
        body=lambda f: {"assigned_to": f.transfer.offered_by.email},
        shows=lambda f: {"assigned_to": f.transfer.offered_by.name},
        slip=lambda f: {"assigned_to": make.person(Role.LIAISON, make.agency()).email},
        refused=("assigned_to", "does_not_exist"),
        **_POLICE,
    ),
    "next-actions": Act(
        path=of_follow_up("next-actions"),
        body=lambda f: {"next_action_at": "2035-01-01T00:00:00-05:00", "reason": "the court sits"},
        shows=lambda f: {"next_action_at": "2035-01-01T05:00:00Z"},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
        **{**_POLICE, "by": Role.SUPERVISOR},
    ),
    "reminders": Act(
        path=of_follow_up("reminders"),
        body=lambda f: {},
        shows=lambda f: {"closed_at": None},
        slip=lambda f: {"reason": "now"},
        refused=("reason", "unknown_field"),
        by=Role.CLERK,
        not_for=(Role.JUDGE,),
    ),
    "transfers": Act(
        path=of_follow_up("transfers"),
        body=lambda f: {"to_agency": f.transfer.to_agency.name, "reason": "lives there"},
        shows=lambda f: {"from_agency": f.police.name, "accepted": None, "withdrawn_at": None},
        slip=lambda f: {"to_agency": f.police.name},
        refused=("to_agency", "own_agency"),
        **_POLICE,
    ),
    "outside-transfers": Act(
        path=of_follow_up("outside-transfers"),
        body=lambda f: {
            "agency_name": "Springfield Police (Massachusetts)",
            "address": "130 Pearl Street",
            "way": "mail",
            "reason": "moved there",
            "next_action_at": f.ahead(hours=30),
        },
        shows=lambda f: {"agency_name": "Springfield Police (Massachusetts)", "withdrawn_at": None},
        slip=lambda f: {"way": "mail", "next_action_at": f.ago(hours=1)},
        refused=("next_action_at", "not_ahead"),
        **_POLICE,
    ),
    "outside-transfer-withdrawals": Act(
        path=lambda f: f"/outside-transfers/{sent_outside(f)}/withdrawals",
        body=lambda f: {"reason": "never sent"},
        shows=lambda f: {"agency_name": "Springfield Police"},
        slip=lambda f: {"reason": "   \t"},
        refused=("reason", "blank"),
        **_POLICE,
    ),
    "acceptances": Act(
        path=lambda f: f"/transfers/{f.transfer.public_id}/answers",
        body=lambda f: {"accepted": True},
        shows=lambda f: {"accepted": True, "answer": ""},
        slip=lambda f: {"accepted": False},
        refused=("reason", "required"),
        by=Role.LIAISON,
        place=lambda f: f.transfer.to_agency,
        not_for=(Role.JUDGE, Role.CLERK, Role.LIAISON),
    ),
    "refusals": Act(
        path=lambda f: f"/transfers/{f.transfer.public_id}/answers",
        body=lambda f: {"accepted": False, "reason": "no staff"},
        shows=lambda f: {"accepted": False, "answer": "no staff"},
        slip=lambda f: {"reason": ""},
        refused=("reason", "blank"),
        by=Role.LIAISON,
        place=lambda f: f.transfer.to_agency,
        not_for=(Role.JUDGE, Role.CLERK, Role.LIAISON),
        keeps_sight=False,
    ),
    "transfer-withdrawals": Act(
        path=lambda f: f"/transfers/{f.transfer.public_id}/withdrawals",
        body=lambda f: {},
        shows=lambda f: {"accepted": None, "id": str(f.transfer.public_id)},
        slip=lambda f: {"reason": "not a field"},
        refused=("reason", "unknown_field"),
        **_POLICE,
    ),
    "referrals": Act(
        path=of_follow_up("referrals"),
        body=lambda f: {"agency": f.referral.agency.name, "reason": "refused twice"},
        shows=lambda f: {"agency": f.referral.agency.name, "outcome": "", "decided_on": None},
        slip=lambda f: {"agency": f.police.name},
        refused=("agency", "does_not_exist"),
        **_POLICE,
    ),
    "referral-outcomes": Act(
        path=lambda f: f"/referrals/{f.referral.public_id}/outcomes",
        body=lambda f: {"outcome": "warrant", "decided_on": court_day(f.order, f.now).isoformat()},
        shows=lambda f: {"outcome": "warrant", "agency": f.referral.agency.name},
        slip=lambda f: {"decided_on": f.day(-5)},
        refused=("decided_on", "decided_before_referred"),
        by=Role.PROSECUTOR,
        place=lambda f: f.referral.agency,
        not_for=(Role.JUDGE, Role.CLERK, Role.LIAISON),
    ),
    "follow-up-attempt-withdrawals": Act(
        path=lambda f: f"/follow-up-attempts/{attempted(f)}/withdrawals",
        body=lambda f: {"reason": "of another order"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
        leaves_row=False,
        **_POLICE,
    ),
    "referral-withdrawals": Act(
        path=lambda f: f"/referrals/{f.referral.public_id}/withdrawals",
        body=lambda f: {"reason": "to the wrong office"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
        leaves_row=False,
        **_POLICE,
    ),
    "vacaturs": Act(
        path=of("vacaturs"),
        body=lambda f: {"vacated_at": f.ago(hours=1), "reason": "dismissed"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"vacated_at": f.ahead(hours=1)},
        refused=("vacated_at", "in_the_future"),
    ),
    "respondent-corrections": Act(
        path=of("respondent-corrections"),
        body=lambda f: {"town": make.town(f.police).name, "address": "7 Elm Lane", "reason": "moved"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"town": "Nowhere"},
        refused=("town", "does_not_exist"),
    ),
    "extension-corrections": Act(
        path=of("extension-corrections"),
        body=lambda f: {"expires_on": f.day(250), "reason": "misread", "confirm": SITS},
        shows=lambda f: {"expires_on": f.day(250)},
        slip=lambda f: {"expires_on": f.day(10)},
        refused=("expires_on", "not_an_extension"),
        ready=extended,
    ),
    "modifications": Act(
        path=of("modifications"),
        body=lambda f: {
            "modified_at": f.ago(hours=1),
            "expires_on": f.day(40),
            "added": ["CT-TRM-CONTACT"],
            "ended": [str(f.condition.public_id)],
        },
        shows=lambda f: {"expires_on": f.day(40)},
        slip=lambda f: {"expires_on": f.day(95)},
        refused=("expires_on", "not_earlier"),
    ),
    "modification-corrections": Act(
        path=of("modification-corrections"),
        body=lambda f: {
            "modified_at": f.ago(hours=2),
            "expires_on": f.day(50),
            "ended": [str(f.condition.public_id)],
            "reason": "misread",
        },
        shows=lambda f: {"expires_on": f.day(50)},
        slip=lambda f: {"expires_on": f.day(95)},
        refused=("expires_on", "not_earlier"),
        ready=modified,
    ),
    "modification-withdrawals": Act(
        path=of("modification-withdrawals"),
        body=lambda f: {"reason": "another order's"},
        shows=lambda f: {"expires_on": f.day(90)},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
        ready=modified,
    ),
    "extension-withdrawals": Act(
        path=of("extension-withdrawals"),
        body=lambda f: {"reason": "another order's"},
        shows=lambda f: {"expires_on": f.day(90)},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
        ready=extended,
    ),
    "vacatur-corrections": Act(
        path=of("vacatur-corrections"),
        body=lambda f: {"vacated_at": f.ago(hours=2), "reason": "misread"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"vacated_at": f.ahead(hours=2)},
        refused=("vacated_at", "in_the_future"),
        ready=vacated,
    ),
    "order-withdrawals": Act(
        path=of("withdrawals"),
        body=lambda f: {"reason": "entered twice"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
    ),
    "restorations": Act(
        path=of("restorations"),
        body=lambda f: {"reason": "it was right"},
        shows=lambda f: {"withdrawn_at": None},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
        ready=lambda f: withdrawal.withdraw_order(f.order, reason="entered twice", by=None, now=f.now),
    ),
    "moves": Act(
        path=of("moves"),
        body=lambda f: {"docket_number": "hhd-fa26-7777777-s", "reason": "wrong docket"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"docket_number": f.order.case.docket_number},
        refused=("docket_number", "same_case"),
    ),
    "respondent-names": Act(
        path=of("respondent-corrections"),
        body=lambda f: {"name": " Ash  Birch-Elm", "date_of_birth": "1980-02-29", "reason": "misspelled"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"date_of_birth": f.day(1)},
        refused=("date_of_birth", "born_after_issue"),
    ),
    "docket-corrections": Act(
        path=of("docket-corrections"),
        body=lambda f: {"docket_number": "hhd-fa26-7777777-s", "reason": "a digit was wrong"},
        shows=lambda f: {"id": str(f.order.public_id)},
        slip=lambda f: {"docket_number": f.unserved.case.docket_number},
        refused=("docket_number", "docket_taken"),
    ),
    "protected-persons": Act(
        path=of("protected-persons"),
        body=lambda f: {"name": "Fern Linden", "is_applicant": False, "reason": "left out"},
        shows=lambda f: {"name": "Fern Linden", "is_applicant": False, "address_confidential": False},
        slip=lambda f: {"name": "Sky Linden"},
        refused=("name", "already_named"),
    ),
    "protected-person-withdrawals": Act(
        path=lambda f: f"/protected-persons/{f.order.protected_persons.get().public_id}/withdrawals",
        body=lambda f: {"reason": "another order's person"},
        shows=lambda f: {"id": str(f.order.public_id), "protected_persons": []},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
        leaves_row=False,
    ),
    "review-confirmations": Act(
        path=lambda f: f"/review-items/{f.doubtful.public_id}/confirmations",
        body=lambda f: {"reason": "Handed in before; the receipt is on file."},
        shows=lambda f: {"resolution": "confirmed", "order": str(f.order.public_id)},
        slip=lambda f: {"reason": " "},
        refused=("reason", "blank"),
    ),
    "review-matches": Act(
        path=lambda f: f"/review-items/{f.near_match.public_id}/matches",
        body=lambda f: {"firearm": str(f.firearm.public_id), "reason": "Read off the gun."},
        shows=lambda f: {"resolution": "matched", "firearms": [str(f.firearm.public_id)]},
        slip=lambda f: {"firearm": str(uuid.uuid4())},
        refused=("firearm", "does_not_exist"),
    ),
    "review-additions": Act(
        path=lambda f: f"/review-items/{f.near_match.public_id}/additions",
        body=lambda f: {"reason": "Another gun."},
        shows=lambda f: {"resolution": "added", "reason": "Another gun."},
        slip=lambda f: {"reason": ""},
        refused=("reason", "blank"),
    ),
    "review-rejections": Act(
        path=lambda f: f"/review-items/{f.near_match.public_id}/rejections",
        body=lambda f: {"reason": "A typing error."},
        shows=lambda f: {"resolution": "rejected"},
        slip=lambda f: {"reason": ""},
        refused=("reason", "blank"),
    ),
    "review-reopenings": Act(
        path=lambda f: f"/review-items/{f.near_match.public_id}/reopenings",
        body=lambda f: {"reason": "It was another gun."},
        shows=lambda f: {"resolution": "", "resolved_at": None},
        slip=lambda f: {"reason": ""},
        refused=("reason", "blank"),
        ready=decided,
    ),
}


@pytest.fixture
def clerk(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.CLERK, fixtures.court))


@pytest.fixture(params=ACTS)
def act(request: pytest.FixtureRequest) -> Act:
    return ACTS[request.param]


@pytest.fixture
def doer(act: Act, caller: MakeCaller, fixtures: Fixtures) -> Caller:
    act.ready(fixtures)
    return caller(make.person(act.by, act.place(fixtures)))


@pytest.mark.cut(3)
def test_act_returns_the_row_and_writes_history_once(act: Act, fixtures: Fixtures, doer: Caller) -> None:
    before = HistoryEntry.objects.count()
    path, body = act.path(fixtures), act.body(fixtures)

    answer = doer.post(path, body, key="once")

    assert answer.status_code == 201, answer.content
    shown = answer.json()
    expected = act.shows(fixtures)
    assert {name: shown[name] for name in expected} == expected
    events = HistoryEntry.objects.count()
    assert events > before
    if "Location" in answer.headers and act.keeps_sight:
        read = doer.get(answer.headers["Location"].removeprefix("/api/v1"))
        assert (read.json(), read.headers["ETag"]) == (shown, answer.headers["ETag"])

    again = doer.post(path, body, key="once")

    # A removed row gets 404, even for a repeated request.
    is_gone = not act.keeps_sight or not act.leaves_row or ("withdrawals" in path and "receipts" in path)
    assert again.status_code == (404 if is_gone else 201)
    assert again.status_code == 404 or again.content == answer.content
    assert HistoryEntry.objects.count() == events


@pytest.mark.cut(3)
def test_invalid_fact_is_refused_at_its_field(act: Act, fixtures: Fixtures, doer: Caller) -> None:
    before = HistoryEntry.objects.count()

    answer = doer.post(act.path(fixtures), act.body(fixtures) | act.slip(fixtures))

    field, code = act.refused
    assert answer.status_code == (400 if code in ("blank", "unknown_field") else 409), answer.content
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert HistoryEntry.objects.count() == before


def test_unknown_field_is_refused(act: Act, fixtures: Fixtures, doer: Caller) -> None:
    answer = doer.post(act.path(fixtures), act.body(fixtures) | {"surprise": 1})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "unknown_field"


@pytest.mark.cut(3)
def test_act_on_another_agencys_order_is_not_found(act: Act, fixtures: Fixtures, caller: MakeCaller) -> None:
    stranger = caller(make.person(act.by, make.agency(AgencyKind(act.place(fixtures).kind))))
    path = act.path(fixtures)
    nothing = "/".join([*path.split("/")[:2], str(uuid.uuid4()), *path.split("/")[3:]])

    answers = [stranger.post(one, act.body(fixtures)) for one in (path, nothing)]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.cut(3)
def test_role_that_sees_the_order_may_not_act(act: Act, fixtures: Fixtures, caller: MakeCaller) -> None:
    for role in act.not_for:
        agency = fixtures.police if role == Role.LIAISON else fixtures.court

        answer = caller(make.person(role, agency)).post(act.path(fixtures), act.body(fixtures))

        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


@pytest.mark.cut(3)
def test_role_in_another_agency_does_not_count(act: Act, fixtures: Fixtures, caller: MakeCaller) -> None:
    """A clerk of another court who is a judge here, or police elsewhere who are judges here."""
    person = make.person(act.by, make.agency(AgencyKind(act.place(fixtures).kind)))
    person.memberships.create(agency=fixtures.court, role=Role.JUDGE)

    answer = caller(person).post(act.path(fixtures), act.body(fixtures))

    refused = (403, "not_permitted") if act.is_known_to_judges else (404, "not_found")
    assert (answer.status_code, answer.json()["code"]) == refused


@pytest.mark.cut(3)
def test_dry_run_changes_nothing(act: Act, fixtures: Fixtures, doer: Caller) -> None:
    path = act.path(fixtures)
    before = HistoryEntry.objects.count(), list(Deadline.objects.values().order_by("id"))

    answer = doer.post(f"{path}?dry_run=true", act.body(fixtures))

    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"deadlines"}
    assert (HistoryEntry.objects.count(), list(Deadline.objects.values().order_by("id"))) == before


def test_act_on_a_changed_hearing_is_stale(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/hearings/{fixtures.hearing.public_id}"
    tag = clerk.get(path).headers["ETag"]
    first = clerk.post(
        f"{path}/continuances", {"scheduled_on": fixtures.day(12), "confirm": SITS}, If_Match=tag
    )

    second = clerk.post(
        f"{path}/continuances", {"scheduled_on": fixtures.day(13), "confirm": SITS}, If_Match=tag
    )

    assert first.status_code == 201, first.content
    assert (second.status_code, second.json()["code"]) == (412, "stale")


def test_error_without_a_field_concerns_the_body(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/hearings/{fixtures.hearing.public_id}/continuances"
    clerk.post(path, {"scheduled_on": fixtures.day(12), "confirm": SITS})

    answer = clerk.post(path, {"scheduled_on": fixtures.day(13), "confirm": SITS})

    assert answer.json()["errors"][0] | {"message": ""} == {
        "field": "body",
        "code": "already_ended",
        "message": "",
        "confirmable": False,
    }


def test_day_and_instant_together_are_refused(fixtures: Fixtures, clerk: Caller) -> None:
    both = {"satisfied_on": fixtures.day(-1), "satisfied_at": fixtures.ago(hours=40)}

    answer = clerk.post(f"/conditions/{fixtures.condition.public_id}/satisfactions", both)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "ambiguous")


def test_firearm_of_another_case_is_not_found(fixtures: Fixtures, clerk: Caller) -> None:
    other = make.order(court=fixtures.court)
    theirs = inventory.list_firearm(other, serial="T-1", source="police", by=None, now=make.NOW)
    body = ACTS["receipts"].body(fixtures)

    answers = [
        clerk.post(of("receipts")(fixtures), {**body, "firearms": [*body["firearms"], str(one)]})
        for one in (theirs.public_id, uuid.uuid4())
    ]

    assert [one.status_code for one in answers] == [409, 409]
    assert answers[0].content == answers[1].content
    (error,) = answers[0].json()["errors"]
    assert (error["field"], error["code"]) == ("firearms.1", "does_not_exist")


@pytest.mark.parametrize("name", [7, ["x"], {"y": 1}, None])
def test_name_that_is_not_text_is_invalid(name: Any, fixtures: Fixtures, clerk: Caller) -> None:
    answer = clerk.post(of("respondent-corrections")(fixtures), {"town": name, "reason": "moved"})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "town")


@pytest.mark.parametrize(
    ("name", "slip", "refusal"),
    [
        ("attempts", {"kind": "letter"}, (400, "kind")),
        ("attempts", {"result": None}, (400, "result")),
        ("attempts", {"attempted_at": "2026-11-22T10:00:00"}, (400, "attempted_at")),
        ("attempts", {"next_action_at": "tomorrow"}, (400, "next_action_at")),
        ("assignments", {"assigned_to": 7}, (400, "assigned_to")),
        ("assignments", {"assigned_to": "unknown@agency.example"}, (409, "assigned_to")),
        ("next-actions", {"next_action_at": "2026-01-01T00:00:00Z"}, (409, "next_action_at")),
        ("next-actions", {"reason": "x" * 501}, (400, "reason")),
        ("transfers", {"to_agency": "Police of Nowhere"}, (409, "to_agency")),
        ("acceptances", {"accepted": "perhaps"}, (400, "accepted")),
        ("acceptances", {"accepted": None}, (400, "accepted")),
        ("referral-outcomes", {"outcome": "fined"}, (400, "outcome")),
        ("referral-outcomes", {"decided_on": "2199-01-01"}, (409, "decided_on")),
    ],
)
def test_follow_up_error_names_its_field(
    name: str, slip: dict[str, Any], refusal: tuple[int, str], fixtures: Fixtures, caller: MakeCaller
) -> None:
    act, before = ACTS[name], HistoryEntry.objects.count()
    doer = caller(make.person(act.by, act.place(fixtures)))

    answer = doer.post(act.path(fixtures), act.body(fixtures) | slip)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == refusal
    assert HistoryEntry.objects.count() == before


def test_closed_follow_up_and_second_answer_are_refused(fixtures: Fixtures, caller: MakeCaller) -> None:
    liaison, asked = (
        caller(make.person(Role.LIAISON, one)) for one in (fixtures.police, fixtures.transfer.to_agency)
    )
    answers = ACTS["acceptances"].path(fixtures)
    assert asked.post(answers, {"accepted": True}).status_code == 201

    second = asked.post(answers, {"accepted": True})
    fixtures.follow_up.closed_at, fixtures.follow_up.outcome = fixtures.now, "met"
    fixtures.follow_up.save()
    closed = liaison.post(ACTS["attempts"].path(fixtures), ACTS["attempts"].body(fixtures))

    assert [(one.status_code, one.json()["errors"][0]["code"]) for one in (second, closed)] == [
        (409, "already_answered"),
        (409, "closed"),
    ]


def test_police_with_an_offer_only_read_and_answer(fixtures: Fixtures, caller: MakeCaller) -> None:
    asked = caller(make.person(Role.LIAISON, fixtures.transfer.to_agency))
    before = HistoryEntry.objects.count()

    for name in ("attempts", "assignments", "next-actions", "transfers", "referrals"):
        answer = asked.post(ACTS[name].path(fixtures), ACTS[name].body(fixtures))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), name
    withdrawal = ACTS["transfer-withdrawals"]
    assert asked.post(withdrawal.path(fixtures), {}).status_code == 403
    assert HistoryEntry.objects.count() == before
    assert asked.get(f"/follow-ups/{fixtures.follow_up.public_id}").status_code == 200


def test_act_on_a_changed_follow_up_is_stale(fixtures: Fixtures, caller: MakeCaller) -> None:
    liaison = caller(make.person(Role.LIAISON, fixtures.police))
    tag = liaison.get(f"/follow-ups/{fixtures.follow_up.public_id}").headers["ETag"]
    act = ACTS["attempts"]

    first, second = (liaison.post(act.path(fixtures), act.body(fixtures), If_Match=tag) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 412)


def test_assignment_is_removed(fixtures: Fixtures, caller: MakeCaller) -> None:
    act = ACTS["assignments"]
    liaison = caller(make.person(Role.LIAISON, fixtures.police))
    liaison.post(act.path(fixtures), act.body(fixtures))

    assert liaison.post(act.path(fixtures), {"assigned_to": None}).json()["assigned_to"] is None


def test_liaison_records_police_acts(fixtures: Fixtures, caller: MakeCaller) -> None:
    liaison = caller(make.person(Role.LIAISON, fixtures.police))

    for name in ("service-attempts", "firearms", "permits", "receipts", "completions"):
        act = ACTS[name]
        answer = liaison.post(act.path(fixtures), act.body(fixtures))
        assert answer.status_code == 201, (name, answer.content)


def test_act_is_in_the_access_log_with_its_case(fixtures: Fixtures, clerk: Caller) -> None:
    clerk.post(of("extensions")(fixtures), {"expires_on": fixtures.day(200), "confirm": SITS})

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.what, entry.cases) == (
        "done",
        "order-extensions",
        [fixtures.order.case.public_id],
    )
