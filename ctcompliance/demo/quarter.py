"""Orders of the last quarter that has ended, and its figures, released as an administrator releases them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db import transaction

from ctcompliance.demo.builder import Demonstration
from ctcompliance.demo.people import OTHER_COURTS, court_in, person
from guidance.models import StatisticsRelease
from guidance.services import statistics
from guidance.services.statistics import Quarter
from orders.models import Case, OrderKind, ReceiptKind
from orders.services.firearms.receipts import record_receipt

#: By the first part of the docket: the respondents' town, the orders, and how many of them were proven in
#: time. The others were proven later, because an open duty would be on the desks of today. Two
#: courts are large enough to be shown, and the small ones hide each other.
COUNTS = {
    "HHD": ("Hartford", 14, 8),
    "NNH": ("New Haven", 13, 7),
    "FST": ("Stamford", 5, 2),
    "UWY": ("Manchester", 5, 3),
}
#: A court without people in the demonstration: the first part of a docket and the judicial district.
_FOURTH = ("UWY", "Waterbury", "clerk")
#: The names of the respondents of the quarter: no two are the same.
_LAST = {"HHD": ("Vance", "Wilder"), "NNH": ("Thorne", "Usher"), "FST": ("Sayer",), "UWY": ("Quill",)}
_FIRST = ("Adair", "Blake", "Carey", "Darcy", "Ellery", "Flynn", "Greer", "Hollis", "Indra", "Jamie")
#: Days of the quarter on which its orders are served: each has ended before today.
_SERVED_ON = range(4, 44)


def release(demo: Demonstration) -> int:
    """Enter the orders of the last quarter and release its figures, unless some are released.

    Return how many orders were entered.
    """
    quarter = Quarter.before(demo.now)
    if StatisticsRelease.objects.filter(year=quarter.year, quarter=quarter.quarter).exists():
        return 0
    courts = {"HHD": demo}
    for prefix, district, clerk in (*OTHER_COURTS, _FOURTH):
        courts[prefix] = replace(demo, court=court_in(district), clerk=person(clerk))
    added = sum(
        _enter(courts[prefix], prefix, number, quarter) for prefix in COUNTS for number in _of(prefix)
    )
    statistics.release(
        quarter, reason="First release of the quarter.", by=person("administrator"), now=demo.now
    )
    return added


def _of(prefix: str) -> range:
    return range(COUNTS[prefix][1])


@transaction.atomic
def _enter(demo: Demonstration, prefix: str, number: int, quarter: Quarter) -> bool:
    """Enter one order of the quarter that has ended since. Return False if an earlier run did."""
    docket = f"{prefix}-FA-26-6{number:06}-S"
    if Case.objects.filter(court=demo.court, docket_number=docket).exists():
        return False
    town, _, in_time = COUNTS[prefix]
    served = quarter.since + timedelta(days=_SERVED_ON[number % len(_SERVED_ON)], hours=10)
    order = demo.enter(
        docket,
        f"{_FIRST[number % len(_FIRST)]} {_LAST[prefix][number // len(_FIRST)]}",
        OrderKind.RESTRAINING_ORDER,
        served - timedelta(hours=20),
        town=town,
        protected_person=f"Protected Person {prefix} 6{number}",
        firearms_indicated=True,
        expires_on=(served + timedelta(days=40)).date(),
    )
    demo.list_pistol(order, f"{prefix}6{number:03}")
    demo.serve(order, served)
    record_receipt(
        order,
        kind=ReceiptKind.POLICE,
        received_at=served + timedelta(hours=9 if number < in_time else 70),
        firearms=list(order.firearms.all()),
        agency=order.case.respondent.town.police,
        receipt_number=f"DEMO-Q-{number}",
        confirm="Invented for the demonstration.",
        by=demo.clerk,
        now=demo.now,
    )
    return True
