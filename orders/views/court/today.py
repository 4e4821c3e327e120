"""Today: what needs the court now, in order of harm. Each row has its next act, each count its list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.access import MATRIX
from accounts.dates import COURT_TIME, format_clock, format_day, format_short_day, format_short_instant
from orders.display import rule_title
from orders.models import (
    RUNNING,
    Deadline,
    DeadlineState,
    Hearing,
    Order,
    ReviewItem,
    ServiceAttempt,
)
from orders.services.desk import conditions, figures
from orders.services.desk.conditions import CourtDesk, ListView, ends_near, open_windows, still_matters
from orders.services.planning.duties import duties_of_court
from orders.services.planning.load_inventories import load_inventories
from orders.views.court.done import DoneCase, done_lately
from orders.views.court.others import Others, open_follow_ups, police_of
from orders.views.court.rows import SurrenderState, surrender_of
from orders.views.court.words import (
    CourtStep,
    NextAct,
    button_of,
    chip_class,
    chip_words,
    hearing_step,
    step_of,
    steps_of,
)

#: Rows of one group; the list behind it has the others.
MOST_ROWS = 8
#: The most rows that a group counts.
MOST_COUNTED = 1000
#: How far ahead the court's own duties are shown.
DUTIES_AHEAD = timedelta(days=7)

_RELATED = ("case__court", "case__respondent__town")
_ATTEMPT = CourtStep(words="Service", act="attempt", button="Record an attempt")


@dataclass(kw_only=True)
class TodayRow:
    """One thing that needs the court: the order, why, until when, and the next act."""

    order: Order
    why: str
    act: NextAct
    chip: str = ""
    chip_class: str = ""
    surrender: SurrenderState | None = None
    others: Others | None = None

    @property
    def address(self) -> str:
        """The address of the order's page."""
        return reverse("admin:orders_order_change", args=[self.order.public_id])


@dataclass(kw_only=True)
class TodayGroup:
    """Rows of one kind, the address of the list behind them, and the words of an empty group."""

    name: str
    title: str
    empty: str
    list_address: str = ""
    list_words: str = "Open as a list"
    rows: list[TodayRow] = field(default_factory=list)
    count: int = 0

    @property
    def is_capped(self) -> bool:
        """True if there may be more than `count`."""
        return self.count >= MOST_COUNTED


