"""A court's week: many orders in every state, over three courts and six police agencies, relative to now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from ctcompliance.demo import desks
from ctcompliance.demo.builder import Demonstration
from orders.models import (
    Case,
    Firearm,
    HearingOutcome,
    HearingPurpose,
    Order,
    OrderKind,
    Receipt,
    ReceiptKind,
    StatementKind,
)
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.requests import record_custody_request
from orders.services.firearms.statements import record_statement
from orders.services.hearings import record_hearing, schedule_hearing
from orders.services.orders.after_hearing import decide_application
from orders.services.orders.extension import extend_order
from orders.services.orders.vacatur import vacate_order
from orders.services.registry.known import Known
from orders.services.registry.set_aside import serial_to_match

#: Towns of the respondents of each court, by the first part of the docket.
TOWNS = {
    "HHD": ("Hartford", "West Hartford", "Manchester", "Hartford", "Andover"),
    "NNH": ("New Haven", "Hamden", "New Haven"),
    "FST": ("Stamford", "Norwalk", "Stamford"),
}
#: Who hears the applications of the week.
JUDGES = ("Judge Alden", "Judge Brook", "Judge Carver")
#: How many orders of the week each court has.
COUNTS = {"HHD": 34, "NNH": 18, "FST": 14}

_FIRST = """Ellis Jordan Robin Sage Reese Parker Quinn Rowan Skyler Tatum Emerson Finley Hayden Jules Kendall
Lane Marlow Nico Oakley Peyton Remy Sawyer""".split()  # noqa: SIM905 - a list of words reads best so
_LAST = """Ames Boyle Calloway Dunn Everett Foss Grady Hollis Ibarra Kearns Lowell Mercer Nash Ortiz
Pruitt""".split()  # noqa: SIM905 - as above

#: A function that gives an order of the week its state. The number makes its facts differ.
State = Callable[[Demonstration, Order, int], object]


def fill(demo: Demonstration, prefix: str) -> int:
    """Enter the orders of the week of one court that are not there yet, and return how many."""
    known = set(
        Case.objects.filter(court=demo.court, docket_number__startswith=f"{prefix}-FA-26-7").values_list(
            "docket_number", flat=True
        )
    )
    added = 0
    for number in range(COUNTS[prefix]):
        docket = f"{prefix}-FA-26-7{number:06}-S"
        if docket not in known:
            with transaction.atomic():
                _enter(demo, prefix, docket, number)
            added += 1
    return added


def _enter(demo: Demonstration, prefix: str, docket: str, number: int) -> None:
    """Enter one order and bring it into its state."""
    days, kind, state = _STATES[number % len(_STATES)]
    place = sum(map(ord, prefix)) + number
    towns = TOWNS[prefix]
    issued = demo.ago(days=days, hours=number % 5)
    facts: dict[str, Any] = {"hearing_on": demo.court_day(6 + number % 5)}
    if kind == OrderKind.RESTRAINING_ORDER:
        facts = {"expires_on": demo.day(-3 if state is ended else 340 - days)}
    if state in (unheard, granted):
        facts = {"hearing_on": demo.court_day(-1)}
    if "hearing_on" in facts:
        facts["judge"] = JUDGES[number % len(JUDGES)]
    has_permit = state in (running, vacated, not_complied) and number % 2 == 0
    order = demo.enter(
        docket,
        f"{_FIRST[place % len(_FIRST)]} {_LAST[(place * 7) % len(_LAST)]}",
        kind,
        issued,
        town=towns[number % len(towns)],
        respondent_dob=date(1965 + (place * 5) % 38, 1 + place % 12, 1 + place % 27),
        protected_person=f"Protected Person {prefix} {number}",
        address_confidential=number % 3 == 0,
        firearms_indicated=True,
        permit_indicated=has_permit,
        respondent_address=f"{11 + number} Elm Street",
        is_notified=number % 4 > 0,
        **facts,
    )
    for gun in range(3 if number % 4 == 1 or state is partly else 1):
        demo.list_pistol(order, f"{prefix}{number:03}{gun}")
    if state in (unserved, running, late):
        desks.give_to_marshal(demo, order, number, tries=number % 3 if state is unserved else 0)
    if has_permit:
        desks.know_permit(demo, order, is_revoked=state in (vacated, not_complied))
    if state is partly:
        desks.name_school(demo, order)
    state(demo, order, number)


def unserved(demo: Demonstration, order: Order, number: int) -> None:
    """The order is not served. The marshal has tried some."""


def running(demo: Demonstration, order: Order, number: int) -> None:
    """The 24 hours run."""
    demo.serve(order, demo.ago(hours=3 + (number * 5) % 19), is_returned=number % 5 == 0)


def late(demo: Demonstration, order: Order, number: int) -> None:
    """The 24 hours ended less than two days ago."""
    demo.serve(order, demo.ago(hours=26 + number % 17), is_returned=number % 5 == 0)


def partly(demo: Demonstration, order: Order, number: int) -> None:
    """Police hold one firearm of several; the others are not accounted for."""
    demo.serve(order, demo.ago(hours=28), is_returned=number % 5 == 0)
    _receipt(demo, order, demo.ago(hours=20), list(order.firearms.all()[:1]), f"P-{number}")


def sworn(demo: Demonstration, order: Order, number: int) -> None:
    """The respondent swore to hold no firearms; no one checked it."""
    demo.serve(order, demo.ago(hours=14 + number % 5), is_returned=number % 5 == 0)
    record_statement(
        order,
        kind=StatementKind.NON_POSSESSION,
        sworn_at=demo.ago(hours=5),
        by=demo.clerk,
        now=demo.now,
    )


def proven(demo: Demonstration, order: Order, number: int) -> None:
    """Police received everything in time."""
    demo.serve(order, demo.ago(days=3, hours=2), is_returned=number % 5 == 0)
    _receipt(demo, order, demo.ago(days=2, hours=8 + number % 9), list(order.firearms.all()), f"T-{number}")


def near_match(demo: Demonstration, order: Order, number: int) -> None:
    """A receipt names a serial number that is almost a listed one: a clerk decides."""
    demo.serve(order, demo.ago(days=2), is_returned=number % 5 == 0)
    guns = list(order.firearms.all())
    receipt = _receipt(demo, order, demo.ago(hours=30), guns[1:] or guns, f"N-{number}")
    serial = guns[0].serial.replace("0", "O")
    known = Known()
    known.load([order])
    serial_to_match(known, order, receipt, serial, 2, now=demo.now).save()


def vacated(demo: Demonstration, order: Order, number: int) -> None:
    """The court ended the order."""
    demo.serve(order, demo.ago(days=9), is_returned=number % 5 == 0)
    _receipt(demo, order, demo.ago(days=8, hours=9), list(order.firearms.all()), f"V-{number}")
    vacate_order(
        order, vacated_at=demo.ago(days=1), reason="The applicant withdrew.", by=demo.clerk, now=demo.now
    )


def return_asked(demo: Demonstration, order: Order, number: int) -> None:
    """The order ended, and the respondent asks for the firearms."""
    vacated(demo, order, number)
    record_custody_request(order, kind="return", requested_at=demo.ago(hours=10), by=demo.clerk, now=demo.now)


def ended(demo: Demonstration, order: Order, number: int) -> None:
    """The last day of the order has passed."""
    demo.serve(order, demo.ago(days=60), is_returned=number % 5 == 0)
    _receipt(demo, order, demo.ago(days=59, hours=9), list(order.firearms.all()), f"E-{number}")


def unheard(demo: Demonstration, order: Order, number: int) -> None:
    """The hearing has passed, and no outcome is recorded."""
    proven(demo, order, number)


def granted(demo: Demonstration, order: Order, number: int) -> None:
    """The application was granted at the hearing."""
    proven(demo, order, number)
    decide_application(
        order.hearings.get(),
        decision=HearingOutcome.GRANTED,
        decided_at=demo.ago(minutes=40 + number),
        expires_on=demo.day(360),
        served_in_court=True,
        confirm="Invented for the demonstration.",
        by=demo.clerk,
        now=demo.now,
    )


def not_complied(demo: Demonstration, order: Order, number: int) -> None:
    """A compliance hearing found that the respondent has not complied; contempt is next."""
    demo.serve(order, demo.ago(days=12), is_returned=number % 5 == 0)
    confirm = "Invented for the demonstration."
    hearing = schedule_hearing(
        order,
        purpose=HearingPurpose.COMPLIANCE,
        scheduled_on=demo.court_day(-4),
        confirm=confirm,
        by=demo.clerk,
        now=demo.now,
    )
    record_hearing(
        hearing,
        outcome=HearingOutcome.NON_COMPLIANT,
        held_on=demo.court_day(-4),
        confirm=confirm,
        by=demo.clerk,
        now=demo.now,
    )
    schedule_hearing(
        order,
        purpose=HearingPurpose.CONTEMPT,
        scheduled_on=demo.court_day(1 + number % 6),
        confirm=confirm,
        by=demo.clerk,
        now=demo.now,
    )


def extended(demo: Demonstration, order: Order, number: int) -> None:
    """The court extended the order."""
    proven(demo, order, number)
    extend_order(
        order,
        expires_on=demo.day(500),
        confirm="Invented for the demonstration.",
        by=demo.clerk,
        now=demo.now,
    )


def _receipt(demo: Demonstration, order: Order, at: datetime, guns: list[Firearm], number: str) -> Receipt:
    """Record a receipt of the police of the respondent's town."""
    return record_receipt(
        order,
        kind=ReceiptKind.POLICE,
        received_at=at,
        firearms=guns,
        agency=order.case.respondent.town.police,
        receipt_number=f"DEMO-{number}",
        by=demo.clerk,
        now=demo.now,
    )


_EX_PARTE, _AFTER = OrderKind.EX_PARTE_RESTRAINING_ORDER, OrderKind.RESTRAINING_ORDER

#: Age in days, kind and state, in turn.
_STATES: tuple[tuple[int, OrderKind, State], ...] = (
    (2, _EX_PARTE, running),
    (3, _EX_PARTE, unserved),
    (4, _AFTER, proven),
    (2, _EX_PARTE, late),
    (2, _EX_PARTE, sworn),
    (3, _EX_PARTE, partly),
    (12, _AFTER, vacated),
    (4, _EX_PARTE, unheard),
    (2, _EX_PARTE, running),
    (4, _EX_PARTE, granted),
    (70, _AFTER, ended),
    (3, _EX_PARTE, near_match),
    (14, _AFTER, not_complied),
    (12, _AFTER, return_asked),
    (1, _EX_PARTE, unserved),
    (30, _AFTER, extended),
    (4, _AFTER, proven),
)
