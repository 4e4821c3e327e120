"""Corrections of the respondent's name, date of birth, town and address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from accounts.models import Town, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import Capacity, Order, OrderAgency, Respondent
from orders.services.change import changing, plain
from orders.services.court_days import birth_doubts, check_born
from orders.services.limits import ask
from orders.services.parties.persons import lock_before_refresh, refresh_person
from orders.services.person_cases import orders_of_group
from orders.services.validation import need_name, need_reason


def correct_respondent(
    order: Order,
    *,
    by: User | None,
    now: datetime,
    reason: str,
    confirm: str = "",
    **changes: str | date | None,
) -> Order:
    """Change the respondent's `name`, `date_of_birth`, or both, in every order against the respondent.

    Raises `InvalidFact`, `DoubtfulFact` for a small child unless `confirm` gives the reason, and `TypeError`
    for another name.
    """
    if unknown := changes.keys() - {"name", "date_of_birth"}:
        raise TypeError(f"cannot be corrected here: {', '.join(sorted(unknown))}")
    if "name" in changes:
        changes["name"] = need_name("name", clean(str(changes["name"])))
    born = changes.get("date_of_birth", order.case.respondent.date_of_birth)
    with transaction.atomic():
        lock_before_refresh(
            order.case.respondent,
            name=str(changes.get("name", order.case.respondent.name)),
            born=born if isinstance(born, date) else None,
        )
        return _correct(order, changes, by=by, now=now, reason=need_reason(reason), confirm=confirm)


def _correct(
    order: Order,
    changes: Mapping[str, str | date | None],
    *,
    by: User | None,
    now: datetime,
    reason: str,
    confirm: str,
) -> Order:
    with changing(order, "corrected", by=by, now=now, reason=reason) as change:
        respondent = change.order.case.respondent
        if "date_of_birth" in changes:
            _check_birth(respondent, changes["date_of_birth"], confirm=confirm)
            if clean(confirm):
                change.data["confirmed"] = clean(confirm)
        for name, value in changes.items():
            old = getattr(respondent, name)
            if old != value:
                setattr(respondent, name, value)
                change.data.setdefault("changes", {})[f"respondent_{name}"] = [plain(old), plain(value)]
        respondent.save(update_fields=sorted(changes))
        change.also_planned = orders_of_group(refresh_person(respondent))
        change.is_of_whole_case = True
    return change.order


def _check_birth(respondent: Respondent, born: object, *, confirm: str) -> None:
    """Refuse a date of birth that is not before the date of every order against the respondent."""
    if isinstance(born, date):
        for issued_on in Order.objects.filter(case__respondent=respondent).values_list(
            "issued_on", flat=True
        ):
            check_born("date_of_birth", born, issued_on)
            ask(birth_doubts("date_of_birth", born, issued_on), confirm=confirm)
    elif born is not None:
        raise InvalidFact("date_of_birth", "invalid", "Enter the date of birth as a day.")


def correct_respondent_town(
    order: Order, *, town: Town, by: User | None, now: datetime, reason: str
) -> Order:
    """Change the respondent's town. In every order its police replace those of the former town."""
    with changing(order, "corrected", by=by, now=now, reason=need_reason(reason)) as change:
        respondent = change.order.case.respondent
        former = respondent.town
        if town != former:
            change.data["changes"] = {"respondent_town": [former.name, town.name]}
        respondent.town = town
        respondent.save(update_fields=["town"])
        order_agencies = OrderAgency.objects.filter(
            order__case__respondent=respondent, capacity=Capacity.RESPONDENT_POLICE
        )
        order_agencies.update(agency=town.police_id)
        change.is_of_whole_case = True
    return change.order


def correct_respondent_address(
    order: Order, *, address: str, by: User | None, now: datetime, reason: str
) -> Order:
    """Change the respondent's address in every order. The history, which is kept forever, has no address."""
    with changing(order, "corrected", by=by, now=now, reason=need_reason(reason)) as change:
        respondent = change.order.case.respondent
        if clean(address) != respondent.address:
            change.data["changed"] = ["respondent_address"]
        respondent.address = clean(address)
        respondent.save(update_fields=["address"])
        change.is_of_whole_case = True
    return change.order
