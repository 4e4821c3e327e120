"""The rows of the court's list of orders: one line for each order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.dates import format_short_day
from orders.boxes import boxes
from orders.display import shown_state
from orders.models import (
    RUNNING,
    STATEMENT_ALONE,
    Deadline,
    DeadlineState,
    FollowUp,
    Order,
    OrderKind,
    ProofStatus,
    ReviewItem,
)
from orders.services.court_days import court_day, zone_of
from orders.services.firearms.surrender import surrender_deadline, surrender_rules
from orders.services.planning.inventory import Balance
from orders.services.planning.load_inventories import load_inventories
from orders.services.planning.urgency import concerns_court
from orders.views.court.words import chip_class, chip_words, next_words, order_page

#: What a list needs of each order.
RELATED = ("case__court", "case__respondent__town", "urgency")

#: The kinds in the words of a dense list.
SHORT_KINDS = {
    OrderKind.RESTRAINING_ORDER_APPLICATION: "Application",
    OrderKind.EX_PARTE_RESTRAINING_ORDER: "Ex parte",
    OrderKind.RESTRAINING_ORDER: "After hearing",
    OrderKind.CIVIL_PROTECTION_ORDER: "Civil",
    OrderKind.FAMILY_VIOLENCE_PROTECTIVE_ORDER: "Criminal",
    OrderKind.RISK_PROTECTION_ORDER: "Risk order",
    OrderKind.FOREIGN_ORDER: "Other state",
    OrderKind.INTERIM_ERPO: "Interim ERPO",
    OrderKind.TEMPORARY_ERPO: "Temporary ERPO",
    OrderKind.FINAL_ERPO: "Final ERPO",
}

#: The words of a surrender that is neither proven, sworn nor overdue.
_WAITS: Final[dict[Any, tuple[str, str]]] = {
    DeadlineState.OPEN: ("open", "Time runs"),
    DeadlineState.NOT_STARTED: ("waits", "Starts at service"),
    DeadlineState.CANNOT_COMPUTE: ("waits", "Fact missing"),
}


@dataclass(frozen=True, kw_only=True)
class SurrenderState:
    """The state of the surrender: a badge, and a box for each firearm."""

    look: str
    words: str
    boxes: list[str]
    count: str


@dataclass(kw_only=True)
class CourtOrderRow:
    """One order, as a line of a list shows it."""

    order: Order
    now: datetime
    surrender_deadline: Deadline | None = None
    next: Deadline | None = None
    balance: Balance | None = None
    follow_up: FollowUp | None = None
    is_doubtful: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The court's time zone."""
        return zone_of(self.order)

    @property
    def today(self) -> date:
        """The day at the court."""
        return court_day(self.order, self.now)

    @property
    def name(self) -> str:
        """The respondent's name."""
        return self.order.case.respondent.name

    @property
    def about(self) -> str:
        """The year of birth, if it is known, and the town."""
        respondent = self.order.case.respondent
        born = f"{respondent.date_of_birth.year} · " if respondent.date_of_birth else ""
        return f"{born}{respondent.town}"

    @property
    def address(self) -> str:
        """The address of the order's page."""
        return order_page(self.order)

    @property
    def docket(self) -> str:
        """The docket number."""
        return self.order.case.docket_number

    @property
    def kind(self) -> str:
        """The kind in few words."""
        return SHORT_KINDS.get(OrderKind(self.order.kind), self.order.get_kind_display())

    @property
    def served(self) -> str:
        """The day of service; empty if it is not served."""
        served = self.order.served_at
        return format_short_day(court_day(self.order, served), self.today) if served else ""

    @property
    def is_ended(self) -> bool:
        """True if the order has ended or was vacated."""
        return bool(self.end) and (self.order.vacated_at is not None or self._ends_on < self.today)

    @property
    def end(self) -> str:
        """How and when the order ended or ends; empty if that is not known."""
        if self.order.urgency.ends_on is None:
            return ""
        day = format_short_day(self._ends_on, self.today)
        if self.order.vacated_at is not None:
            return f"Vacated {day}"
        return f"Ended {day}" if self._ends_on < self.today else f"Ends {day}"

    @property
    def _ends_on(self) -> date:
        return self.order.urgency.ends_on or date.max

    @property
    def chip(self) -> str:
        """The time that is left or how late it is; empty if nothing is due."""
        return chip_words(self.next.due_at, self.now) if self.next else ""

    @property
    def chip_class(self) -> str:
        """The look of the chip."""
        return chip_class(self.next.due_at, self.now) if self.next else ""

    @property
    def next_words(self) -> str:
        """What the court does next."""
        if self.next is not None:
            return next_words(self.next, self.now)
        if self.is_ended:
            return "Nothing"
        return self.end or "Nothing"

    @property
    def owner(self) -> str:
        """The person, else the agency, that owns the open follow-up."""
        if self.follow_up is None:
            return ""
        return str(self.follow_up.assigned_to or self.follow_up.owner)

    @property
    def surrender(self) -> SurrenderState | None:
        """The state of the surrender; None if no rule asks for one."""
        if self.surrender_deadline is None:
            return None
        return surrender_of(self.surrender_deadline, self.balance, self.now)


