"""The orders of the demonstration: one scenario each."""

from __future__ import annotations

from collections.abc import Callable

from ctcompliance.demo.builder import Demonstration
from ctcompliance.demo.people import STATE_POLICE_TOWN, TOWN_WITHOUT_USERS, person
from orders.models import (
    HearingOutcome,
    HearingPurpose,
    OrderKind,
    ReceiptKind,
    ServiceMethod,
    StatementKind,
    VerificationMethod,
)
from orders.services.firearms.inventory import record_permit
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.statements import record_statement, verify_statement
from orders.services.hearings import record_hearing, schedule_hearing
from orders.services.service import record_failed_attempt

#: A function that enters one order under a docket number.
Scenario = Callable[[Demonstration, str], object]


def waits_for_hearing(demo: Demonstration, docket: str) -> None:
    """Enter an application whose hearing is not held yet."""
    demo.enter(
        docket,
        "Casey Holt",
        OrderKind.RESTRAINING_ORDER_APPLICATION,
        demo.ago(days=2),
        hearing_on=demo.court_day(11),
        protected_person="Avery Quill",
    )


def not_served(demo: Demonstration, docket: str) -> None:
    """Enter an order after a failed attempt at service."""
    order = demo.enter(
        docket,
        "Morgan Vale",
        OrderKind.EX_PARTE_RESTRAINING_ORDER,
        demo.ago(days=3),
        hearing_on=demo.court_day(4),
        protected_person="Jamie Fern",
        firearms_indicated=True,
    )
    demo.list_pistol(order, "DEMO-1001")
    record_failed_attempt(
        order,
        attempted_at=demo.ago(days=1, hours=3),
        method=ServiceMethod.ABODE,
        officer="State Marshal Pat Reed",
        reason="No one opened; a neighbor says the respondent works nights.",
        by=demo.clerk,
        now=demo.now,
    )


def hours_left(demo: Demonstration, docket: str) -> None:
    """Enter an order whose time to surrender is running."""
    order = demo.enter(
        docket,
        "Riley Crane",
        OrderKind.EX_PARTE_RESTRAINING_ORDER,
        demo.ago(days=1, hours=2),
        hearing_on=demo.court_day(5),
        protected_person="Sky Larch",
        address_confidential=True,
        firearms_indicated=True,
    )
    demo.list_pistol(order, "DEMO-1002")
    demo.serve(order, demo.ago(hours=9))


def hours_left_state_police(demo: Demonstration, docket: str) -> None:
    """Enter an order in a town of the State Police, with a permit on file."""
    order = demo.enter(
        docket,
        "Drew Ashby",
        OrderKind.RESTRAINING_ORDER,
        demo.ago(days=1),
        town=STATE_POLICE_TOWN,
        expires_on=demo.day(363),
        protected_person="Quinn Ivy",
        permit_indicated=True,
    )
    record_permit(order, kind="Pistol permit", number="DEMO-77", by=demo.clerk, now=demo.now)
    demo.serve(order, demo.ago(hours=15), ServiceMethod.IN_COURT)


def surrendered(demo: Demonstration, docket: str) -> None:
    """Enter an order whose firearm police received in time."""
    order = demo.enter(
        docket,
        "Taylor Wick",
        OrderKind.RESTRAINING_ORDER,
        demo.ago(days=12),
        expires_on=demo.day(352),
        protected_person="Rowan Sedge",
        firearms_indicated=True,
    )
    demo.list_pistol(order, "DEMO-1003")
    demo.serve(order, demo.ago(days=11))
    record_receipt(
        order,
        kind=ReceiptKind.POLICE,
        received_at=demo.ago(days=10, hours=9),
        firearms=list(order.firearms.all()),
        agency=order.case.respondent.town.police,
        receipt_number="HPD-DEMO-41",
        by=demo.clerk,
        now=demo.now,
    )


def sold_late(demo: Demonstration, docket: str) -> None:
    """Enter an order whose firearm a dealer received late."""
    order = demo.enter(
        docket,
        "Alex Thorne",
        OrderKind.RESTRAINING_ORDER,
        demo.ago(days=20),
        expires_on=demo.day(344),
        protected_person="Noa Willow",
        firearms_indicated=True,
    )
    demo.list_pistol(order, "DEMO-1004")
    demo.serve(order, demo.ago(days=19))
    record_receipt(
        order,
        kind=ReceiptKind.DEALER,
        received_at=demo.ago(days=16),
        firearms=list(order.firearms.all()),
        dealer_license="6-06-003-01-7M-12345",
        receipt_number="DEMO-DEALER-9",
        by=demo.clerk,
        now=demo.now,
    )


