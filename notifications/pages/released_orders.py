"""An order as the page of an advocate shows it in the words of the law."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from accounts.dates import format_clock, format_day, format_instant
from notifications.models import SafeContact
from notifications.services.contacts import contacts
from orders.display import due_words, met_words, rule_title, shown_state, state_at
from orders.models import (
    RUNNING,
    STATEMENT_ALONE,
    ConfidentialityRelease,
    Deadline,
    DeadlineState,
    EndStatus,
    Hearing,
    Order,
    ProofStatus,
    SetStatus,
    ShownState,
)
from orders.services.court_days import court_day, zone_of

#: The most rows of one kind on the page of an order.
MAX_ROWS = 100

#: The meaning of a deadline's state in plain words.
MEANINGS: dict[ShownState, str] = {
    DeadlineState.NOT_STARTED: "The time for this has not started.",
    DeadlineState.OPEN: "There is still time for this.",
    DeadlineState.OVERDUE: "The time for this is over, and it is not recorded here as done.",
    DeadlineState.ENDS: "This is when it ends. No one has to do anything.",
    EndStatus.ENDED: "It has ended.",
    DeadlineState.MET: "It is recorded as done.",
    ProofStatus.PROVEN: "It is recorded as done, and proof is on file for everything that is listed.",
    ProofStatus.FOUND: "The court found at a hearing that this is settled.",
    ProofStatus.SWORN: "This rests only on the respondent's own sworn statement. No one has verified it.",
    ProofStatus.CONTRADICTED: (
        "The respondent's sworn statement was checked, but other facts that are recorded contradict it."
    ),
    SetStatus.IN_TIME: "A day is set for it, in time. It has not taken place yet.",
    SetStatus.LATE: "A day is set for it, after the time that the law gives. It has not taken place yet.",
    DeadlineState.CANNOT_COMPUTE: "A fact is missing, so the date cannot be determined.",
}


@dataclass(frozen=True)
class DeadlineRow:
    """One deadline as an advocate sees it at `now`."""

    deadline: Deadline
    zone: ZoneInfo
    now: datetime

    @property
    def title(self) -> str:
        """The title of the rule."""
        return rule_title(self.deadline.rule_id)

    @cached_property
    def state(self) -> ShownState:
        """The state at `now`, in which a statement is not proof."""
        return shown_state(self.deadline, self.now)

    @property
    def meaning(self) -> str:
        """The meaning of the state in plain words, and when the deadline was met."""
        met = met_words(self.deadline, self.zone)
        if self.deadline.proof in STATEMENT_ALONE:
            return " ".join(self._sworn(met))
        if self.deadline.met_at is not None and self.deadline.met_at > self.now:
            return f"It is scheduled for {met.removesuffix('.')}."
        return f"{MEANINGS[self.state]} {met.removesuffix('.')}." if met else MEANINGS[self.state]

    def _sworn(self, met: str) -> Iterator[str]:
        """Yield what is left of the time, that no one has verified the statement, and when it was sworn."""
        stored = state_at(self.deadline, self.now)
        if stored is not DeadlineState.MET:
            yield MEANINGS[stored]
        yield MEANINGS[ProofStatus(self.deadline.proof)]
        if met:
            yield f"Sworn: {met.removesuffix('.')}."

    @property
    def due(self) -> str:
        """When it is due, in court time."""
        return due_words(self.deadline, self.zone)


@dataclass(frozen=True)
class ReleasedOrder:
    """One order as an advocate sees it at `now`."""

    release: ConfidentialityRelease
    due: Sequence[DeadlineRow]
    hearings: Sequence[Hearing]
    contact: SafeContact | None
    now: datetime

    @property
    def order(self) -> Order:
        """The order of the release."""
        return self.release.order

    @property
    def running(self) -> list[DeadlineRow]:
        """The deadlines that are open or overdue, and those that rest on a statement alone."""
        return [one for one in self.due if one.state in (*RUNNING, ProofStatus.SWORN)]

    @property
    def served(self) -> str:
        """When it was served, in court time; empty if not served."""
        at = self.order.served_at
        return format_instant(at, zone_of(self.order)) if at else ""

    @property
    def vacated(self) -> str:
        """When it was vacated, in court time; empty if not vacated."""
        at = self.order.vacated_at
        return format_instant(at, zone_of(self.order)) if at else ""

    @property
    def expires(self) -> str:
        """Its last day; empty if not recorded."""
        return format_day(self.order.expires_on) if self.order.expires_on else ""

    @property
    def ends(self) -> str:
        """When the release ends, in court time."""
        return format_instant(self.release.ends_at, zone_of(self.order))

    @property
    def next_hearing(self) -> str:
        """The purpose and time of the next hearing; empty if none is scheduled."""
        today = court_day(self.order, self.now)
        coming = (one for one in self.hearings if not one.outcome and one.scheduled_on >= today)
        return next((hearing_words(one) for one in coming), "")

    @property
    def past_hearings(self) -> list[str]:
        """The outcomes of past hearings."""
        return [f"{hearing_words(one)}: {one.get_outcome_display()}" for one in self.hearings if one.outcome]

    @property
    def is_unconfirmed(self) -> bool:
        """True if nothing is sent to the person until the safe contact is confirmed again."""
        return self.contact is not None and contacts.is_unconfirmed(self.contact, self.now)

    @property
    def has_opted_out(self) -> bool:
        """True if nothing is sent to the person because the number answered STOP."""
        return self.contact is not None and contacts.has_opted_out(self.contact)

    @property
    def confirmed_until(self) -> str:
        """When the person's confirmation expires; empty without a safe contact."""
        if self.contact is None:
            return ""
        return format_instant(self.contact.confirmed_at + self.contact.confirm_every, zone_of(self.order))


def hearing_words(hearing: Hearing) -> str:
    """Return the purpose of a hearing and its time, in court time."""
    at = f", {format_clock(hearing.scheduled_time)}" if hearing.scheduled_time else ""
    return f"{hearing.get_purpose_display()}, {format_day(hearing.scheduled_on)}{at}"


def released_orders(rows: Sequence[ConfidentialityRelease], now: datetime) -> list[ReleasedOrder]:
    """Return the releases with their orders, in the same number of queries for any number of releases."""
    orders = {one.order_id for one in rows}
    zones = {one.order_id: zone_of(one.order) for one in rows}
    due: defaultdict[int, list[DeadlineRow]] = defaultdict(list)
    for deadline in _deadlines(orders):
        due[deadline.order_id].append(DeadlineRow(deadline, zones[deadline.order_id], now))
    hearings: defaultdict[int, list[Hearing]] = defaultdict(list)
    for hearing in Hearing.objects.filter(order__in=orders).order_by("scheduled_on", "id"):
        hearings[hearing.order_id].append(hearing)
    safe_contacts = {
        one.release_id: one for one in SafeContact.objects.filter(release__in=rows, ended_at=None)
    }
    return [
        ReleasedOrder(
            one,
            due[one.order_id][:MAX_ROWS],
            hearings[one.order_id][:MAX_ROWS],
            safe_contacts.get(one.pk),
            now,
        )
        for one in rows
    ]


def _deadlines(orders: Collection[int]) -> QuerySet[Deadline]:
    rows = Deadline.objects.filter(order__in=orders).exclude(state=DeadlineState.WITHDRAWN)
    return rows.order_by("due_at", "id")
