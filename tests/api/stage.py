"""An order with something of everything, so that every address about one has what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, Town, User
from orders.models import (
    Deadline,
    Event,
    Firearm,
    FollowUp,
    HandOver,
    Hearing,
    Order,
    OrderTerm,
    Receipt,
    Referral,
    Release,
)
from orders.services import (
    follow_ups,
    hand_overs,
    hearings,
    referrals,
    releases,
    requirements,
    service,
    surrender,
    term,
    terms,
)
from orders.services.change import court_day
from tests import make

LICENCE = "6-06-014-01-7M-12345"


@dataclass
class Stage:
    """The order and what it has."""

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
    term: OrderTerm
    follow_up: FollowUp
    #: Of another follow-up of the order: asked of police elsewhere, and laid before a prosecutor.
    hand_over: HandOver
    referral: Referral
    organization: Agency
    release: Release
    #: Something that the law requires to be sent.
    requirement: str

    def ago(self, **span: float) -> str:
        """An instant in the past, as a system writes it."""
        return (self.now - timedelta(**span)).isoformat()

    def ahead(self, **span: float) -> str:
        """An instant that has not come."""
        return (self.now + timedelta(**span)).isoformat()

    def day(self, days: int) -> str:
        """A day so many days from now."""
        return (self.now + timedelta(days=days)).date().isoformat()


@transaction.atomic
def set_up(now: datetime | None = None, **given: Any) -> Stage:
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
        expires_on=(now + timedelta(days=90)).date(),
        served_at=now - timedelta(hours=30),
        service_method="in_hand",
        **facts,
    )
    by: dict[str, Any] = {"by": None, "now": now}
    firearm, receipted = (
        surrender.list_firearm(order, serial=serial, source="application", **by) for serial in ("S-1", "S-2")
    )
    receipt = surrender.record_receipt(
        order,
        kind="dealer",
        at=now - timedelta(hours=2),
        firearms=[receipted],
        dealer_licence=LICENCE,
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
    return Stage(
        now=now,
        court=court,
        police=police,
        town=town,
        order=order,
        unserved=make.order(**facts),
        firearm=firearm,
        receipted=receipted,
        receipt=receipt,
        hearing=hearings.schedule_hearing(order, purpose="compliance", on=_day(now, 5), **by),
        term=terms.set_term(order, term="CT-HOM-01", on=_day(now, 3), **by),
        follow_up=follow_up,
        hand_over=hand_overs.offer_hand_over(handed, to=make.agency(), **asked),
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
        requirement=requirements.requirements_of(order)[0].entry.id,
    )


def place_of(role: Role, stage: Stage) -> Agency | None:
    """An agency whose business the stage's order is, in the role."""
    match role:
        case Role.CLERK | Role.JUDGE:
            return stage.court
        case Role.LIAISON | Role.SUPERVISOR:
            return stage.police
        case Role.MARSHAL | Role.PROSECUTOR | Role.LICENSING | Role.SCHOOL:
            agency = make.agency(AgencyKind(role.value))
            stage.order.concerns.create(agency=agency, capacity=role.value)
            return agency
        case Role.ADVOCATE:
            agency = make.agency(AgencyKind.ADVOCACY)
            Release.objects.create(
                order=stage.order,
                agency=agency,
                signed_on=stage.now.date(),
                begins_at=stage.now - timedelta(hours=1),
                ends_at=stage.now + timedelta(days=1),
            )
            return agency
    return None


def add_more(stage: Stage, rows: int, person: User) -> None:
    """So many more rows of everything that an order has."""
    order, liaison = stage.order, stage.hand_over.offered_by
    by: dict[str, Any] = {"by": person, "now": stage.now}
    asked: dict[str, Any] = {"reason": "again", "by": liaison, "now": stage.now}
    listed = Firearm.objects.filter(order=order).count()
    for number in range(listed, listed + rows):
        one = surrender.list_firearm(order, serial=f"M-{number}", source="police", **by)
        surrender.record_receipt(
            order,
            kind="police",
            agency=stage.police,
            at=stage.now - timedelta(hours=1),
            firearms=[one],
            receipt_number=f"M-{number}",
            **by,
        )
        surrender.record_permit(order, kind="pistol permit", number=str(number), **by)
        surrender.record_statement(order, kind="non_possession", at=stage.now, **by)
        order.concerns.create(agency=make.agency(AgencyKind.MARSHAL), capacity="marshal")
        service.record_failed_attempt(order, at=stage.now, method="in_hand", reason="nobody there", **by)
        hearings.schedule_hearing(order, purpose="extension", on=_day(stage.now, 10 + number), **by)
        term.record_happening(order, kind=sorted(term.RECORDABLE)[0], at=stage.now, **by)
        terms.set_term(order, term=stage.term.term, on=_day(stage.now, 3 + number), **by)
        requirements.record_sending(order, entry=stage.requirement, at=stage.now, **by)
        releases.record_release(
            order,
            agency=stage.organization,
            signed_on=_day(stage.now, -1),
            begins_at=stage.now,
            ends_at=stage.now + timedelta(days=9),
            **by,
        )
        follow_ups.record_attempt(
            stage.follow_up,
            at=stage.now,
            kind="visit",
            result="not_found",
            next_action_at=stage.now + timedelta(days=1),
            by=liaison,
            now=stage.now,
        )
        offered = hand_overs.offer_hand_over(stage.follow_up, to=stage.hand_over.to_agency, **asked)
        hand_overs.withdraw_hand_over(offered, by=liaison, now=stage.now)
        referred = referrals.refer(stage.follow_up, agency=stage.referral.agency, **asked)
        decider = make.person(Role.PROSECUTOR, stage.referral.agency)
        referrals.record_outcome(
            referred, outcome="declined", decided_on=court_day(order, stage.now), by=decider, now=stage.now
        )
        FollowUp.objects.create(
            order=order,
            deadline=stage.follow_up.deadline,
            owner=stage.police,
            assigned_to=person,
            next_action_at=stage.now,
            closed_at=stage.now,
            outcome="met",
        )
    assert Event.objects.filter(order=order).count() > rows


def _day(now: datetime, days: int) -> date:
    return (now + timedelta(days=days)).date()
