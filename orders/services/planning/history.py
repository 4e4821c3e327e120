"""Replan orders and append their history entries: the end of every change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.dispatch import Signal

from accounts.dates import format_day
from accounts.models import User
from orders.models import HistoryEntry, Order
from orders.services.bulk import insert, make
from orders.services.near_numbers import ask_about_near_numbers
from orders.services.person_cases import groups_of
from orders.services.planning.held_requests import name_what_is_held
from orders.services.planning.replan import replan
from orders.services.planning.rows import TAKEN_BACK

#: Sent in the transaction of a correction that took away, brought back or moved deadlines, with `orders`, a
#: list of `CorrectedOrder`, and `now`.
corrected = Signal()

#: Kinds of history entries that put an earlier entry right, beside those that end in one of `_PUT_RIGHT`.
_CORRECTIONS = frozenset(
    {"corrected", "moved", "order_restored", "person_joined", "person_kept_apart", "reinstated"}
)
_PUT_RIGHT = ("_corrected", "_withdrawn")
#: What a correction may have made of a deadline so that an earlier alert about it no longer holds.
_CHANGES = frozenset({"withdrawn", "reopened", "moved", TAKEN_BACK})


@dataclass(frozen=True, kw_only=True)
class CorrectedOrder:
    """An order whose deadlines, by rule and occurrence, a correction changed, and its history entry."""

    entry: HistoryEntry
    deadlines: frozenset[tuple[str, str]]


def is_correction(kind: str) -> bool:
    """True for a history entry that puts an earlier one right."""
    return kind in _CORRECTIONS or kind.endswith(_PUT_RIGHT)


def replan_and_record(
    orders: Sequence[Order],
    entries: Mapping[int, Sequence[HistoryEntry]],
    *,
    now: datetime,
    by: User | None = None,
    data: Mapping[str, Any] | None = None,
    arm_past_checks: bool = False,
    imported: Mapping[int, bool] | None = None,
    act: HistoryEntry | None = None,
) -> None:
    """Plan `orders` and store `entries`, by the order's key, with what became of which deadline.

    The deadlines go into an order's first entry. An order without an entry gets `replanned`, with `data`,
    if any of its deadlines changed. The entry of the one `act` and those name each other. `imported` is as in
    `replan`. Call it in the transaction that changed the facts, with the cases locked and with every order of
    each case.
    """
    ask_about_near_numbers(orders, now=now)
    renewed = name_what_is_held(orders, now=now)
    changes = replan(orders, now=now, arm_past_checks=arm_past_checks, imported=imported)
    if act is not None:
        data = _join(act, [one for one in orders if one.pk in changes and one.pk not in entries], changes)
    rows: list[HistoryEntry] = []
    for order in orders:
        own = [*entries.get(order.pk, ()), *renewed.get(order.pk, ())]
        # Announcements are no deadlines, so the history leaves them out.
        words = changes.get(order.pk, {})
        changed = {name: word for name, word in words.items() if word != TAKEN_BACK}
        # Also for news alone that was taken back: who was alerted hears of the correction by its entry.
        if words and not own:
            own = [
                make(
                    HistoryEntry,
                    order=order,
                    kind="replanned",
                    occurred_at=now,
                    actor=by,
                    data=dict(data or {}),
                )
            ]
        if changed:
            own[0].data = {**own[0].data, "deadlines": changed}
        rows.extend(own)
    insert(rows)
    if any(is_correction(one.kind) for own in entries.values() for one in own):
        _announce(rows, changes, now)


def last_entry(orders: Collection[int]) -> int:
    """Return the key of the latest history entry of these orders (by key); 0 without one."""
    entries = HistoryEntry.objects.filter(order__in=orders).order_by("-id")
    return entries.values_list("id", flat=True).first() or 0


def entries_after(last: int, orders: Collection[int], by: User) -> list[HistoryEntry]:
    """Return what the person recorded on these orders (by key) after the entry `last`."""
    return list(HistoryEntry.objects.filter(order__in=orders, actor=by, id__gt=last).order_by("id"))


def order_title(order: Order) -> str:
    """Return an order in the words of a history: its kind, date and docket, and no person."""
    return f"{order.get_kind_display()} of {format_day(order.issued_on)}, {order.case.docket_number}"


def _join(
    act: HistoryEntry, others: Sequence[Order], changes: Mapping[int, Mapping[str, str]]
) -> dict[str, Any]:
    """Note in the entry of an act what it changed in other orders. Return what their entries note of it."""
    if others:
        told = [{"order": order_title(one), "deadlines": changes[one.pk]} for one in others]
        act.data = {**act.data, "others": told}
    why = {name: act.data[name] for name in ("item", "items") if name in act.data}
    return {"because": {"kind": act.kind, "order": order_title(act.order), **why}}


def _announce(rows: Sequence[HistoryEntry], changes: Mapping[int, Mapping[str, str]], now: datetime) -> None:
    """Send `corrected` for the deadlines that changed so that earlier alerts about them no longer hold."""
    first: dict[int, HistoryEntry] = {}
    for row in rows:
        first.setdefault(row.order_id, row)
    orders = [
        CorrectedOrder(entry=first[order], deadlines=keys)
        for order, words in changes.items()
        if (keys := frozenset(_key(name) for name, word in words.items() if word in _CHANGES))
    ]
    if orders:
        corrected.send(sender=None, orders=orders, now=now)


def _key(name: str) -> tuple[str, str]:
    rule, _, occurrence = name.partition("/")
    return rule, occurrence


def with_siblings(orders: Iterable[Order], *, cases: Iterable[int] = ()) -> list[Order]:
    """The orders, as they are in memory, and after them the other orders that share their inventories.

    The orders of `cases` (by key) follow too.
    """
    mine = {order.pk: order for order in orders}
    near = {*groups_of({order.case_id for order in mine.values()}), *cases}
    siblings = Order.objects.filter(case__in=near).exclude(pk__in=mine).select_related("case")
    return [*mine.values(), *siblings.order_by("id")]
