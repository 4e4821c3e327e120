"""The other orders against one person: what another court or the police may know of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Q

from accounts.access import MATRIX
from accounts.dates import format_day
from accounts.models import User
from accounts.text import fold
from orders.models import (
    FirearmStatus,
    Order,
    OrderCondition,
    PersonDecision,
    ProtectedPerson,
    ReceiptItem,
    ReceiptKind,
    Respondent,
)
from orders.querysets import OrderQuerySet
from orders.services.order_state import OrderState, last_days, state_of

#: The most notices that a page shows.
MOST = 20


@dataclass(frozen=True, kw_only=True)
class RelatedOrder:
    """Another order against the same person.

    `conflicts` names the terms that differ, if both orders protect the same person and are in force.
    """

    order: Order
    last_day: date | None
    state: OrderState
    is_visible: bool
    conflicts: tuple[str, ...]

    @property
    def words(self) -> str:
        """Court, docket and last day."""
        return order_words(self.order, self.last_day)

    @property
    def visible_id(self) -> UUID | None:
        """The public id, for people who see the order."""
        return self.order.public_id if self.is_visible else None


def order_words(order: Order, last_day: date | None) -> str:
    """Return the court, docket and last day of an order, and nothing else of it."""
    until = f"last day {format_day(last_day)}" if last_day else "last day not recorded"
    return f"{order.case.court}, {order.case.docket_number}, {until}"


def orders_of_person(order: Order) -> OrderQuerySet[Order]:
    """Return the orders of the person's other cases, at any court."""
    rows = Order.objects.filter(case__respondent__person=order.case.respondent.person_id)
    return rows.exclude(case=order.case_id).select_related("case__court")


def related_orders(order: Order, *, user: User, now: datetime) -> list[RelatedOrder]:
    """Return the person's other orders: all that the person reading sees, and live ones of other courts."""
    orders = list(orders_of_person(order).order_by("-issued_on", "-pk"))
    days = last_days(orders)
    desks = MATRIX.resources["related_order"].actions["view"]
    keys = [one.pk for one in orders]
    visible = set(
        Order.objects.filter(pk__in=keys).visible_to(user, roles=desks).values_list("pk", flat=True)
    )
    own_day = last_days([order])[order.pk]
    is_live = state_of(order, own_day, now=now).is_live
    conflicts = _conflicts(order, own_day, orders, days) if is_live else {}
    found = []
    for one in orders:
        state = state_of(one, days[one.pk], now=now)
        if state.is_live or one.pk in visible:
            found.append(
                RelatedOrder(
                    order=one,
                    last_day=days[one.pk],
                    state=state,
                    is_visible=one.pk in visible,
                    conflicts=conflicts.get(one.pk, ()) if state.is_live and one.pk in visible else (),
                )
            )
    return found


def _conflicts(
    order: Order, own_day: date | None, others: Sequence[Order], days: dict[int, date | None]
) -> dict[int, tuple[str, ...]]:
    """Return the terms that differ between this order and others that protect the same person."""
    keys = [order.pk, *(one.pk for one in others)]
    protected: dict[int, set[str]] = {key: set() for key in keys}
    for pk, name in ProtectedPerson.objects.filter(order__in=keys).values_list("order", "name"):
        protected[pk].add(fold(name))
    conditions: dict[int, set[str]] = {key: set() for key in keys}
    for pk, name in OrderCondition.objects.filter(order__in=keys, ended_by=None).values_list(
        "order", "condition"
    ):
        conditions[pk].add(name)
    found = {}
    for one in others:
        if protected[order.pk] & protected[one.pk]:
            differs = {
                "kind of order": one.kind != order.kind,
                "last day": days[one.pk] != own_day,
                "conditions": conditions[one.pk] != conditions[order.pk],
            }
            found[one.pk] = tuple(name for name, is_other in differs.items() if is_other)
    return found


def same_name_orders(order: Order) -> OrderQuerySet[Order]:
    """Return orders against respondents of the same name who may be this person.

    Left out are different dates of birth, and respondents that a clerk keeps apart.
    """
    mine = order.case.respondent
    decided = PersonDecision.objects.filter(Q(respondent=mine) | Q(other=mine), is_same=False)
    apart = {key for pair in decided.values_list("respondent", "other") for key in pair}
    rows = Respondent.objects.filter(name_key=mine.name_key).exclude(person=mine.person_id)
    if mine.date_of_birth is not None:
        rows = rows.filter(Q(date_of_birth=None) | Q(date_of_birth=mine.date_of_birth))
    rows = rows.exclude(pk__in=apart)
    return Order.objects.filter(case__respondent__in=rows).select_related("case__court")


@dataclass(frozen=True, kw_only=True)
class CustodyNotice:
    """A new order against a person whose firearms the agency holds under an older one."""

    held_under: Order
    new: Order
    last_day: date | None

    @property
    def words(self) -> str:
        """Court, docket and last day of the new order."""
        return order_words(self.new, self.last_day)


def custody_notices(agencies: Collection[int], *, now: datetime) -> list[CustodyNotice]:
    """Return live orders against people whose firearms these police agencies hold under an older order."""
    held = ReceiptItem.objects.filter(
        receipt__agency__in=agencies,
        receipt__kind=ReceiptKind.POLICE,
        receipt__order__withdrawn_at=None,
        firearm__status=FirearmStatus.SURRENDERED,
    )
    others = "receipt__order__case__respondent__person__respondents__cases"
    case = F("receipt__order__case")
    # One call, so that each condition is about the same order.
    newer = held.filter(
        Q((f"{others}__lt", case)) | Q((f"{others}__gt", case)),
        Q((f"{others}__orders__issued_on__gte", F("receipt__order__issued_on"))),
        Q((f"{others}__orders__vacated_at", None)),
    )
    columns = ("receipt__order", f"{others}__orders")
    pairs = list(newer.order_by(f"-{columns[1]}").values_list(*columns).distinct()[: MOST * 5])
    rows = Order.objects.filter(pk__in={pk for pair in pairs for pk in pair})
    orders = {one.pk: one for one in rows.select_related("case__court", "case__respondent__town")}
    days = last_days(list(orders.values()))
    return list(_notices(pairs, orders, days, now))[:MOST]


def _notices(
    pairs: Sequence[tuple[int, int]], orders: dict[int, Order], days: dict[int, date | None], now: datetime
) -> Iterator[CustodyNotice]:
    for old_key, new_key in pairs:
        old, new = orders.get(old_key), orders.get(new_key)
        if old is None or new is None or old.case_id == new.case_id:
            continue
        if new.issued_on >= old.issued_on and state_of(new, days[new.pk], now=now).is_live:
            yield CustodyNotice(held_under=old, new=new, last_day=days[new.pk])
