"""An order with at least one row of every kind, for tests of all endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.dates import COURT_TIME, court_date
from accounts.models import Agency, AgencyKind, Role, Town, User
from orders.models import (
    Caution,
    ComingService,
    ConfidentialityRelease,
    Deadline,
    Firearm,
    FollowUp,
    Hearing,
    HistoryEntry,
    Order,
    OrderCondition,
    Receipt,
    Referral,
    ReviewItem,
    ReviewKind,
    Transfer,
)
from orders.services import hearings, service
from orders.services.conditions import conditions, notices
from orders.services.court_days import court_day
from orders.services.firearms import inventory, receipts, statements
from orders.services.follow_ups import attempts, referrals, transfers
from orders.services.orders import case_events, licensing, vacatur
from orders.services.parties import protected_persons, releases
from tests import make

#: The reason for a hearing on any day.
SITS = "The court sits that day."

LICENSE = "6-06-014-01-7M-12345"


@dataclass
class Fixtures:
    """The order and its rows."""

    now: datetime
    court: Agency
    police: Agency
    town: Town
    order: Order
    unserved: Order
    firearm: Firearm
    receipted: Firearm
    receipt: Receipt
    hearing: Hearing
    past_hearing: Hearing
    condition: OrderCondition
    follow_up: FollowUp
    #: Of another follow-up of the order: offered to other police, and referred to a prosecutor.
    transfer: Transfer
    referral: Referral
    organization: Agency
    release: ConfidentialityRelease
    #: The id of a required notice.
    requirement: str
    #: A serial number on the receipt that may be the first firearm's, and a receipt from before the order.
    near_match: ReviewItem
    doubtful: ReviewItem

    def ago(self, **span: float) -> str:
        """An instant in the past, in ISO 8601."""
        return (self.now - timedelta(**span)).isoformat()

    def ahead(self, **span: float) -> str:
        """An instant in the future, in ISO 8601."""
        return (self.now + timedelta(**span)).isoformat()

    def day(self, days: int) -> str:
        """The day this many days from now."""
        return _day(self.now, days).isoformat()


@transaction.atomic
def set_up(now: datetime | None = None, **given: Any) -> Fixtures:
    """An order of a week ago, served long enough ago for its first deadline to be overdue."""
    now = now or timezone.now()
    court, police = make.agency(AgencyKind.COURT), make.agency()
    town, organization = make.town(police), make.agency(AgencyKind.ADVOCACY)
    facts: dict[str, Any] = {
        "court": court,
        "respondent_town": town,
        "now": now,
        "issued_at": now - timedelta(days=7),
        "protected_person": "Sky Linden",
        **given,
    }
    order = make.order(
        expires_on=_day(now, 90),
        served_at=now - timedelta(hours=30),
        service_method="in_hand",
        **facts,
    )
    by: dict[str, Any] = {"by": None, "now": now}
    # The days depend on today, and may be days on which the court is closed.
    sits: dict[str, Any] = {**by, "confirm": SITS}
    firearm, receipted = (
        inventory.list_firearm(order, serial=serial, source="application", **by) for serial in ("S-1", "S-2")
    )
    receipt = receipts.record_receipt(
        order,
        kind="dealer",
        received_at=now - timedelta(hours=2),
        firearms=[receipted],
        dealer_license=LICENSE,
        receipt_number="R-1",
        **by,
    )
    follow_up, handed = (
        FollowUp.objects.create(
            order=order,
            deadline=Deadline.objects.get(order=order, rule_id=rule),
            owner=police,
            next_action_at=now + timedelta(days=1),
        )
        for rule in ("CT-SUR-01", "CT-LE-48")
    )
    liaison = make.person(Role.LIAISON, police)
    asked: dict[str, Any] = {"reason": "lives there", "by": liaison, "now": now}
    return Fixtures(
        now=now,
        court=court,
        police=police,
        town=town,
        order=order,
        unserved=make.order(**facts),
        firearm=firearm,
        receipted=receipted,
        receipt=receipt,
        hearing=hearings.schedule_hearing(order, purpose="compliance", scheduled_on=_day(now, 5), **sits),
        past_hearing=hearings.schedule_hearing(order, purpose="contempt", scheduled_on=_day(now, -1), **sits),
        condition=conditions.set_condition(order, condition="CT-HOM-01", due_on=_day(now, 3), **by),
        follow_up=follow_up,
        transfer=transfers.offer_transfer(handed, to_agency=make.agency(), **asked),
        referral=referrals.refer(handed, agency=make.agency(AgencyKind.PROSECUTOR), **asked),
        organization=organization,
        release=releases.record_release(
            order,
            agency=organization,
            signed_on=_day(now, -1),
            begins_at=now - timedelta(days=1),
            ends_at=now + timedelta(days=30),
            **by,
        ),
        requirement=notices.required_notices(order)[0].entry.id,
        near_match=ReviewItem.objects.create(
            order=order,
            kind=ReviewKind.NEAR_MATCH,
            code="near_match",
            file="receipts.csv",
            line=2,
            detail="serials: S1 may be S-1 of the list. Decide whether it is the same firearm.",
            payload={
                "receipt": str(receipt.public_id),
                "serial": "S1",
                "firearms": [str(firearm.public_id)],
            },
            created_at=now,
        ),
        doubtful=ReviewItem.objects.create(
            order=order,
            kind=ReviewKind.DOUBTFUL,
            code="before_the_order",
            file="receipts.csv",
            line=3,
            detail="at: the day is before the order was issued. Correct the date, or confirm it.",
            payload={
                "receipt_number": "R-9",
                "at": (now - timedelta(days=40)).isoformat(),
                "kind": "dealer",
                "agency": None,
                "dealer_license": LICENSE,
                "serials": ["S-1"],
            },
            created_at=now,
        ),
    )


def held_after_the_end() -> Fixtures:
    """Police hold the firearm since five hours, and both orders ended three hours ago."""
    fixtures = set_up()
    by: dict[str, Any] = {"by": None, "now": fixtures.now}
    receipts.record_receipt(
        fixtures.order,
        kind="police",
        agency=fixtures.police,
        received_at=fixtures.now - timedelta(hours=5),
        firearms=[fixtures.firearm],
        **by,
    )
    for one in (fixtures.order, fixtures.unserved):
        vacatur.vacate_order(one, vacated_at=fixtures.now - timedelta(hours=3), reason="dismissed", **by)
    return fixtures


def place_of(role: Role, fixtures: Fixtures) -> Agency | None:
    """An agency that the order involves, in which the role sees it."""
    match role:
        case Role.CLERK | Role.JUDGE:
            return fixtures.court
        case Role.LIAISON | Role.SUPERVISOR:
            return fixtures.police
        case Role.MARSHAL | Role.PROSECUTOR | Role.LICENSING | Role.SCHOOL:
            agency = make.agency(AgencyKind(role.value))
            fixtures.order.order_agencies.create(agency=agency, capacity=role.value)
            return agency
        case Role.ADVOCATE:
            agency = make.agency(AgencyKind.ADVOCACY)
            ConfidentialityRelease.objects.create(
                order=fixtures.order,
                agency=agency,
                signed_on=_day(fixtures.now, 0),
                begins_at=fixtures.now - timedelta(hours=1),
                ends_at=fixtures.now + timedelta(days=1),
            )
            return agency
    return None


def add_more(fixtures: Fixtures, rows: int, person: User) -> None:
    """Add this many rows of every kind to the order, each of another minute."""
    order, liaison = fixtures.order, fixtures.transfer.offered_by
    by: dict[str, Any] = {"by": person, "now": fixtures.now}
    asked: dict[str, Any] = {"reason": "again", "by": liaison, "now": fixtures.now}
    listed = Firearm.objects.filter(order=order).count()
    for number in range(listed, listed + rows):
        at = fixtures.now - timedelta(minutes=number)
        one = inventory.list_firearm(order, serial=f"M-{number}", source="police", **by)
        receipts.record_receipt(
            order,
            kind="police",
            agency=fixtures.police,
            received_at=fixtures.now - timedelta(hours=1),
            firearms=[one],
            receipt_number=f"M-{number}",
            **by,
        )
        protected_persons.add_protected_person(order, name=f"Linden {number}", reason="left out", **by)
        inventory.record_permit(order, kind="pistol permit", number=str(number), **by)
        statements.record_statement(order, kind="non_possession", sworn_at=at, **by)
        order.order_agencies.create(agency=make.agency(AgencyKind.MARSHAL), capacity="marshal")
        service.record_failed_attempt(
            order, attempted_at=at, method="in_hand", reason="no answer", confirm="A second copy.", **by
        )
        Caution.objects.create(order=order, known_on=court_date(fixtures.now), words="Large dog.")
        ComingService.objects.create(
            order=order,
            planned_at=fixtures.now + timedelta(hours=9 + number),
            planned_offset=0,
            place="7 Elm Lane",
        )
        hearings.schedule_hearing(
            order,
            purpose="extension",
            scheduled_on=_day(fixtures.now, 10 + number),
            confirm=SITS,
            **by,
        )
        case_events.record_case_event(order, kind=sorted(case_events.RECORDABLE)[0], occurred_at=at, **by)
        licensing.record_licensing_report(order, kind="purchase_attempted", occurred_at=at, **by)
        conditions.set_condition(
            order, condition=fixtures.condition.condition, due_on=_day(fixtures.now, 3 + number), **by
        )
        notices.record_notice_sent(order, entry=fixtures.requirement, sent_at=at, **by)
        releases.record_release(
            order,
            agency=fixtures.organization,
            signed_on=_day(fixtures.now, -1),
            begins_at=at,
            ends_at=fixtures.now + timedelta(days=9),
            **by,
        )
        attempts.record_attempt(
            fixtures.follow_up,
            attempted_at=at,
            kind="visit",
            result="not_found",
            next_action_at=fixtures.now + timedelta(days=1),
            by=liaison,
            now=fixtures.now,
        )
        offered = transfers.offer_transfer(fixtures.follow_up, to_agency=fixtures.transfer.to_agency, **asked)
        transfers.withdraw_transfer(offered, by=liaison, now=fixtures.now)
        referred = referrals.refer(fixtures.follow_up, agency=fixtures.referral.agency, **asked)
        decider = make.person(Role.PROSECUTOR, fixtures.referral.agency)
        referrals.record_outcome(
            referred,
            outcome="declined",
            decision_reason="No proof.",
            decided_on=court_day(order, fixtures.now),
            by=decider,
            now=fixtures.now,
        )
        FollowUp.objects.create(
            order=order,
            deadline=fixtures.follow_up.deadline,
            owner=fixtures.police,
            assigned_to=person,
            next_action_at=fixtures.now,
            closed_at=fixtures.now,
            outcome="met",
        )
    assert HistoryEntry.objects.filter(order=order).count() > rows


def _day(now: datetime, days: int) -> date:
    """The court's day this many days from now."""
    return now.astimezone(COURT_TIME).date() + timedelta(days=days)
