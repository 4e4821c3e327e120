"""Who hears what, when: events of an order in, the capacities that hear and the instants out, by FIRE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, Role, User
from notifications.models import Alert, PendingAcknowledgment, Via
from notifications.services.firing.fire import Firer
from orders.models import (
    Capacity,
    Checkpoint,
    CheckpointState,
    ComingService,
    Deadline,
    DeadlineState,
    FollowUp,
    HistoryEntry,
    OrderAgency,
    ReviewItem,
    ReviewKind,
)
from orders.rules.vocabulary import Purpose
from orders.services import hearings, papers, service
from orders.services.coming_service import plan_service
from orders.services.corrections import correct, withdraw
from orders.services.firearms import inventory, receipts, statements
from orders.services.firearms.requests import record_custody_request
from orders.services.follow_ups import referrals
from orders.services.orders import case_events, extension, licensing, modification, vacatur
from orders.services.parties import agencies
from orders.services.planning.replan_stale import replan_cases
from tests import make
from tests.make import NOW
from tests.notifications.fixtures import OrderFixture, safe_contact, set_up

pytestmark = pytest.mark.django_db

POLICE, COURT, MARSHAL, PROSECUTOR = "respondent_police", "court", "marshal", "prosecutor"
#: An advocate's organization, and the protected person whose contact it confirmed.
PROTECTED = ("advocate", "protected_person")
#: What every act is recorded with.
BY: dict[str, Any] = {"by": None, "now": NOW}
#: A Monday nine days after the tests' present.
HEARING = date(2026, 12, 14)
#: The business day after the tests' present.
MONDAY = date(2026, 12, 7)

Heard = dict[tuple[str, str], datetime]


def at_nine(day: date) -> datetime:
    """Nine o'clock at the court, in winter."""
    return datetime(day.year, day.month, day.day, 14, tzinfo=UTC)


def hear(announcement: str, *words: str, when: datetime = NOW) -> Heard:
    """These audiences hear of it then."""
    return {(announcement, word): when for word in words}


def everyone(fixture: OrderFixture) -> OrderFixture:
    """With an advocate, a protected person, a prosecutor and, to serve, a marshal."""
    release = fixture.release()
    advocate = make.person(Role.ADVOCATE, release.agency)
    safe_contact(release, by=advocate)
    for kind, role, capacity in (
        (AgencyKind.PROSECUTOR, Role.PROSECUTOR, Capacity.PROSECUTOR),
        (AgencyKind.MARSHAL, Role.MARSHAL, Capacity.MARSHAL),
    ):
        agency = make.agency(kind)
        make.person(role, agency)
        OrderAgency.objects.create(order=fixture.order, agency=agency, capacity=capacity, named_at=NOW)
    return fixture


def unserved() -> OrderFixture:
    """An order of two days ago that is not served."""
    court, town = make.agency(AgencyKind.COURT), make.town()
    clerk, liaison = make.person(Role.CLERK, court), make.person(Role.LIAISON, town.police)
    order = make.order(respondent_town=town, court=court, announces=True)
    return OrderFixture(order, court, town.police, clerk, liaison)


def served() -> OrderFixture:
    """An order served an hour ago."""
    return set_up(announces=True)


def risk() -> OrderFixture:
    """A risk protection order served an hour ago."""
    court, town = make.agency(AgencyKind.COURT), make.town()
    clerk, liaison = make.person(Role.CLERK, court), make.person(Role.LIAISON, town.police)
    order = make.served_order(respondent_town=town, court=court, kind="risk_protection_order", announces=True)
    return OrderFixture(order, court, town.police, clerk, liaison)


def heard(until: datetime = NOW) -> Heard:
    """Fire until then. Who heard of what, as announcement and capacity, and for which last instant."""
    Firer("test").fire(now=until)
    found = Alert.objects.filter(checkpoint__purpose=Purpose.INFORM).exclude(via=Via.FALLBACK)
    return {
        (one.deadline.rule_id, one.capacity): one.fired.fires_at
        for one in found.select_related("checkpoint__deadline").order_by("checkpoint__fires_at", "id")
    }


