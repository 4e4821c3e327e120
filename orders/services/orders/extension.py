"""Extension of an order: recorded, corrected, withdrawn. Several undo in order, the latest first."""

from __future__ import annotations

from datetime import date, datetime

from accounts.dates import format_day
from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import Extension, Order
from orders.services.change import changing
from orders.services.court_days import check_dates
from orders.services.limits import within_limits
from orders.services.one_round import refuse
from orders.services.validation import YEARS_IN_FORCE, check_year, need_reason


def extend_order(
    order: Order, *, expires_on: date, by: User | None, now: datetime, confirm: str = ""
) -> Order:
    """Extend the order to `expires_on` and replan its expiry and the windows before it.

    Raises `InvalidFact`, and `DoubtfulFact` for a day beyond the rules unless `confirm` gives the reason.
    """
    with changing(order, "extended", by=by, now=now, reason=clean(confirm)) as change:
        if change.order.vacated_at is not None:
            refuse(
                "expires_on",
                "order_vacated",
                "The order is vacated, so it cannot be extended. Reinstate it first if that was an error.",
            )
        what = "extension" if change.order.extensions.exists() else "order"
        _check_later(
            expires_on,
            change.order.expires_on or change.order.issued_on,
            remedy=f"To fix a wrong date, correct the {what}.",
        )
        with within_limits(change, confirm=confirm):
            Extension.objects.create(
                order=change.order, former_last_day=change.order.expires_on, expires_on=expires_on
            )
            change.set("expires_on", expires_on)
    return change.order


def correct_extension(
    order: Order, *, expires_on: date, by: User | None, now: datetime, reason: str, confirm: str = ""
) -> Order:
    """Change the day to which the latest extension extends the order.

    Raises `InvalidFact`, and `DoubtfulFact` for a day beyond the rules unless `confirm` gives the reason.
    """
    with changing(order, "extension_corrected", by=by, now=now, reason=need_reason(reason)) as change:
        extension = _latest(change.order)
        _check_later(
            expires_on,
            extension.former_last_day or change.order.issued_on,
            remedy="If the order was not extended, withdraw the extension.",
        )
        with within_limits(change, confirm=confirm):
            change.set("expires_on", expires_on)
            extension.expires_on = expires_on
            extension.save(update_fields=["expires_on"])
        check_dates(change.order, served_field="expires_on")
    return change.order


def withdraw_extension(order: Order, *, by: User | None, now: datetime, reason: str) -> Order:
    """Withdraw the latest extension: the last day is again what it was before. Raises `InvalidFact`."""
    with changing(order, "extension_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        extension = _latest(change.order)
        change.set("expires_on", extension.former_last_day)
        extension.delete()
        check_dates(change.order, served_field="order")
    return change.order


def follow_last_day(order: Order, *, former: date | None) -> None:
    """Bring extensions and modifications into agreement with a last day that was corrected on the order.

    A modification that set the `former` one then sets that day, or shortens nothing. Otherwise the latest
    extension ends on that day. An extension that would not extend anymore goes.
    """
    if _is_followed_by_modification(order, former):
        return
    for extension in order.extensions.order_by("-id"):
        last_day, before = order.expires_on, extension.former_last_day or order.issued_on
        if last_day is not None and last_day > before:
            if extension.expires_on != last_day:
                extension.expires_on = last_day
                extension.save(update_fields=["expires_on"])
            return
        extension.delete()


def _is_followed_by_modification(order: Order, former: date | None) -> bool:
    """True if a modification set the former last day and sets the corrected one now."""
    row = order.modifications.exclude(expires_on=None).order_by("-id").first()
    if row is None or row.expires_on != former:
        return False
    last_day = order.expires_on
    shortens = last_day is not None and (row.former_last_day is None or last_day < row.former_last_day)
    if not shortens:
        row.former_last_day = None
    row.expires_on = last_day if shortens else None
    row.save(update_fields=["former_last_day", "expires_on"])
    return shortens


def _latest(order: Order) -> Extension:
    extension = order.extensions.order_by("-id").first()
    if extension is None:
        raise InvalidFact(
            "order", "not_extended", "The order was not extended. To fix its last day, correct the order."
        )
    if order.expires_on != extension.expires_on:
        refuse(
            "order",
            "last_day_changed",
            "The last day was changed after this extension. Withdraw that change first, or correct the last "
            "day of the order.",
        )
    return extension


def _check_later(expires_on: date, last_day: date, *, remedy: str) -> None:
    if expires_on <= last_day:
        refuse(
            "expires_on",
            "not_an_extension",
            f"{format_day(expires_on)} is not after the last day so far, {format_day(last_day)}. {remedy}",
        )
    check_year("expires_on", expires_on, near=last_day, ahead=YEARS_IN_FORCE)