@dataclass(kw_only=True)
class Today:
    """The first page of a court at the desk's instant."""

    desk: CourtDesk

    @cached_property
    def groups(self) -> list[TodayGroup]:
        """The groups, in order of harm."""
        return [
            self._overdue(),
            self._due(),
            self._duties(),
            self._unserved(),
            self._hearings(),
            self._outcomes(),
            self._extensions(),
            self._doubtful(),
            self._incomputable(),
        ]

    @property
    def orders(self) -> list[Order]:
        """The orders of all rows, for the access log."""
        rows = [row.order for group in self.groups for row in group.rows]
        return rows + [one.order for one in self.done]

    @cached_property
    def done(self) -> list[DoneCase]:
        """What the court recorded since yesterday."""
        return done_lately(self.desk)

    @cached_property
    def days(self) -> list[figures.DayAhead]:
        """The next seven days."""
        return figures.days_ahead(self.desk)

    @cached_property
    def ages(self) -> list[figures.AgeBar]:
        """What is overdue, by age."""
        return figures.ages([due_at for due_at, _ in self._late], self.desk.now)

    @property
    def is_part_of_ages(self) -> bool:
        """True if more is overdue than the ages count."""
        return len(self._late) >= MOST_COUNTED

    @cached_property
    def _late(self) -> list[tuple[datetime, int]]:
        """The surrenders that are overdue: due time and key, read once for the group and for the ages."""
        late = self._near(self.desk.now).filter(conditions.late_surrenders(self.desk))
        return _one_for_each_order(late)

    @cached_property
    def weeks(self) -> Sequence[figures.WeekBar]:
        """The share proven in time, by week."""
        return figures.proven_by_week(self.desk)

    @property
    def now_words(self) -> str:
        """The time, and whether the court is closed."""
        closed = self.days[0].closed
        clock = f"{format_day(self.desk.today)}, {format_clock(self.desk.now.astimezone(COURT_TIME).time())}"
        return f"{clock} · Court closed: {closed}. Clocks that run in hours go on." if closed else clock

    def _overdue(self) -> TodayGroup:
        group = _group("overdue", conditions.OVERDUE, "No surrender is overdue.")
        return self._of_surrenders(group, self._late)

    def _due(self) -> TodayGroup:
        near = self._near(self.desk.now + timedelta(hours=24))
        due = near.filter(conditions.surrenders_due_in_a_day(self.desk))
        empty = "No time for a surrender ends in the next 24 hours."
        group = _group("due", conditions.DUE_IN_A_DAY, empty)
        return self._of_surrenders(group, _one_for_each_order(due))

    def _near(self, until: datetime) -> QuerySet[Deadline]:
        """The deadlines of orders with something due by then, which has an index."""
        near: QuerySet[Deadline] = self.desk.rows(Deadline).filter(order__urgency__due_at__lte=until)
        return near

    def _running(self, rules: Collection[str], until: datetime) -> QuerySet[Deadline]:
        """The running deadlines of these rules that are due by then."""
        near = self._near(until).filter(still_matters(self.desk))
        return near.filter(state__in=RUNNING, rule_id__in=rules, due_at__lte=until)

    def _of_surrenders(self, group: TodayGroup, deadlines: list[tuple[datetime, int]]) -> TodayGroup:
        found = self._take_earliest(group, deadlines)
        inventories = load_inventories({one.order.case_id for one in found})
        asked = open_follow_ups(self.desk, [one.pk for one in found])
        police = police_of(self.desk, [one.order_id for one in found])
        for one in found:
            balance = inventories[one.order.case_id].balance_for(one.order)
            state = surrender_of(one, balance, self.desk.now)
            # Within 24 hours a time of day is enough.
            due = format_clock(one.due_at.astimezone(COURT_TIME).time()) if one.due_at else ""
            # “0 of 1” shows that there is no proof.
            words = state.words if one.proof else "" if state.count else "No proof yet"
            is_late = one.is_overdue(self.desk.now)
            why = words if is_late else f"{words}, due {due}" if words else f"Due {due}"
            row = self._row(one.order, why, one.due_at, step_of(one.rule_id), surrender=state)
            row.others = asked.get(one.pk) or police.get(one.order_id)
            group.rows.append(row)
        return group

    def _duties(self) -> TodayGroup:
        own = self._running(duties_of_court(), self.desk.now + DUTIES_AHEAD)
        empty = "The court owes nothing in the next seven days."
        group = TodayGroup(name="duties", title="Your court's own duties", empty=empty)
        group.list_address = f"{reverse('admin:orders_deadline_changelist')}?who=court&due=soon"
        found = self._take_earliest(group, _earliest(own))
        steps = steps_of(found, self.desk.today)
        asked = open_follow_ups(self.desk, [one.pk for one in found])
        for one in found:
            step = steps[one.pk]
            row = self._row(one.order, step.words, one.due_at, step)
            row.others = asked.get(one.pk)
            group.rows.append(row)
        return group

    def _unserved(self) -> TodayGroup:
        kept = conditions.UNSERVED.keeps(self.desk)
        orders = self.desk.orders().filter(kept).select_related(*_RELATED)
        empty = "Every order with a hearing in seven days is served."
        group = _group("unserved", conditions.UNSERVED, empty)
        group.count = _count(orders)
        found = list(orders.order_by("urgency__due_at", "pk")[:MOST_ROWS])
        keys = [one.pk for one in found]
        hearings: dict[int, Hearing] = {}
        for hearing in Hearing.objects.filter(
            order__in=keys, outcome="", scheduled_on__gte=self.desk.today
        ).order_by("-scheduled_on"):
            hearings[hearing.order_id] = hearing
        attempts = list(ServiceAttempt.objects.filter(order__in=keys).order_by("attempted_at", "id"))
        counts, last = Counter(one.order_id for one in attempts), {one.order_id: one for one in attempts}
        for order in found:
            why = f"Hearing {format_short_day(hearings[order.pk].scheduled_on, self.desk.today)}"
            if number := counts[order.pk]:
                tried = format_short_instant(last[order.pk].attempted_at, self.desk.today)
                why += f" · {number} attempt{'s' * (number > 1)}, last {tried}"
            else:
                why += " · no attempt recorded"
            row = self._row(order, why, None, _ATTEMPT)
            row.chip = _days_left(hearings[order.pk], self.desk)
            group.rows.append(row)
        return group

    def _hearings(self) -> TodayGroup:
        ends = self.desk.today + timedelta(days=1)
        rows = self._waiting_hearings().filter(scheduled_on__gte=self.desk.today, scheduled_on__lte=ends)
        empty = "No hearing is set for today or tomorrow."
        group = _group("hearings", conditions.HEARD_SOON, empty)
        return self._of_hearings(group, rows, "scheduled_on", "scheduled_time", "id")

    def _outcomes(self) -> TodayGroup:
        passed = self._waiting_hearings().filter(scheduled_on__lt=self.desk.today)
        empty = "Every past hearing has an outcome."
        group = _group("outcomes", conditions.NO_OUTCOME, empty)
        return self._of_hearings(group, passed, "scheduled_on", "id")

    def _waiting_hearings(self) -> QuerySet[Hearing]:
        return self.desk.rows(Hearing).filter(outcome="")

    def _of_hearings(self, group: TodayGroup, hearings: QuerySet[Hearing], *order: str) -> TodayGroup:
        group.count = hearings.order_by().values("order").distinct()[:MOST_COUNTED].count()
        first: dict[int, list[Hearing]] = {}
        for one in _with_orders(hearings).order_by(*order)[: 2 * MOST_ROWS]:
            first.setdefault(one.order_id, []).append(one)
        for one, *others in list(first.values())[:MOST_ROWS]:
            words = "; ".join(hearing_words(each, self.desk) for each in (one, *others))
            row = self._row(one.order, words, None, hearing_step(one))
            row.chip = _days_left(one, self.desk)
            if one.scheduled_on < self.desk.today:
                row.chip_class = "late"
            group.rows.append(row)
        return group

    def _extensions(self) -> TodayGroup:
        near = self.desk.rows(Deadline).filter(ends_near(self.desk, prefix="order__"))
        mine = open_windows(self.desk, near)
        empty = "No window for a motion to extend is open."
        group = _group("extensions", conditions.EXTENSION, empty)
        for one in self._take_earliest(group, _one_for_each_order(mine)):
            day = format_short_day(one.due_on, self.desk.today) if one.due_on else ""
            group.rows.append(
                self._row(one.order, f"Motion to extend by {day}", one.due_at, step_of(one.rule_id))
            )
        return group

    def _doubtful(self) -> TodayGroup:
        items = self.desk.rows(ReviewItem).filter(pk__in=ReviewItem.objects.waiting())
        group = TodayGroup(
            name="doubtful", title="Doubtful facts and near matches", empty="No fact waits for a decision."
        )
        group.list_address = reverse("admin:orders_reviewitem_changelist")
        can_decide = MATRIX.may(self.desk.person.roles, "resolve", "review_item")
        for one in self._take(group, items, "created_at", "id"):
            if can_decide:
                address, words = (
                    reverse("admin:orders_reviewitem_decide", args=[one.public_id]),
                    "Look and decide",
                )
            else:
                address, words = reverse("admin:orders_order_change", args=[one.order.public_id]), "Look"
            act = NextAct(address=address, words=words)
            group.rows.append(TodayRow(order=one.order, why=one.words, act=act))
        return group

    def _incomputable(self) -> TodayGroup:
        rows = self.desk.rows(Deadline).filter(state=DeadlineState.CANNOT_COMPUTE)
        empty = "No deadline is missing a fact."
        group = TodayGroup(name="missing", title="Deadlines that cannot be computed", empty=empty)
        group.list_address = f"{reverse('admin:orders_deadline_changelist')}?state=cannot_compute"
        for one in self._take(group, rows, "id"):
            why = f"{rule_title(one.rule_id)}: missing {', '.join(one.missing)}"
            group.rows.append(self._row(one.order, why, None, CourtStep(words="")))
        return group

    def _take(self, group: TodayGroup, rows: QuerySet[Any], *order: str) -> list[Any]:
        """Count the rows and return the first of them with what a line shows of the order.

        Keys alone are sorted. What a line shows is joined to the few rows that have a line.
        """
        group.count = _count(rows)
        first = rows.order_by(*order).values("pk")[:MOST_ROWS]
        return list(_with_orders(rows.model.objects.filter(pk__in=first)).order_by(*order))

    def _take_earliest(self, group: TodayGroup, found: list[tuple[datetime, int]]) -> list[Deadline]:
        """Count the deadlines and return those that are due first."""
        group.count = len(found)
        keys = [pk for _, pk in found[:MOST_ROWS]]
        return list(_with_orders(Deadline.objects.filter(pk__in=keys)).order_by("due_at", "id"))

    def _row(
        self,
        order: Order,
        why: str,
        due: datetime | None,
        step: CourtStep,
        *,
        surrender: SurrenderState | None = None,
    ) -> TodayRow:
        return TodayRow(
            order=order,
            why=why,
            act=button_of(order, step, self.desk.person),
            chip=chip_words(due, self.desk.now),
            chip_class=chip_class(due, self.desk.now),
            surrender=surrender,
        )