@dataclass(frozen=True)
class Row:
    """What happens to which order, until when FIRE runs, and who hears of what because of it."""

    acts: Callable[[OrderFixture], object]
    heard: Heard
    until: datetime = NOW
    order: Callable[[], OrderFixture] = served
    #: What is not asked for in this row.
    besides: frozenset[str] = field(default_factory=frozenset)


def _nothing(_: OrderFixture) -> None:
    """What is known already is enough."""


def _hearing(purpose: str, on: date = HEARING) -> Callable[[OrderFixture], object]:
    return lambda its: hearings.schedule_hearing(
        its.order, purpose=purpose, scheduled_on=on, confirm="As the court set it.", **BY
    )


def _held(purpose: str, outcome: str) -> Callable[[OrderFixture], object]:
    def act(its: OrderFixture) -> None:
        hearing = hearings.schedule_hearing(
            its.order, purpose=purpose, scheduled_on=NOW.date(), confirm="As the court set it.", **BY
        )
        hearings.record_hearing(hearing, outcome=outcome, held_on=NOW.date(), **BY)

    return act


def _continued(its: OrderFixture) -> None:
    hearing = hearings.schedule_hearing(its.order, purpose="extension", scheduled_on=HEARING, **BY)
    hearings.continue_hearing(hearing, scheduled_on=HEARING + timedelta(days=1), **BY)


def _happened(kind: str) -> Callable[[OrderFixture], object]:
    return lambda its: case_events.record_case_event(its.order, kind=kind, occurred_at=NOW, **BY)


def _asked_for_return(its: OrderFixture) -> None:
    record_custody_request(its.order, kind="return", requested_at=NOW, **BY)


def _receipt(its: OrderFixture) -> None:
    firearm = inventory.list_firearm(its.order, serial="S1", source="police", **BY)
    receipts.record_receipt(
        its.order, kind="police", received_at=NOW, firearms=[firearm], agency=its.police, **BY
    )


def _referred(its: OrderFixture) -> None:
    its.fire(now=NOW + timedelta(hours=23))
    follow_up = FollowUp.objects.get(order=its.order, deadline__rule_id="CT-SUR-01")
    office = OrderAgency.objects.get(order=its.order, capacity=Capacity.PROSECUTOR).agency
    referrals.refer(follow_up, agency=office, reason="No answer.", by=its.liaison, now=NOW)


def _to_serve(its: OrderFixture) -> None:
    office = make.agency(AgencyKind.MARSHAL)
    make.person(Role.MARSHAL, office)
    agencies.add_agency(its.order, agency=office, **BY)


def _reported(kind: str) -> Callable[[OrderFixture], object]:
    return lambda its: licensing.record_licensing_report(its.order, kind=kind, occurred_at=NOW, **BY)


def _licensing_unit() -> None:
    unit = make.agency(AgencyKind.LICENSING)
    Agency.objects.filter(pk=unit.pk).update(answers_for_state=True)
    make.person(Role.LICENSING, unit)


def with_permit(its: OrderFixture) -> None:
    _licensing_unit()
    inventory.record_permit(its.order, kind="pistol permit", number="1", **BY)


def _vacated_with_permit(its: OrderFixture) -> None:
    with_permit(its)
    _reported("permit_revoked")(its)
    vacatur.vacate_order(its.order, vacated_at=NOW, reason="dismissed", **BY)


def to_a_school(its: OrderFixture) -> None:
    school = make.agency(AgencyKind.SCHOOL)
    make.person(Role.SCHOOL, school)
    agencies.add_agency(its.order, agency=school, **BY)


def _doubtful(its: OrderFixture) -> None:
    ReviewItem.objects.create(
        order=its.order,
        kind=ReviewKind.DOUBTFUL,
        code="receipt_in_the_future",
        file="receipts.csv",
        line=2,
        detail="The receipt is dated ahead.",
        created_at=NOW,
    )
    replan_cases([its.order.case_id], now=NOW)


def supervised() -> OrderFixture:
    """An unserved order with a supervisor at the police."""
    fixture = unserved()
    make.person(Role.SUPERVISOR, fixture.police)
    return fixture


