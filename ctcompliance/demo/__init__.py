"""The demonstration: invented people and orders in different states, for a local machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Agency, AgencyKind
from ctcompliance.demo import desks, quarter, week
from ctcompliance.demo.builder import Demonstration
from ctcompliance.demo.history import recorded_in_time
from ctcompliance.demo.people import (
    HARTFORD,
    OTHER_COURTS,
    SIGN_INS,
    STATE_POLICE_TOWN,
    court_in,
    load_people,
    person,
)
from ctcompliance.demo.scenarios import SCENARIOS, Scenario
from orders.models import Case, Deadline, DeadlineState, OrderKind
from orders.rules.court_time import local_date
from orders.services.planning.rulebooks import bundled
from orders.services.planning.urgency import write_ended

__all__ = ["SCENARIOS", "SIGN_INS", "Loaded", "NotPreparedError", "load", "load_week"]

COURT = "Hartford"

#: A surrender deadline ends soon if it ends within this time.
SOON = timedelta(minutes=2)
#: How long after a run the new deadlines end.
ENDS = (timedelta(seconds=45), timedelta(seconds=85))
HOURS_24 = timedelta(hours=24)

_NAMES = ("Reese Calder", "Devon Hurst", "Kai Norwood", "Emery Stroud", "Frankie Tull", "Harper Lyle")
_TOP_UP = "HHD-FA-26-8"


class NotPreparedError(RuntimeError):
    """There is no reference data yet. Run `manage.py prepare` first."""

    def __str__(self) -> str:
        return str(self.__doc__)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What one run added."""

    people: int = 0
    orders: int = 0
    ending_soon: int = 0


@transaction.atomic
def load(now: datetime) -> Loaded:
    """Load the demonstration, with at least two surrender deadlines that end within two minutes.

    Existing rows stay as they are. Raises `NotPreparedError`.
    """
    demo, new_people = _prepare(now)
    with recorded_in_time(now):
        orders = sum(_enter(demo, number, scenario) for number, scenario in enumerate(SCENARIOS, start=1))
        return Loaded(people=new_people, orders=orders, ending_soon=_top_up(demo))


def load_week(now: datetime) -> Loaded:
    """Load the orders of a court's week at three courts, each in a transaction of its own.

    Existing rows stay as they are. Raises `NotPreparedError`.
    """
    demo, new_people = _prepare(now)
    with recorded_in_time(now):
        orders = week.fill(demo, "HHD")
        for prefix, district, clerk in OTHER_COURTS:
            orders += week.fill(replace(demo, court=court_in(district), clerk=person(clerk)), prefix)
        orders += quarter.release(demo)
    # Some of these have ended: the lists show them so at once, and not only from the next hour on.
    while write_ended(now):
        pass
    desks.refer_overdue(demo)
    return Loaded(people=new_people, orders=orders)


def _prepare(now: datetime) -> tuple[Demonstration, int]:
    """Return the court with its people, and how many of them are new."""
    court = Agency.objects.filter(kind=AgencyKind.COURT, judicial_district__name=COURT).first()
    if court is None:
        raise NotPreparedError
    new_people = load_people(court)
    demo = Demonstration(
        court=court,
        clerk=person("clerk"),
        advocate=person("advocate"),
        now=now,
        today=local_date(now, bundled().jurisdictions["us_ct"].zone),
    )
    return demo, new_people


def _enter(demo: Demonstration, number: int, scenario: Scenario) -> bool:
    """Enter the order of a scenario. Return False if an earlier run did."""
    docket = f"HHD-FA-26-9{number:06}-S"
    if Case.objects.filter(docket_number=docket, court=demo.court).exists():
        return False
    scenario(demo, docket)
    return True


def _top_up(demo: Demonstration) -> int:
    """Enter two more orders whose 24 hours end soon, unless two already do. Return how many."""
    ending_soon = Deadline.objects.filter(
        order__case__court=demo.court,
        order__case__docket_number__startswith=_TOP_UP,
        state=DeadlineState.OPEN,
        due_at__gt=demo.now,
        due_at__lte=demo.now + SOON,
    ).count()
    if ending_soon >= len(ENDS):
        return 0
    earlier = Case.objects.filter(court=demo.court, docket_number__startswith=_TOP_UP).count()
    for place, ends in enumerate(ENDS):
        number = earlier + place + 1
        served = demo.now + ends - HOURS_24
        order = demo.enter(
            f"{_TOP_UP}{number:06}-S",
            _NAMES[(number - 1) % len(_NAMES)],
            OrderKind.EX_PARTE_RESTRAINING_ORDER,
            served - timedelta(hours=3),
            town=(HARTFORD, STATE_POLICE_TOWN)[place],
            hearing_on=demo.court_day(6),
            protected_person=f"Protected Person {number}",
            firearms_indicated=True,
        )
        demo.list_pistol(order, f"DEMO-2{number:03}")
        demo.serve(order, served)
    return len(ENDS)