def unverified_denial(demo: Demonstration, docket: str) -> None:
    """Enter an order with a sworn denial that the application contradicts."""
    order = demo.enter(
        docket,
        "Sam Orchard",
        OrderKind.EX_PARTE_RESTRAINING_ORDER,
        demo.ago(days=1),
        hearing_on=demo.court_day(6),
        protected_person="Blake Reed",
        firearms_indicated=True,
    )
    demo.list_pistol(order, "DEMO-1005")
    demo.serve(order, demo.ago(hours=20))
    record_statement(
        order, kind=StatementKind.NON_POSSESSION, sworn_at=demo.ago(hours=4), by=demo.clerk, now=demo.now
    )


def overdue(demo: Demonstration, docket: str) -> None:
    """Enter an overdue order in a town whose police have no user, with a safe contact."""
    order = demo.enter(
        docket,
        "Jordan Pike",
        OrderKind.RESTRAINING_ORDER,
        demo.ago(days=9),
        town=TOWN_WITHOUT_USERS,
        expires_on=demo.day(355),
        protected_person="Ellis Brook",
        firearms_indicated=True,
    )
    demo.list_pistol(order, "DEMO-1006")
    demo.serve(order, demo.ago(days=8))
    demo.set_safe_contact(demo.release(order, "Blue Harbor"), "quiet.heron@mail.example", "The heron is back")


def nearly_over(demo: Demonstration, docket: str) -> None:
    """Enter an order that expires in 17 days. Police checked its sworn denial last month."""
    order = demo.enter(
        docket,
        "Chris Fenn",
        OrderKind.RESTRAINING_ORDER,
        demo.ago(days=348),
        expires_on=demo.day(17),
        protected_person="Dale Harrow",
    )
    demo.serve(order, demo.ago(days=347))
    denial = record_statement(
        order,
        kind=StatementKind.NON_POSSESSION,
        sworn_at=demo.ago(days=346, hours=12),
        by=demo.clerk,
        now=demo.now,
    )
    verify_statement(
        denial,
        verified_at=demo.ago(days=demo.today.day + 4),
        agency=order.case.respondent.town.police,
        verified_by="Robin Hale",
        method=VerificationMethod.RECORDS,
        note="No firearm is registered to the respondent.",
        by=person("liaison"),
        now=demo.now,
    )


def heard_tomorrow(demo: Demonstration, docket: str) -> None:
    """Enter an order whose hearing is soon, with a release."""
    order = demo.enter(
        docket,
        "Pat Greer",
        OrderKind.EX_PARTE_RESTRAINING_ORDER,
        demo.ago(days=11),
        hearing_on=demo.court_day(2),
        protected_person="Ari Stone",
    )
    demo.serve(order, demo.ago(days=6))
    demo.release(order, "Maple")
    record_statement(
        order,
        kind=StatementKind.NON_POSSESSION,
        sworn_at=demo.ago(days=5, hours=20),
        by=demo.clerk,
        now=demo.now,
    )


def compliance_hearing(demo: Demonstration, docket: str) -> None:
    """Enter an order with a compliance hearing ahead."""
    order = demo.enter(
        docket,
        "Toni Marlow",
        OrderKind.RESTRAINING_ORDER,
        demo.ago(days=15),
        expires_on=demo.day(349),
        protected_person="Shea Lindon",
        firearms_indicated=True,
    )
    demo.list_pistol(order, "DEMO-1007")
    demo.serve(order, demo.ago(days=14))
    record_receipt(
        order,
        kind=ReceiptKind.POLICE,
        received_at=demo.ago(days=13, hours=6),
        firearms=list(order.firearms.all()),
        agency=order.case.respondent.town.police,
        receipt_number="HPD-DEMO-42",
        by=demo.clerk,
        now=demo.now,
    )
    schedule_hearing(
        order, purpose=HearingPurpose.COMPLIANCE, scheduled_on=demo.court_day(5), by=demo.clerk, now=demo.now
    )


def heard(demo: Demonstration, docket: str) -> None:
    """Enter a protective order after its compliance hearing."""
    order = demo.enter(
        docket,
        "Lou Whitby",
        OrderKind.FAMILY_VIOLENCE_PROTECTIVE_ORDER,
        demo.ago(days=30),
        protected_person="Max Garnet",
    )
    demo.serve(order, demo.ago(days=30), ServiceMethod.IN_COURT)
    record_statement(
        order,
        kind=StatementKind.NON_POSSESSION,
        sworn_at=demo.ago(days=29, hours=12),
        by=demo.clerk,
        now=demo.now,
    )
    hearing = schedule_hearing(
        order, purpose=HearingPurpose.COMPLIANCE, scheduled_on=demo.court_day(-7), by=demo.clerk, now=demo.now
    )
    record_hearing(
        hearing, outcome=HearingOutcome.COMPLIANT, held_on=demo.court_day(-7), by=demo.clerk, now=demo.now
    )


SCENARIOS: tuple[Scenario, ...] = (
    waits_for_hearing,
    not_served,
    hours_left,
    hours_left_state_police,
    surrendered,
    sold_late,
    unverified_denial,
    overdue,
    nearly_over,
    heard_tomorrow,
    compliance_hearing,
    heard,
)
