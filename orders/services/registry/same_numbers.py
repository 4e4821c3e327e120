"""A row of an import with the number of a listed firearm: a clerk decides whether it is another one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import Firearm, Order, ReviewItem, ReviewResolution
from orders.services.corrections import correct, withdraw
from orders.services.firearms.inventory import list_firearm
from orders.services.person_cases import groups_of


def list_row(item: ReviewItem, order: Order, *, by: User, now: datetime, reason: str) -> str:
    """List the firearm of the row beside the one with its number, and return its id."""
    firearm = list_firearm(order, **item.payload["row"], confirm=reason, by=by, now=now)
    return str(firearm.public_id)


def take_off_list(public_id: str, order: Order, *, by: User, now: datetime, reason: str) -> None:
    """Withdraw the firearm of the row, if it is listed. Raises `InvalidFact` if a receipt names it."""
    if not public_id:
        return
    if firearm := Firearm.objects.of_case(order.case_id).filter(public_id=public_id).first():
        withdraw(firearm, by=by, now=now, reason=reason)


def restore_rows(item: ReviewItem, order: Order, *, by: User, now: datetime, reason: str) -> None:
    """Take back a decision: the list is again as the import left it."""
    is_rejected = item.resolution == ReviewResolution.REJECTED
    if item.payload["counts"] and is_rejected:
        item.payload["counts"] = list_row(item, order, by=by, now=now, reason=reason)
    elif not item.payload["counts"] and not is_rejected:
        take_off_list(item.payload["recorded"], order, by=by, now=now, reason=reason)


#: Once two dockets have one firearm: the former number of each firearm that was corrected, by its id.
_FORMER = "former"


def write_as_first(item: ReviewItem, order: Order, *, by: User, now: datetime, reason: str) -> None:
    """Give the firearms of a later docket the number of the first one: equal numbers are one firearm."""
    given = item.payload
    first = Firearm.objects.filter(public_id=given["firearms"][0]).first()
    later = Firearm.objects.filter(public_id=given["counts"]).first()
    if first is None or later is None:
        raise InvalidFact("item", "withdrawn", "One of the two is no longer listed. Open the list again.")
    alike = Firearm.objects.of_case(*groups_of([order.case_id])).filter(serial_key=later.serial_key)
    given[_FORMER] = {str(one.public_id): one.serial for one in alike}
    for one in alike.select_related("order__case"):
        _write(one, first.serial, by=by, now=now, reason=reason)


def write_as_before(item: ReviewItem, order: Order, *, by: User, now: datetime, reason: str) -> None:
    """Give the firearms their former numbers, unless a person corrected them since then."""
    first = Firearm.objects.filter(public_id=item.payload["firearms"][0]).first()
    former = item.payload.pop(_FORMER, {})
    alike = Firearm.objects.of_case(*groups_of([order.case_id])).filter(
        public_id__in=former, serial=first.serial if first else ""
    )
    for one in alike.select_related("order__case"):
        _write(one, former[str(one.public_id)], by=by, now=now, reason=reason)


def _write(firearm: Firearm, serial: str, **common: Any) -> None:
    correct(firearm, {"serial": serial}, confirm=common["reason"], **common)
