"""Dated events of a case that have no table of their own, such as a motion to extend."""

from __future__ import annotations

from datetime import date, datetime

from typing_extensions import override

from accounts.models import User
from accounts.text import clean
from orders.models import CaseEvent, Order
from orders.rules.explain import event_name
from orders.rules.facts import EVENT_KINDS, Kind
from orders.services.bulk import make
from orders.services.change import changing
from orders.services.correctable import Column, Correctable, DayOrInstantColumn
from orders.services.court_days import check_happened_since_order, day_of
from orders.services.planning.load_inventories import REPORTED
from orders.services.planning.rulebooks import bundled
from orders.services.said_before import ask_if_recorded
from orders.services.validation import need_one_of

#: Kinds of events without a table or column of their own. The others have services of their own.
RECORDABLE = EVENT_KINDS - {
    "accounted_for",
    "custody_ended",
    "destroyed",
    "heard",
    "hearing_continued",
    "hearing_scheduled",
    "inaccessibility_stated",
    "kept_by_others",
    "non_possession_stated",
    # A permit is handed in on its own row, or on a receipt.
    "permit_handed_in",
    "return_completed",
    "return_held",
    "return_hold_decided",
    "return_recorded",
    "return_refused",
    "return_request_dropped",
    "return_requested",
    "returned",
    "served",
    "service_failed",
    "surrendered",
    "condition_satisfied",
    "condition_set",
    "transfer_completed",
    "transfer_notice_received",
    "transferred",
    "vacated",
}

#: What may happen before the court issues the order.
_BEFORE_ORDER = frozenset(
    {
        "application_filed",
        "disqualifying_event",
        "employment_affidavit_filed",
        "hearing_requested",
        "investigation_ordered",
        "investigation_reported",
        "released_from_custody",
        "remote_testimony_requested",
        "warrant_executed",
        "warrant_returned",
    }
)


def events_of(order: Order) -> frozenset[str]:
    """Return the recordable kinds of event that start, open or meet a rule of the order."""
    rules = bundled().by_binding.get((order.jurisdiction, Kind(order.kind).value), ())
    kinds = {one.event for rule in rules for one in rule.met_by}
    for rule in rules:
        kinds |= {rule.starts, rule.else_starts, rule.due_starts, rule.not_before, rule.opened_by}
        kinds |= set(rule.only_after)
    if any(one.complete for rule in rules for one in rule.met_by):
        # It opens the duty to surrender again, and starts or meets nothing by itself.
        kinds.add(REPORTED)
    return RECORDABLE & kinds


def record_case_event(
    order: Order,
    *,
    kind: str,
    by: User | None,
    now: datetime,
    occurred_at: datetime | None = None,
    occurred_on: date | None = None,
    confirm: str = "",
) -> CaseEvent:
    """Record an event of the case, such as a motion to extend, at an instant or on a day.

    Raises `InvalidFact`, and `DoubtfulFact` for an event from before the order unless `confirm` gives the
    reason.
    """
    with changing(order, kind, by=by, now=now, occurred_at=occurred_at, reason=clean(confirm)) as change:
        event = make(
            CaseEvent, order=change.order, kind=kind, occurred_on=occurred_on, occurred_at=occurred_at
        )
        check_case_event(event, now=now, confirm=confirm)
        event.save()
        CASE_EVENT.note(change, event)
    return event


def check_case_event(event: CaseEvent, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved event, and set its day and offset. Raises `InvalidFact` and `DoubtfulFact`."""
    need_one_of("kind", "unknown_case_event", event.kind, sorted(RECORDABLE))
    event.occurred_on, event.occurred_offset = day_of(
        "occurred", event.order, on=event.occurred_on, at=event.occurred_at, now=now
    )
    check_happened_since_order(
        "occurred",
        event.order,
        on=event.occurred_on,
        at=event.occurred_at,
        confirm=confirm,
        may_precede=event.kind in _BEFORE_ORDER,
    )
    told = ("occurred_on", "occurred_at", "kind")
    ask_if_recorded(event, told, field="occurred_at", words=CASE_EVENT.words, confirm=confirm)


class _KindColumn(Column):
    """The kind of an event, named as the rules name it."""

    @override
    def words(self, row: CaseEvent) -> str:
        return event_name(row.kind)


_KIND = _KindColumn(name="kind", label="Event")
_WHEN = DayOrInstantColumn(name="occurred_at", label="When")

CASE_EVENT = Correctable(
    name="case_event",
    model=CaseEvent,
    noun="event",
    words=lambda row: f"{_KIND.words(row)} ({_WHEN.words(row)})",
    columns=(_KIND, _WHEN),
    check=check_case_event,
)