def hearing_words(hearing: Hearing, desk: CourtDesk) -> str:
    """Return the purpose, the day and the time of a hearing."""
    clock = f", {format_clock(hearing.scheduled_time)}" if hearing.scheduled_time else ""
    return f"{hearing.get_purpose_display()}, {format_short_day(hearing.scheduled_on, desk.today)}{clock}"


def _days_left(hearing: Hearing, desk: CourtDesk) -> str:
    """Return how many days are left until a hearing, or how late its outcome is."""
    days = (hearing.scheduled_on - desk.today).days
    return "today" if days == 0 else f"{abs(days)} d {'left' if days > 0 else 'late'}"


def _group(name: str, view: ListView, empty: str) -> TodayGroup:
    address = f"{reverse('admin:orders_order_changelist')}?{view.query}"
    return TodayGroup(name=name, title=view.title, empty=empty, list_address=address)


def _with_orders(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related(*(f"order__{one}" for one in _RELATED))


def _earliest(deadlines: QuerySet[Deadline]) -> list[tuple[datetime, int]]:
    """Return due time and key of the first `MOST_COUNTED` deadlines. What is due first comes first."""
    return sorted((due_at, pk) for due_at, pk, _ in _by_urgency(deadlines))


def _one_for_each_order(deadlines: QuerySet[Deadline]) -> list[tuple[datetime, int]]:
    """Return due time and key of the earliest deadline of each order: the list behind them has orders."""
    first: dict[int, tuple[datetime, int]] = {}
    for due_at, pk, order in _by_urgency(deadlines):
        first[order] = min(first.get(order, (due_at, pk)), (due_at, pk))
    return sorted(first.values())


def _by_urgency(deadlines: QuerySet[Deadline]) -> Iterable[tuple[datetime, int, int]]:
    """Yield due time, key and order of the first `MOST_COUNTED` deadlines, by the urgency of their orders.

    The index of a court's urgencies gives them in this order, so that the others need not be read.
    """
    rows = deadlines.order_by("order__urgency__due_at", "order__urgency__order", "id")
    for due_at, pk, order in rows.values_list("due_at", "pk", "order")[:MOST_COUNTED]:
        if due_at:
            yield due_at, pk, order


def _count(rows: QuerySet[Any]) -> int:
    return int(rows.order_by().values("pk")[:MOST_COUNTED].count())
