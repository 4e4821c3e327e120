"""What an act would do, shown before it is done. Nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from orders.errors import InvalidFact
from orders.models import Deadline, DeadlineState, HistoryEntry, Order
from orders.services.firearms.accounting import account_of


@dataclass(frozen=True, kw_only=True)
class DeadlineMove:
    """One deadline before and after an act; `before` is None for a new one."""

    before: Deadline | None
    after: Deadline

    @property
    def is_of_note(self) -> bool:
        """True unless a deadline that nothing counted is withdrawn."""
        was_open = self.before is not None and self.before.state != DeadlineState.NOT_STARTED
        return was_open or self.after.state != DeadlineState.WITHDRAWN


@dataclass(frozen=True, kw_only=True)
class ActPreview:
    """What an act would change, or why it would be refused."""

    moves: Sequence[DeadlineMove] = ()
    #: The numbers of the order's firearms before and after; empty if they stay.
    firearms: tuple[str, ...] = ()
    refusal: str = ""


def entry_of(act: Callable[[], object], order: Order) -> HistoryEntry | None:
    """Return the entry that the act would append to the order's history; None if it would be refused."""
    with transaction.atomic():
        try:
            act()
            entry = HistoryEntry.objects.filter(order=order).latest("id")
        except InvalidFact:
            entry = None
        transaction.set_rollback(True)
    return entry


def preview_of(act: Callable[[], object], order: Order, *, visible: Collection[int]) -> ActPreview:
    """Return what the act would change in the deadlines of the `visible` orders (by key) of the case."""
    before, counted = _deadlines(visible), account_of(order).numbers
    with transaction.atomic():
        try:
            act()
        except InvalidFact as refusal:
            transaction.set_rollback(True)
            return ActPreview(refusal=refusal.message)
        after = _deadlines(visible)
        recounted = account_of(Order.recorded.get(pk=order.pk)).numbers
        transaction.set_rollback(True)
    moves = [
        DeadlineMove(before=before.get(key), after=one)
        for key, one in after.items()
        if _shown(one) != _shown(before.get(key))
    ]
    return ActPreview(
        moves=[one for one in moves if one.is_of_note],
        firearms=(counted, recounted) if counted != recounted else (),
    )


def _deadlines(orders: Collection[int]) -> dict[tuple[int, str, str], Deadline]:
    rows = Deadline.objects.filter(order__in=orders).select_related("order").order_by("due_at", "id")
    return {(one.order_id, one.rule_id, one.occurrence): one for one in rows}


def _shown(deadline: Deadline | None) -> tuple[object, ...]:
    if deadline is None:
        return ()
    return deadline.state, deadline.due_at, deadline.met_at, deadline.proof
