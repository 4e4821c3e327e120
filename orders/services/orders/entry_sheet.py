"""An order with its firearms, permit and hearing, entered at once from one sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from typing import Any

from django.db import transaction

from accounts.dates import format_day
from accounts.models import User
from accounts.text import fold
from orders.errors import DoubtfulFact, InvalidFact
from orders.matching.dockets import spellings
from orders.models import FirearmSource, Hearing, Order, OrderKind
from orders.services.firearms.inventory import list_firearm, record_permit
from orders.services.limits import ask
from orders.services.one_round import refuse_all
from orders.services.orders.entry import NewOrder, enter_order
from orders.services.validation import refusals_of


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What is listed with an order: firearms by the columns of the list, a permit, the hearing's time."""

    firearms: tuple[Mapping[str, Any], ...] = ()
    permit_kind: str = ""
    permit_number: str = ""
    hearing_time: time | None = None
    #: Who hears the application; the order itself has the name too.
    judge: str = ""


def enter_sheet(new: NewOrder, listed: Listed, *, by: User, now: datetime, confirm: str = "") -> Order:
    """Enter the order and everything that is listed with it, in one transaction.

    Raises `InvalidFact`, and `DoubtfulFact` unless `confirm` gives the reason, also for an ex parte order
    whose end is not known: without a hearing or a last day no deadline ends it, and for one that is entered
    already. The error has everything that is refused or doubted as its `others`.

    A permit on the sheet is one that the application indicates.
    """
    new = replace(new, permit_indicated=new.permit_indicated or bool(listed.permit_kind))
    refused = refusals_of(lambda: check_listed(new.hearing_on, listed))
    refused += refusals_of(lambda: ask([*end_doubts(new), *entered_doubts(new.cleaned())], confirm=confirm))
    given: dict[str, Any] = {"by": by, "now": now}
    with transaction.atomic():
        try:
            order = enter_order(new, confirm=confirm, **given)
        except InvalidFact as refusal:
            refuse_all([refusal, *refusal.others, *refused])
            raise
        if listed.hearing_time is not None:
            Hearing.objects.filter(order=order).update(scheduled_time=listed.hearing_time)
        if listed.permit_kind:
            refused += refusals_of(
                lambda: record_permit(order, kind=listed.permit_kind, number=listed.permit_number, **given)
            )
        for number, firearm in enumerate(listed.firearms, start=1):
            refused += refusals_of(partial(_list, order, number, firearm, confirm=confirm, **given))
        refuse_all(refused)
    return order


def check_listed(hearing_on: date | None, listed: Listed) -> None:
    """Raise `InvalidFact` for a part whose other part is missing."""
    refused = []
    if listed.hearing_time is not None and hearing_on is None:
        refused.append(InvalidFact("hearing_on", "required", "Enter the day of the hearing too."))
    elif listed.judge and hearing_on is None:
        refused.append(InvalidFact("hearing_on", "required", "Enter the day that the judge hears it."))
    if listed.permit_number and not listed.permit_kind:
        refused.append(InvalidFact("permit_kind", "required", "Enter what kind of permit it is."))
    refuse_all(refused)


def _list(
    order: Order, number: int, firearm: Mapping[str, Any], *, by: User, now: datetime, confirm: str
) -> None:
    """List a firearm. A refusal is about its line of the sheet."""
    try:
        source = FirearmSource.APPLICATION
        list_firearm(order, source=source, confirm=confirm, by=by, now=now, **firearm)
    except InvalidFact as refusal:
        refusal.field = f"gun_{number}_{refusal.field}"
        raise


def entered_doubts(new: NewOrder) -> list[DoubtfulFact]:
    """Return a doubt about an order that is entered already: by another clerk, in another tab, by a system.

    Two orders with registry numbers are two, and so are two for two protected persons. The text is clean.
    """
    same = Order.objects.filter(
        case__court=new.court,
        case__docket_number__in=spellings(new.docket_number),
        case__respondent__name=new.respondent_name,
        kind=new.kind,
        issued_on=new.day_of_issue,
        issued_at=new.issued_at,
    )
    if new.por_number:
        same = same.filter(por_number="")
    for one in same.prefetch_related("protected_persons"):
        names = {fold(person.name) for person in one.protected_persons.all()}
        if not new.protected_person or not names or fold(new.protected_person) in names:
            message = (
                f"An order of this docket, kind and time of issue is entered already, {_ends(one)}. If it is "
                "the same, cancel and open that one. If the court issued two, give the reason to continue."
            )
            return [DoubtfulFact("docket_number", "already_recorded", message)]
    return []


def _ends(order: Order) -> str:
    if order.por_number:
        return f"with the registry number {order.por_number}"
    return f"with the last day {format_day(order.expires_on)}" if order.expires_on else "without a last day"


def end_doubts(new: NewOrder) -> list[DoubtfulFact]:
    """Return a doubt about an ex parte order whose end is not known."""
    if new.kind != OrderKind.EX_PARTE_RESTRAINING_ORDER or new.hearing_on or new.expires_on:
        return []
    message = (
        "An ex parte order ends at the hearing. Enter the hearing or the last day, or the reason to continue "
        "without."
    )
    return [DoubtfulFact("hearing_on", "no_end", message)]
