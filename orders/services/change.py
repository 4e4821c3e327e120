"""The frame of every act: lock the case, change facts, replan, append to the history; all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import HistoryEntry, Order
from orders.services.one_round import refuse
from orders.services.person_cases import lock_cases, orders_of_group
from orders.services.planning.history import replan_and_record

#: The act that brings back an order that was entered in error. No other act takes it.
RESTORED = "order_restored"

#: The acts that correct the order itself or its parties. One that changes nothing is refused, as for every
#: other fact: it would stay in the history as a correction.
_CORRECTIONS = frozenset(
    {
        "corrected",
        "extension_corrected",
        "protected_person_corrected",
        "service_corrected",
        "vacatur_corrected",
    }
)


@dataclass
class Change:
    """A change in progress: the order as just read, and the data of its history entry."""

    order: Order
    data: dict[str, Any] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    #: True if the fact belongs to the case: each of its orders gets the history entry.
    is_of_whole_case: bool = False
    #: Orders of other cases that the change concerns too. Those cases must be locked.
    also_planned: list[Order] = field(default_factory=list)

    def set(self, name: str, value: Any) -> None:
        """Set a column of the order and note the old and the new value for the history entry."""
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
    """Yield a `Change` with the case locked, and the other cases that share its inventory.

    Afterwards every order of these cases agrees with its facts.

    Appends an entry `kind` to the order's history, and `replanned` to each sibling whose deadlines changed.
    If the change `is_of_whole_case`, each sibling gets the entry. Raises `InvalidFact` for an order entered
    in error, and for a correction that changes nothing.
    """
    with transaction.atomic():
        siblings = orders_of_group(lock_cases([order.case_id]))
        change = Change(order=next(one for one in siblings if one.pk == order.pk))
        if change.order.withdrawn_at is not None and kind != RESTORED:
            raise InvalidFact(
                "order",
                "entered_in_error",
                "This order was withdrawn because it was entered in error. Restore it first.",
            )
        yield change
        is_changed = change.data.get("changes") or change.data.get("changed")
        if kind in _CORRECTIONS and not is_changed:
            refuse("changes", "nothing_changed", "Nothing is changed. Change what is wrong, or cancel.")
        if change.touched:
            # Only these: another transaction may have marked the row stale in between.
            change.order.save(update_fields=sorted(change.touched))
        entries = {
            one.pk: [
                HistoryEntry(
                    order=one,
                    kind=kind,
                    occurred_at=occurred_at or now,
                    actor=by,
                    reason=reason,
                    data=change.data,
                )
            ]
            for one in siblings
            if one.pk == order.pk or (change.is_of_whole_case and one.case_id == order.case_id)
        }
        known = {one.pk for one in siblings}
        others = [one for one in change.also_planned if one.pk not in known]
        act = entries[order.pk][0]
        replan_and_record([*siblings, *others], entries, now=now, by=by, arm_past_checks=True, act=act)


def note_permit(change: Change, *, now: datetime) -> None:
    """Note since when a permit that the change indicates is known: the time to act runs from then."""
    if "permit_indicated" in change.touched and change.order.permit_indicated:
        change.order.permit_indicated_at = now
        change.touched.add("permit_indicated_at")


def plain(value: Any) -> Any:
    """A value as the history stores it."""
    return value.isoformat() if isinstance(value, date | datetime) else value
