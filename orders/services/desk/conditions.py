"""The conditions by which a court's lists, its counts and its reports choose orders.

Each one has a name. The first page counts by it, the list filters by it, and a saved view keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models import Case as SqlCase

from accounts.dates import court_date
from accounts.models import Role, User
from orders.models import (
    RUNNING,
    STATEMENT_ALONE,
    Deadline,
    DeadlineState,
    FollowUp,
    Hearing,
    Order,
    ProofStatus,
    ReviewItem,
)
from orders.querysets import order_visibility
from orders.services.clients.extension_window import extension_rules
from orders.services.firearms.surrender import surrender_rules
from orders.services.order_state import MOVED_AT_MOST
from orders.services.planning.urgency import rules_moot_at_end

#: The roles of a court.
COURT_ROLES = frozenset({Role.CLERK, Role.JUDGE})
#: How long an order that ended stays in the list.
JUST_ENDED = timedelta(days=30)
#: No window for a motion to extend opens so long before the last day of an order.
LONGEST_WINDOW = timedelta(days=150)
_DAY = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class CourtDesk:
    """A person at a court, and the present time."""

    person: User
    now: datetime

    @property
    def today(self) -> date:
        """The day in court time."""
        return court_date(self.now)

    @property
    def courts(self) -> list[int]:
        """The keys of the courts in which the person has a role."""
        held = self.person.memberships.all()
        return [one.agency_id for one in held if one.role in COURT_ROLES and one.agency_id]

    def orders(self) -> QuerySet[Order]:
        """The orders of these courts, which the person sees as the court."""
        return Order.objects.filter(self._gate("pk"), urgency__court__in=self.courts)

    def rows(self, model: Any) -> QuerySet[Any]:
        """The rows of a model that belong to these orders."""
        found: QuerySet[Any] = model.objects.filter(self._gate("order_id"))
        return found.filter(order__urgency__court__in=self.courts)

    def _gate(self, order: str) -> SqlCase:
        """What the gate for rows lets through; `order` names the column of the order.

        The court of a row finds it by an index, and nearly every row passes. In a CASE, PostgreSQL tests
        the rows that it shows and does not first collect every order of the court.
        """
        seen = order_visibility(self.person, roles=COURT_ROLES).for_index_scan(order)
        return SqlCase(
            When(seen, then=Value(value=True)), default=Value(value=False), output_field=BooleanField()
        )


def still_matters(desk: CourtDesk) -> Q:
    """Deadlines whose order has not ended, or which outlast it."""
    in_force = Q(order__urgency__ends_on=None) | Q(order__urgency__ends_on__gte=desk.today)
    return in_force | ~Q(rule_id__in=rules_moot_at_end())


Condition = Callable[[CourtDesk], Q]


def is_live(desk: CourtDesk) -> Q:
    """Orders that have not ended."""
    return Q(urgency__ends_on=None) | Q(urgency__ends_on__gte=desk.today)


def is_recent(desk: CourtDesk) -> Q:
    """Live orders, and those that ended not long ago."""
    return Q(urgency__ends_on=None) | Q(urgency__ends_on__gte=desk.today - JUST_ENDED)


def is_ended(desk: CourtDesk) -> Q:
    """Orders that have ended."""
    return Q(urgency__ends_on__lt=desk.today)


def is_late(desk: CourtDesk) -> Q:
    """Something that concerns the court is overdue."""
    return Q(urgency__due_at__lte=desk.now)


def due_within(span: timedelta) -> Condition:
    """Something that concerns the court is due within the span, and nothing is overdue."""
    return lambda desk: Q(urgency__due_at__gt=desk.now, urgency__due_at__lte=desk.now + span)


def _has(rows: QuerySet[Any]) -> Q:
    return Q(Exists(rows.filter(order=OuterRef("pk"))))


def _surrender(**facts: Any) -> QuerySet[Deadline]:
    return Deadline.objects.filter(rule_id__in=surrender_rules(), **facts)


def late_surrenders(desk: CourtDesk) -> Q:
    """Deadlines: a surrender whose time is over without proof."""
    return Q(state__in=RUNNING, rule_id__in=still_surrenders(), due_at__lte=desk.now)


def surrenders_due_in_a_day(desk: CourtDesk) -> Q:
    """Deadlines: a surrender whose time ends within 24 hours."""
    ends = desk.now + _DAY
    return Q(state__in=RUNNING, rule_id__in=still_surrenders(), due_at__gt=desk.now, due_at__lte=ends)


@cache
def still_surrenders() -> frozenset[str]:
    """Return the ids of the rules of surrender that count also once the order has ended: all of them."""
    return frozenset(surrender_rules()) - rules_moot_at_end()


def is_surrender_overdue(desk: CourtDesk) -> Q:
    """The time for the surrender is over without proof."""
    # The first condition follows from the second, and has an index.
    return Q(urgency__due_at__lte=desk.now) & _has(Deadline.objects.filter(late_surrenders(desk)))


def is_surrender_running(desk: CourtDesk) -> Q:
    """The time for the surrender runs."""
    return Q(urgency__due_at__isnull=False) & _has(_surrender(state__in=RUNNING, due_at__gt=desk.now))


def is_surrender_due_in_a_day(desk: CourtDesk) -> Q:
    """The time for the surrender ends within 24 hours."""
    near = Q(urgency__due_at__lte=desk.now + _DAY)
    return near & _has(Deadline.objects.filter(surrenders_due_in_a_day(desk)))


def is_sworn(_desk: CourtDesk) -> Q:
    """The surrender rests on a statement alone."""
    return _has(_surrender(proof__in=STATEMENT_ALONE).exclude(state=DeadlineState.WITHDRAWN))


def is_proven(_desk: CourtDesk) -> Q:
    """Police or a dealer gave a receipt for everything."""
    return _has(_surrender(state=DeadlineState.MET, proof=ProofStatus.PROVEN))


def is_found(_desk: CourtDesk) -> Q:
    """The court found that the duty is met."""
    return _has(_surrender(state=DeadlineState.MET, proof=ProofStatus.FOUND))


def waits_for_service(_desk: CourtDesk) -> Q:
    """The surrender starts at service."""
    return _has(_surrender(state=DeadlineState.NOT_STARTED))


def is_not_served(desk: CourtDesk) -> Q:
    """Live orders that are not served."""
    return Q(served_at=None, vacated_at=None) & is_live(desk)


def is_served(_desk: CourtDesk) -> Q:
    """Orders that are served."""
    return Q(served_at__isnull=False)


def heard_within(days: int) -> Condition:
    """A hearing without an outcome is set from today on, for so many days."""

    def condition(desk: CourtDesk) -> Q:
        ahead = Hearing.objects.filter(outcome="", scheduled_on__gte=desk.today)
        return _has(ahead.filter(scheduled_on__lte=desk.today + timedelta(days=days)))

    return condition


def is_outcome_missing(desk: CourtDesk) -> Q:
    """A hearing has passed without an outcome."""
    return _has(Hearing.objects.filter(outcome="", scheduled_on__lt=desk.today))


def is_doubtful(_desk: CourtDesk) -> Q:
    """A fact of an import waits for a clerk, or a statement is contradicted."""
    contradicted = _surrender(proof=ProofStatus.CONTRADICTED).exclude(state=DeadlineState.WITHDRAWN)
    # Few orders of all: both are found first, by indexes of their own, not looked for in each order.
    items = ReviewItem.objects.waiting()
    return Q(pk__in=items.order_by().values("order").union(contradicted.order_by().values("order")))


def is_incomputable(_desk: CourtDesk) -> Q:
    """A deadline cannot be computed, because a fact is missing."""
    return _has(Deadline.objects.filter(state=DeadlineState.CANNOT_COMPUTE))


def open_windows(desk: CourtDesk, deadlines: QuerySet[Deadline] | None = None) -> QuerySet[Deadline]:
    """Deadlines of motions to extend whose window is open; of these deadlines, if they are given."""
    rows: QuerySet[Deadline] = Deadline.objects.all() if deadlines is None else deadlines
    return rows.filter(
        state__in=RUNNING, rule_id__in=extension_rules(), opens_at__lte=desk.now, due_at__gt=desk.now
    )


def ends_near(desk: CourtDesk, *, prefix: str = "") -> Q:
    """Orders whose end is near enough for a window to extend, which an index finds.

    It follows from `open_windows`: a window opens less than `LONGEST_WINDOW` before the last day, and ends on
    that day or, if the court is closed then, a few days later.
    """
    span = (desk.today - MOVED_AT_MOST, desk.today + LONGEST_WINDOW)
    return Q((f"{prefix}urgency__ends_on__range", span))


def is_extension_open(desk: CourtDesk) -> Q:
    """The window for a motion to extend is open."""
    return ends_near(desk) & _has(open_windows(desk))


def is_mine(desk: CourtDesk) -> Q:
    """An open follow-up is assigned to the person."""
    return _has(FollowUp.objects.filter(closed_at=None, assigned_to=desk.person))


def is_unserved_before_hearing(desk: CourtDesk) -> Q:
    """Not served, with a hearing within seven days."""
    return is_not_served(desk) & heard_within(7)(desk)


@dataclass(frozen=True, kw_only=True)
class FilterChoice:
    """One choice of a filter: its words, and the orders that it keeps."""

    label: str
    keeps: Condition


#: The filters of the list: parameter, title, words of the default, and the choices by value.
FILTERS: Mapping[str, tuple[str, str, Mapping[str, FilterChoice]]] = {
    "shown": (
        "Orders",
        "Live, just ended",
        {
            "live": FilterChoice(label="Live only", keeps=is_live),
            "ended": FilterChoice(label="Ended", keeps=is_ended),
            "all": FilterChoice(label="All", keeps=lambda _: Q()),
        },
    ),
    "surrender": (
        "Surrender",
        "Any surrender",
        {
            "overdue": FilterChoice(label="Surrender overdue", keeps=is_surrender_overdue),
            "day": FilterChoice(label="Surrender due in 24 hours", keeps=is_surrender_due_in_a_day),
            "running": FilterChoice(label="Time still runs", keeps=is_surrender_running),
            "sworn": FilterChoice(label="Sworn, not verified", keeps=is_sworn),
            "proven": FilterChoice(label="Proven", keeps=is_proven),
            "found": FilterChoice(label="Found by the court", keeps=is_found),
            "waits": FilterChoice(label="Starts at service", keeps=waits_for_service),
        },
    ),
    "served": (
        "Service",
        "Served or not",
        {
            "no": FilterChoice(label="Not served", keeps=is_not_served),
            "week": FilterChoice(label="Not served, hearing in 7 days", keeps=is_unserved_before_hearing),
            "yes": FilterChoice(label="Served", keeps=is_served),
        },
    ),
    "due": (
        "Most urgent",
        "Any time left",
        {
            "late": FilterChoice(label="Something overdue", keeps=is_late),
            "day": FilterChoice(label="Most urgent in 24 hours", keeps=due_within(_DAY)),
            "week": FilterChoice(label="Most urgent in 7 days", keeps=due_within(timedelta(days=7))),
            "month": FilterChoice(label="Most urgent in 30 days", keeps=due_within(timedelta(days=30))),
            "nothing": FilterChoice(label="Nothing due", keeps=lambda _: Q(urgency__due_at=None)),
        },
    ),
    "hearing": (
        "Hearing",
        "Any hearing",
        {
            "day": FilterChoice(label="Today or tomorrow", keeps=heard_within(1)),
            "week": FilterChoice(label="In 7 days", keeps=heard_within(7)),
            "month": FilterChoice(label="In 30 days", keeps=heard_within(30)),
            "passed": FilterChoice(label="Passed, no outcome", keeps=is_outcome_missing),
        },
    ),
    "look": (
        "To look at",
        "Nothing special",
        {
            "doubtful": FilterChoice(label="Doubtful facts", keeps=is_doubtful),
            "missing": FilterChoice(label="Cannot be computed", keeps=is_incomputable),
            "extension": FilterChoice(label="Extension window open", keeps=is_extension_open),
            "mine": FilterChoice(label="Assigned to me", keeps=is_mine),
        },
    ),
}


@dataclass(frozen=True, kw_only=True)
class ListView:
    """A ready choice of filters: a title, and one parameter with its value.

    Today and the list of orders show the same views, so that one title means one thing and has one count.
    """

    title: str
    parameter: str = ""
    value: str = ""

    @property
    def query(self) -> str:
        """The view as the query of an address. What the view keeps is shown however long ago it ended."""
        return f"shown=all&{self.parameter}={self.value}" if self.parameter else ""

    def keeps(self, desk: CourtDesk) -> Q:
        """The orders of the view."""
        if not self.parameter:
            return is_recent(desk)
        return FILTERS[self.parameter][2][self.value].keeps(desk)


OVERDUE = ListView(title="Overdue, firearms still out", parameter="surrender", value="overdue")
DUE_IN_A_DAY = ListView(title="Surrender due in 24 hours", parameter="surrender", value="day")
UNSERVED = ListView(title="Not served, hearing within seven days", parameter="served", value="week")
HEARD_SOON = ListView(title="Hearings today and tomorrow", parameter="hearing", value="day")
NO_OUTCOME = ListView(title="Hearing passed, outcome not recorded", parameter="hearing", value="passed")
EXTENSION = ListView(title="Extension window open", parameter="look", value="extension")

#: The views that every list of orders offers.
VIEWS = (
    ListView(title="Live and just ended"),
    OVERDUE,
    DUE_IN_A_DAY,
    ListView(title="Not served", parameter="served", value="no"),
    ListView(title="Hearing this week", parameter="hearing", value="week"),
    ListView(title="Sworn, not verified", parameter="surrender", value="sworn"),
    ListView(title="Doubtful", parameter="look", value="doubtful"),
    ListView(title="Mine", parameter="look", value="mine"),
)

#: The most orders that a view counts.
MOST_COUNTED = 1000


def count(desk: CourtDesk, view: ListView) -> int:
    """Count the orders of a view, up to `MOST_COUNTED`."""
    return int(desk.orders().filter(view.keeps(desk)).order_by().values("pk")[:MOST_COUNTED].count())
