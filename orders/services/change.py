"""The frame of every act: lock the case, change facts, re-plan, append the event; all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import Case, Event, Order
from orders.models.fields import offset_of
from orders.rules.court_time import local_date
from orders.services.calendar import zone_at
from orders.services.planning import replan


@dataclass
class Change:
    """A change being made: the order, freshly read, and what the event will say of it."""

    order: Order
    data: dict[str, Any] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def set(self, name: str, value: Any) -> None:
        """Sets a column of the order and notes the old and the new value for the event."""
        old = getattr(self.order, name)
        if old != value:
            setattr(self.order, name, value)
            self.touched.add(name)
            self.data.setdefault("changes", {})[name] = [plain(old), plain(value)]


@contextmanager
def changing(
    order: Order,
    kind: str,
    *,
    by: User | None,
    now: datetime,
    occurred_at: datetime | None = None,
    reason: str = "",
) -> Iterator[Change]:
    """Yields a `Change` with the case locked; afterwards every order of the case agrees with its facts.

    Appends an event `kind` to the order, and `replanned` to each sibling whose deadlines it moved.
    """
    with transaction.atomic():
        Case.objects.select_for_update(no_key=True).get(pk=order.case_id)
        siblings = list(Order.objects.filter(case=order.case_id).select_related("case").order_by("id"))
        change = Change(order=next(one for one in siblings if one.pk == order.pk))
        yield change
        if change.touched:
            # Only these: another transaction may have marked the row stale meanwhile.
            change.order.save(update_fields=sorted(change.touched))
        told = replan(siblings, now=now)
        events = [
            Event(
                order=change.order,
                kind=kind,
                occurred_at=occurred_at or now,
                actor=by,
                reason=reason,
                data=with_deadlines(change.data, told.get(order.pk)),
            )
        ]
        events.extend(
            Event(order=one, kind="replanned", occurred_at=now, actor=by, data={"deadlines": told[one.pk]})
            for one in siblings
            if one.pk != order.pk and told.get(one.pk)
        )
        Event.objects.bulk_create(events)


def with_deadlines(data: dict[str, Any], told: dict[str, str] | None) -> dict[str, Any]:
    """The event's data with what became of which deadline."""
    return {**data, "deadlines": told} if told else data


def plain(value: Any) -> Any:
    """A value as an event keeps it."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def zone_of(order: Order) -> ZoneInfo:
    """The court's time zone."""
    return zone_at(order.jurisdiction, order.area)


def court_day(order: Order, instant: datetime) -> date:
    """The calendar day of an instant where the court is."""
    return local_date(instant, zone_of(order))


def check_instant(field_name: str, at: datetime, *, now: datetime) -> int:
    """The offset, in minutes, of an instant that a person reports. Refuses one that lies ahead."""
    if at.utcoffset() is None:
        raise InvalidFact(field_name, "invalid_timestamp", "The time has no offset from UTC; add one.")
    if at > now:
        raise InvalidFact(
            field_name,
            "in_the_future",
            f"{at.isoformat()} lies ahead. Record what has happened, with the time at which it did.",
        )
    return offset_of(at)


def day_of(
    prefix: str, order: Order, *, on: date | None, at: datetime | None, now: datetime
) -> tuple[date, int | None]:
    """The court day of what a person reports by its day or its instant, and the offset of the instant.

    Refuses neither of the two, and what lies ahead; the fields are named `PREFIX_on` and `PREFIX_at`.
    """
    if at is not None:
        return court_day(order, at), check_instant(f"{prefix}_at", at, now=now)
    if on is None:
        raise InvalidFact(f"{prefix}_on", "required", "Give the day, or the time with its offset.")
    if on > court_day(order, now):
        raise InvalidFact(f"{prefix}_on", "in_the_future", f"{on} lies ahead; record it once it happened.")
    return on, None


def check_not_before_issue(field_name: str, order: Order, at: datetime, code: str) -> None:
    """Refuses an instant before the order was issued."""
    early = at < order.issued_at if order.issued_at else court_day(order, at) < order.issued_on
    if early:
        issued = order.issued_as_given or order.issued_on
        raise InvalidFact(
            field_name,
            code,
            f"{at.isoformat()} is before the order was issued ({issued.isoformat()}). "
            "Correct this time, or the time of issue first.",
        )


def need_reason(reason: str) -> str:
    """What is not a plain record of what happened says why."""
    if not reason.strip():
        raise InvalidFact("reason", "required", "This needs its reason; say why.")
    return reason.strip()


def need_one_of(field_name: str, code: str, value: str, allowed: Iterable[str]) -> str:
    """A word that must be one of a list."""
    if value not in (choices := list(allowed)):
        raise InvalidFact(field_name, code, f"“{value}” is not known; use one of {', '.join(choices)}.")
    return value