def _picked_up(its: OrderFixture) -> None:
    """A marshal has the papers an hour before the time is over."""
    marshal, at = User.objects.get(memberships__role=Role.MARSHAL), NOW + timedelta(hours=23)
    papers.confirm_pick_up(its.order, picked_up_at=at, by=marshal, now=at)


def _planned(its: OrderFixture) -> ComingService:
    return plan_service(its.order, planned_at=NOW + timedelta(hours=8), place="7 Elm Lane", **BY)


ROWS: dict[str, Row] = {
    "ex parte order with firearms": Row(
        _nothing, hear("ANN-EX-PARTE", POLICE), order=unserved, besides=frozenset({"ANN-TO-SERVE"})
    ),
    "served": Row(_nothing, hear("ANN-SERVED", POLICE, *PROTECTED)),
    "served later": Row(
        lambda its: service.record_service(its.order, served_at=NOW, service_method="in_hand", **BY),
        hear("ANN-SERVED", POLICE, *PROTECTED),
        order=unserved,
        besides=frozenset({"ANN-EX-PARTE"}),
    ),
    "given to a marshal": Row(
        # The order is two days old; the marshal was named now.
        _to_serve,
        hear("ANN-TO-SERVE", MARSHAL),
        order=unserved,
        besides=frozenset({"ANN-EX-PARTE"}),
    ),
    "given to a marshal two days ago without an attempt": Row(
        _to_serve,
        hear("ANN-TO-SERVE", MARSHAL, COURT, when=NOW + timedelta(hours=48)),
        until=NOW + timedelta(hours=48),
        order=unserved,
        besides=frozenset({"ANN-EX-PARTE", "ANN-NOT-PICKED-UP"}),
    ),
    "papers not picked up": Row(
        _to_serve,
        # A supervisor hears for the police.
        hear("ANN-NOT-PICKED-UP", MARSHAL, POLICE, COURT, when=NOW + timedelta(hours=24)),
        until=NOW + timedelta(hours=24),
        order=supervised,
        besides=frozenset({"ANN-EX-PARTE", "ANN-TO-SERVE"}),
    ),
    "papers picked up in time": Row(
        _picked_up,
        {},
        until=NOW + timedelta(hours=24),
        order=supervised,
        besides=frozenset({"ANN-EX-PARTE", "ANN-TO-SERVE"}),
    ),
    "service planned": Row(
        _planned,
        hear("ANN-SERVICE-COMING", POLICE),
        order=unserved,
        besides=frozenset({"ANN-EX-PARTE", "ANN-TO-SERVE"}),
    ),
    "service planned, two hours before": Row(
        _planned,
        hear("ANN-SERVICE-COMING", POLICE, MARSHAL, when=NOW + timedelta(hours=6)),
        until=NOW + timedelta(hours=6),
        order=unserved,
        besides=frozenset({"ANN-EX-PARTE", "ANN-TO-SERVE"}),
    ),
    "not served before the hearing": Row(
        _hearing("application"),
        {
            **hear("ANN-HEARING", PROSECUTOR, *PROTECTED),
            **hear("ANN-UNSERVED", *PROTECTED, when=at_nine(date(2026, 12, 11))),
        },
        until=at_nine(date(2026, 12, 11)),
        order=unserved,
        besides=frozenset({"ANN-EX-PARTE", "ANN-NOT-PICKED-UP", "ANN-TO-SERVE"}),
    ),
    "no return of service": Row(
        _hearing("application"),
        {
            **hear("ANN-HEARING", PROSECUTOR, *PROTECTED),
            **hear("ANN-NO-RETURN", COURT, MARSHAL, when=at_nine(date(2026, 12, 10))),
        },
        until=at_nine(date(2026, 12, 11)),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "compliance hearing set": Row(
        _hearing("compliance"),
        {**hear("ANN-HEARING", PROSECUTOR, *PROTECTED), **hear("ANN-HEARING-P", POLICE)},
        besides=frozenset({"ANN-SERVED"}),
    ),
    "contempt hearing near, then without an outcome": Row(
        _hearing("contempt"),
        {
            **hear("ANN-HEARING", PROSECUTOR, *PROTECTED),
            **hear("ANN-HEARING-P", POLICE),
            **hear("ANN-DAY-CONTEMPT", PROSECUTOR, POLICE, *PROTECTED, when=at_nine(date(2026, 12, 10))),
            **hear("ANN-DAY-CONTEMPT", COURT, when=at_nine(date(2026, 12, 15))),
        },
        until=at_nine(date(2026, 12, 15)),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "hearing on an extension moved": Row(
        _continued,
        {
            **hear("ANN-HEARING", PROSECUTOR, *PROTECTED),
            **hear("ANN-DAY-EXT", *PROTECTED, when=at_nine(date(2026, 12, 14))),
            **hear("ANN-DAY-EXT", COURT, when=at_nine(date(2026, 12, 16))),
        },
        until=at_nine(date(2026, 12, 16)),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "compliance hearing held": Row(
        _held("compliance", "non_compliant"),
        {**hear("ANN-HELD", *PROTECTED), **hear("ANN-HELD-P", POLICE)},
        besides=frozenset({"ANN-SERVED"}),
    ),
    "contempt found": Row(
        _held("contempt", "contempt"),
        {**hear("ANN-HELD", *PROTECTED), **hear("ANN-CONTEMPT", PROSECUTOR, POLICE)},
        besides=frozenset({"ANN-SERVED"}),
    ),
    "contempt not found": Row(
        _held("contempt", "denied"),
        {**hear("ANN-HELD", *PROTECTED), **hear("ANN-HELD-C", PROSECUTOR, POLICE)},
        besides=frozenset({"ANN-SERVED"}),
    ),
    "warrant executed": Row(
        _happened("warrant_executed"),
        hear("ANN-WARRANT-DONE", PROSECUTOR, COURT),
        order=risk,
        besides=frozenset({"ANN-ORDER", "ANN-SERVED"}),
    ),
    "a doubtful fact of an import": Row(
        _doubtful,
        hear("ANN-DOUBT", COURT),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "warrant issued": Row(
        _held("compliance", "warrant"),
        {
            **hear("ANN-HELD", *PROTECTED),
            **hear("ANN-HELD-P", POLICE),
            **hear("ANN-WARRANT", PROSECUTOR, POLICE),
        },
        besides=frozenset({"ANN-SERVED"}),
    ),
    "hearing canceled": Row(
        _held("compliance", "vacated"),
        {**hear("ANN-CANCELED", PROSECUTOR, *PROTECTED), **hear("ANN-CANCELED-P", POLICE)},
        besides=frozenset({"ANN-SERVED"}),
    ),
    "proof of everything": Row(
        _receipt,
        {**hear("ANN-PROOF", COURT), **hear("ANN-VERIFIED", *PROTECTED)},
        besides=frozenset({"ANN-SERVED"}),
    ),
    "sworn and not verified": Row(
        lambda its: statements.record_statement(its.order, kind="non_possession", sworn_at=NOW, **BY),
        hear("ANN-SWORN", COURT, POLICE, *PROTECTED),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "referred, and not decided in two business days": Row(
        _referred,
        {
            **hear("ANN-REFERRED", PROSECUTOR, POLICE, COURT, when=at_nine(date(2026, 12, 8))),
        },
        until=at_nine(date(2026, 12, 8)),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "extended": Row(
        lambda its: extension.extend_order(
            its.order, expires_on=date(2027, 1, 4), confirm="As the court set it.", **BY
        ),
        hear("ANN-EXTENDED", POLICE, *PROTECTED),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "modified": Row(
        lambda its: modification.modify_order(its.order, modified_at=NOW, added=["CT-TRM-CONTACT"], **BY),
        hear("ANN-MODIFIED", POLICE, MARSHAL, *PROTECTED),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "vacated": Row(
        lambda its: vacatur.vacate_order(its.order, vacated_at=NOW, reason="dismissed", **BY),
        hear("ANN-VACATED", POLICE, MARSHAL, *PROTECTED),
    ),
    "return requested": Row(
        _asked_for_return,
        hear("ANN-RETURN", POLICE, COURT),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "an attempt to buy a firearm": Row(
        _reported("purchase_attempted"),
        hear("ANN-PURCHASE", POLICE, COURT, PROSECUTOR, "advocate"),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "an application for a permit": Row(
        _reported("permit_applied"),
        hear("ANN-APPLIED", POLICE, COURT, PROSECUTOR, "advocate"),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "an order with a permit": Row(
        with_permit,
        hear("ANN-PERMIT", "licensing"),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "an order with a permit that the licensing unit does not acknowledge or revoke": Row(
        # The permit was recorded on a Friday.
        with_permit,
        {
            **hear("ANN-PERMIT", "licensing", COURT, when=NOW + timedelta(hours=48)),
            **hear("ANN-PERMIT-WAIT", COURT, when=at_nine(MONDAY)),
        },
        until=at_nine(MONDAY),
        besides=frozenset({"ANN-SERVED"}),
    ),
    "an order with a permit that was revoked, vacated": Row(
        _vacated_with_permit,
        {
            **hear("ANN-PERMIT-VAC", "licensing"),
            **hear("ANN-VACATED", POLICE, MARSHAL, *PROTECTED),
        },
    ),
    "a copy for a school": Row(
        to_a_school, hear("ANN-SCHOOL", "school"), besides=frozenset({"ANN-SERVED", "ANN-SCHOOL-SERVED"})
    ),
    "a copy that the school does not acknowledge": Row(
        to_a_school,
        {**hear("ANN-SCHOOL", "school"), **hear("ANN-SCHOOL-WAIT", COURT, when=at_nine(MONDAY))},
        until=at_nine(MONDAY),
        besides=frozenset({"ANN-SERVED", "ANN-SCHOOL-SERVED"}),
    ),
    "motion for contempt served": Row(
        _happened("contempt_motion_served"),
        hear("ANN-MOTION", PROSECUTOR),
        besides=frozenset({"ANN-SERVED"}),
    ),
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_those_who_must_hear_do_at_the_instant(name: str) -> None:
    row = ROWS[name]
    row.acts(everyone(row.order()))

    found = heard(row.until)

    assert {key: when for key, when in found.items() if key[0] not in row.besides} == row.heard


def test_a_school_hears_of_its_own_copy_and_the_history_shows_no_school() -> None:
    fixture = served()
    to_a_school(fixture)
    heard()
    to_a_school(fixture)
    heard()

    found = Alert.objects.filter(capacity="school", checkpoint__deadline__rule_id="ANN-SCHOOL")
    assert sorted(found.values_list("agency", flat=True)) == sorted(
        OrderAgency.objects.filter(capacity="school").values_list("agency", flat=True)
    )
    shown = HistoryEntry.objects.filter(order=fixture.order, kind="informed")
    assert [one for one in shown if "SCHOOL" in str(one.data)] == []


def test_police_hear_nothing_of_an_order_without_firearms() -> None:
    make.served_order(firearms_indicated=False, announces=True)

    assert heard() == {}


def test_without_the_time_of_naming_the_hours_run_from_the_entry() -> None:
    fixture = unserved()
    office = make.agency(AgencyKind.MARSHAL)
    make.person(Role.MARSHAL, office)
    OrderAgency.objects.create(order=fixture.order, agency=office, capacity=Capacity.MARSHAL)
    replan_cases([fixture.order.case_id], now=NOW, arm_past_checks=True)

    later = NOW + timedelta(hours=48)
    assert {key: when for key, when in heard().items() if key[0] == "ANN-TO-SERVE"} == hear(
        "ANN-TO-SERVE", MARSHAL
    )
    assert {key: when for key, when in heard(later).items() if key[0] == "ANN-TO-SERVE"} == hear(
        "ANN-TO-SERVE", MARSHAL, COURT, when=later
    )


def test_a_marshal_is_not_pressed_after_an_attempt() -> None:
    fixture = unserved()
    _to_serve(fixture)
    service.record_failed_attempt(
        fixture.order, attempted_at=NOW, method="in_hand", reason="No one opened.", **BY
    )

    assert {word for rule, word in heard(NOW + timedelta(days=5)) if rule == "ANN-TO-SERVE"} == set()


def test_a_moved_service_is_announced_again_and_a_withdrawn_one_no_more() -> None:
    fixture = unserved()
    row = _planned(fixture)
    first = heard()
    assert ("ANN-SERVICE-COMING", POLICE) in first
    moved, later = NOW + timedelta(hours=9), NOW + timedelta(hours=1)

    correct(row, changes={"planned_at": moved}, reason="He works.", by=None, now=later)
    again = heard(later)
    withdraw(row, reason="Called off.", by=None, now=later)

    assert again["ANN-SERVICE-COMING", POLICE] == later
    assert ("ANN-SERVICE-COMING", POLICE) in heard(moved)
    assert heard(moved)["ANN-SERVICE-COMING", POLICE] == later


def test_an_announcement_is_no_deadline_and_asks_for_no_follow_up() -> None:
    fixture = served()
    heard()

    rows = Deadline.with_announcements.filter(order=fixture.order, state=DeadlineState.ANNOUNCED)
    assert "ANN-SERVED" in {one.rule_id for one in rows}
    assert not Deadline.objects.filter(pk__in=rows).exists()
    assert not fixture.order.deadlines.filter(pk__in=rows).exists()
    assert not PendingAcknowledgment.objects.filter(order=fixture.order).exists()
    entry = HistoryEntry.objects.get(order=fixture.order, kind="informed")
    assert entry.data["rule"] == "ANN-SERVED"
    noted = HistoryEntry.objects.filter(order=fixture.order, data__deadlines__has_key="ANN-SERVED")
    assert not noted.exists()


def test_a_return_asks_police_for_an_answer() -> None:
    _asked_for_return(served())
    heard()

    waiting = PendingAcknowledgment.objects.get()
    assert waiting.checkpoint.deadline.rule_id == "ANN-RETURN"


def test_no_one_else_hears_if_no_agency_is_named() -> None:
    order = make.order(announces=True)
    OrderAgency.objects.filter(order=order).delete()
    make.person(Role.ADMINISTRATOR)

    Firer("test").fire(now=NOW)

    assert not Alert.objects.filter(checkpoint__purpose=Purpose.INFORM).exists()


def test_a_second_plan_announces_nothing_and_a_new_rulebook_nothing_old() -> None:
    fixture = served()
    assert heard()
    replan_cases([fixture.order.case_id], now=NOW, arm_past_checks=True)
    assert not _due(fixture)

    Deadline.with_announcements.filter(rule_id="ANN-SERVED").update(rule_id="ANN-OLD")
    replan_cases([fixture.order.case_id], now=NOW)
    assert not _due(fixture)


@pytest.mark.parametrize(("days", "is_heard"), [(6, True), (9, False)])
def test_old_events_that_a_person_enters_are_no_news(days: int, *, is_heard: bool) -> None:
    make.served_order(ago=timedelta(days=days), issued_at=NOW - timedelta(days=days + 1), announces=True)

    assert (("ANN-SERVED", POLICE) in heard()) == is_heard


def test_those_who_heard_of_a_hearing_hear_that_it_was_withdrawn() -> None:
    fixture = served()
    hearing = hearings.schedule_hearing(fixture.order, purpose="compliance", scheduled_on=HEARING, **BY)
    heard()
    Alert.objects.update(first_sent_at=NOW)

    hearings.HEARING.withdraw(hearing, reason="It is of another case.", **BY)

    corrected = Alert.objects.get(correction__isnull=False)
    assert (corrected.deadline.rule_id, corrected.recipient) == ("ANN-HEARING-P", fixture.liaison)


def _due(fixture: OrderFixture) -> bool:
    return Checkpoint.objects.filter(
        deadline__order=fixture.order,
        purpose=Purpose.INFORM,
        state=CheckpointState.PENDING,
        fires_at__lte=NOW,
    ).exists()