def surrender_of(deadline: Deadline, balance: Balance | None, now: datetime) -> SurrenderState:
    """Return the badge and the boxes of a surrender."""
    state = shown_state(deadline, now)
    look, words = _WAITS.get(state, (state.value, str(state.label)))
    if state is ProofStatus.CONTRADICTED:
        words = "Sworn, contradicted"
    whole = balance.whole if balance else 0
    accounted = balance.accounted if balance else 0
    rest = "late" if look == "overdue" else "half" if deadline.proof in STATEMENT_ALONE else ""
    drawn = ["in" if is_in else rest for is_in in boxes(accounted, whole)]
    return SurrenderState(
        look=look, words=words, boxes=drawn, count=f"{accounted} of {whole}" if whole else ""
    )


@dataclass
class _BesideOrders:
    """What the rows show beside their orders, by the order's key."""

    deadlines: defaultdict[int, list[Deadline]] = field(default_factory=lambda: defaultdict(list))
    follow_ups: dict[int, FollowUp] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)


def load_rows(orders: Sequence[Order], *, now: datetime) -> list[CourtOrderRow]:
    """Return the rows of these orders, in a fixed number of queries."""
    loaded = _load([order.pk for order in orders])
    inventories = load_inventories({order.case_id for order in orders}) if orders else {}
    rows = []
    for order in orders:
        deadlines = loaded.deadlines[order.pk]
        row = CourtOrderRow(
            order=order,
            now=now,
            surrender_deadline=surrender_deadline(deadlines, now),
            follow_up=loaded.follow_ups.get(order.pk),
            is_doubtful=order.pk in loaded.doubtful,
        )
        row.next = next((one for one in deadlines if concerns_court(one, is_ended=row.is_ended)), None)
        if row.surrender_deadline is not None:
            row.balance = inventories[order.case_id].balance_for(order)
        rows.append(row)
    return rows


def _load(orders: Sequence[int]) -> _BesideOrders:
    loaded = _BesideOrders()
    wanted = Q(state__in=RUNNING) | Q(rule_id__in=surrender_rules())
    for row in Deadline.objects.filter(wanted, order__in=orders).order_by("due_at", "id"):
        loaded.deadlines[row.order_id].append(row)
    follow_ups = FollowUp.objects.filter(order__in=orders, closed_at=None)
    for one in follow_ups.select_related("owner", "assigned_to").order_by("-next_action_at", "-id"):
        loaded.follow_ups[one.order_id] = one
    open_items = ReviewItem.objects.filter(order__in=orders).waiting()
    loaded.doubtful.update(open_items.values_list("order", flat=True))
    return loaded
