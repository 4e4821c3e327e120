"""An order that was entered under the wrong case: moved to another case of the same court."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from accounts.dates import format_day
from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.matching.dockets import clean_docket, docket_key, spellings
from orders.models import (
    Capacity,
    Case,
    CustodyRequest,
    Firearm,
    FirearmDisposal,
    FirearmFinding,
    FirearmReturn,
    Order,
    OrderAgency,
    ReceiptItem,
    Respondent,
    Statement,
    StatementVerification,
)
from orders.services.change import Change, changing
from orders.services.court_days import birth_doubts, check_born
from orders.services.firearms.status import refresh_status
from orders.services.limits import ask
from orders.services.one_round import doubt
from orders.services.orders.withdrawal import named_items
from orders.services.person_cases import groups_of, lock_cases, orders_of_group
from orders.services.validation import need_one_of, need_reason, need_visible


class MovedRespondent(StrEnum):
    """The respondent of an order after it was moved."""

    KEEP = "keep"
    OF_CASE = "of_case"


def move_order(
    order: Order,
    *,
    docket_number: str,
    by: User | None,
    now: datetime,
    reason: str,
    respondent: str = MovedRespondent.KEEP,
    confirm: str = "",
) -> Order:
    """Move the order, with what was recorded for it, to the case of another docket of its court.

    A case that does not exist is made. With `keep` the order stays against its respondent; with `of_case` it
    is then against the respondent of the other case. Both cases are planned again. To undo it, move the order
    back. Raises `InvalidFact`, and `DoubtfulFact` for a docket against another person unless `confirm` gives
    the reason.
    """
    number = need_visible("docket_number", clean_docket(docket_number))
    which = MovedRespondent(need_one_of("respondent", "unknown_choice", respondent, list(MovedRespondent)))
    with transaction.atomic():
        _lock(order, number)
        why = " ".join(filter(None, (need_reason(reason), clean(confirm))))
        with changing(order, "moved", by=by, now=now, reason=why) as change:
            _check_own(change.order)
            _move(change, _target(change.order, number, which, confirm=confirm), confirm=confirm)
    return change.order


def _lock(order: Order, number: str) -> None:
    """Lock both cases and those that share an inventory with one, as every service does."""
    docket = Case.objects.filter(court=order.case.court_id, docket_number__in=spellings(number))
    lock_cases({order.case_id, *docket.values_list("pk", flat=True)})


def _move(change: Change, target: Case, *, confirm: str) -> None:
    order, former = change.order, change.order.case
    if target.respondent_id != former.respondent_id:
        respondent = target.respondent
        if respondent.date_of_birth is not None:
            check_born("docket_number", respondent.date_of_birth, order.issued_on)
            doubts = birth_doubts("docket_number", respondent.date_of_birth, order.issued_on)
            ask(doubts, confirm=confirm)
        OrderAgency.objects.filter(order=order, capacity=Capacity.RESPONDENT_POLICE).update(
            agency=respondent.town.police_id
        )
        names = [former.respondent.name, respondent.name]
        change.data |= (
            {"changed": ["respondent"]} if len({*names}) == 1 else {"corrected": {"Respondent": names}}
        )
    if target.docket_number != former.docket_number:
        change.data["changes"] = {"docket_number": [former.docket_number, target.docket_number]}
    if items := named_items(order):
        change.data["items"] = items
    before = set(groups_of({former.pk}))
    order.case = target
    order.save(update_fields=["case"])
    after = set(groups_of({target.pk}))
    change.touched.add("case")
    change.also_planned = orders_of_group(after - before)
    refresh_status([*Firearm.objects.filter(order__case__in=before | after).values_list("pk", flat=True)])


def _target(order: Order, number: str, which: MovedRespondent, *, confirm: str) -> Case:
    """Return the case to which the order moves. Raises `InvalidFact`."""
    case = order.case
    others = Case.objects.filter(court=case.court_id, docket_number__in=spellings(number)).exclude(pk=case.pk)
    found = list(others.select_related("respondent__town").order_by("id"))
    if which is MovedRespondent.OF_CASE:
        return _only(found, number)
    same = next((one for one in found if _is_same(one.respondent, case.respondent)), None)
    if same is not None:
        return same
    if docket_key(number) == docket_key(case.docket_number):
        raise InvalidFact(
            "docket_number",
            "same_case",
            f"The order is under {number} already. Enter the docket to which it belongs.",
        )
    if not clean(confirm) and Order.objects.filter(case__in=found).exists():
        doubt(
            "docket_number",
            "docket_of_another_person",
            f"{number} is a case against another person. If the order is against that person, choose the "
            "respondent of that case. If the docket has orders against both, confirm it with a reason.",
        )
    return Case.objects.create(docket_number=number, court_id=case.court_id, respondent=case.respondent)


def _only(found: Sequence[Case], number: str) -> Case:
    """Return the one case of the docket."""
    if not found:
        raise InvalidFact(
            "docket_number",
            "no_case",
            f"This court has no other case {number}. Correct the number, or keep the order's respondent.",
        )
    if len(found) > 1:
        raise InvalidFact(
            "docket_number",
            "several_cases",
            f"{number} has cases against several persons. Correct the order's respondent to the name and "
            "date of birth in the case, then move the order with its respondent.",
        )
    return found[0]


def _is_same(one: Respondent, other: Respondent) -> bool:
    """True for the same row, and for equal folded names without different dates of birth."""
    if one.pk == other.pk:
        return True
    births = {one.date_of_birth, other.date_of_birth} - {None}
    return one.name_key == other.name_key and len(births) <= 1


#: What names a firearm: its rows, the path to its order, and its name in words.
_NAMING: tuple[tuple[type[Model], str, str], ...] = (
    (ReceiptItem, "receipt__order", ""),
    (FirearmReturn, "order", "a return"),
    (FirearmDisposal, "order", "a disposal"),
    (Statement.firearms.through, "statement__order", "a sworn statement"),
    (StatementVerification.firearms.through, "statementverification__order", "a check of a statement"),
    (FirearmFinding, "order", "a finding of the court"),
    (CustodyRequest.firearms.through, "custodyrequest__order", "a request about firearms in custody"),
)


def _check_own(order: Order) -> None:
    """Refuse to part a firearm from the receipts, statements and findings that name it."""
    for model, path, words in _NAMING:
        rows: QuerySet[Any] = model._default_manager.select_related(path, "firearm__order")
        mine, listed = Q((path, order)), Q(firearm__order=order)
        for row in rows.filter(mine, firearm__isnull=False).exclude(listed):
            firearm = f"{row.firearm}, which is listed under {_named(row.firearm.order)}"
            raise _parted(f"{words or row.receipt} of this order names {firearm}")
        for row in rows.filter(listed).exclude(mine):
            naming = reduce(getattr, path.split("__"), row)
            raise _parted(f"{words or row.receipt} of {_named(naming)} names {row.firearm} of this order")


def _named(order: Order) -> str:
    return f"the {order.get_kind_display().lower()} of {format_day(order.issued_on)} in the same case"


def _parted(why: str) -> InvalidFact:
    return InvalidFact(
        "order",
        "shared_firearms",
        f"The order cannot be moved alone: {why}. Correct or withdraw that entry first, or move both orders.",
    )
