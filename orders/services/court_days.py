"""Days and instants in the time zone of an order's court. The checks raise `InvalidFact`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.dates import age_on, format_day, format_instant
from accounts.models import Agency
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import Order
from orders.rules.court_time import add_months, local_date
from orders.services.one_round import doubt, refuse
from orders.services.planning.rulebooks import zone_at
from orders.services.validation import (
    YEARS_AHEAD,
    YEARS_BACK,
    YEARS_BEFORE_ORDER,
    YEARS_IN_FORCE,
    YEARS_OF_AGE,
    YEARS_TOO_YOUNG,
    check_instant,
    check_year,
)


def states_of(courts: Iterable[int]) -> list[str]:
    """Return the states of these courts (by key), each once."""
    found = Agency.objects.filter(pk__in=set(courts)).order_by("jurisdiction")
    return list(found.values_list("jurisdiction", flat=True).distinct())


def zone_of(order: Order) -> ZoneInfo:
    """The court's time zone."""
    return zone_at(order.jurisdiction, order.area)


def court_day(order: Order, instant: datetime) -> date:
    """The calendar day of an instant in the court's time zone."""
    return local_date(instant, zone_of(order))


def respondent_age(order: Order, now: datetime) -> int | None:
    """The respondent's age on the court's day; None without a date of birth."""
    born = order.case.respondent.date_of_birth
    return age_on(born, court_day(order, now)) if born else None


def day_of(
    prefix: str, order: Order, *, on: date | None, at: datetime | None, now: datetime
) -> tuple[date, int | None]:
    """The court day of an event that a person reports by day or by instant, and the instant's UTC offset.

    One of the two is required, and it must not be in the future. The fields are `PREFIX_on` and `PREFIX_at`.
    """
    if at is not None:
        return court_day(order, at), check_instant(f"{prefix}_at", at, now=now, zone=zone_of(order))
    if on is None:
        raise InvalidFact(f"{prefix}_on", "required", "Enter the day, or the time with its UTC offset.")
    check_day_not_in_future(f"{prefix}_on", order, on, now=now)
    return on, None


def check_day_not_in_future(field_name: str, order: Order, day: date, *, now: datetime) -> None:
    """Refuse a day after today in the court's time zone."""
    if day > court_day(order, now):
        refuse(
            field_name,
            "in_the_future",
            f"{format_day(day)} is in the future. Enter the day on which it happened.",
        )
    check_year(field_name, day, near=now.date(), back=YEARS_BACK)


def check_day_ahead(field_name: str, day: date, *, now: datetime) -> None:
    """Refuse a day for which something is set if its year can only be a typing error."""
    check_year(field_name, day, near=now.date(), back=YEARS_BACK, ahead=YEARS_AHEAD)


def is_before_issue(order: Order, at: datetime) -> bool:
    """True if the instant is before the order was issued; by day if the time of issue is not known."""
    return at < order.issued_at if order.issued_at else court_day(order, at) < order.issued_on


def check_not_before_issue(field_name: str, order: Order, at: datetime, code: str) -> None:
    """Refuse an instant before the order was issued."""
    if is_before_issue(order, at):
        refuse(
            field_name,
            code,
            f"{format_instant(at, zone_of(order))} is before the order was issued "
            f"({_issued(order)}). Correct this time, or the time of issue first.",
        )


def check_proof_not_before_order(field_name: str, order: Order, at: datetime, *, confirm: str = "") -> None:
    """Raise `DoubtfulFact` for proof of surrender from before the order, unless `confirm` gives a reason.

    Firearms can be handed in before an order is issued. More often the year is a typing error.
    """
    if is_before_issue(order, at) and not confirm.strip():
        doubt(
            field_name,
            "before_the_order",
            f"{format_instant(at, zone_of(order))} is before the order was issued "
            f"({_issued(order)}). Correct the date, or confirm it with a reason.",
        )


def check_happened_since_order(
    prefix: str, order: Order, *, on: date, at: datetime | None, confirm: str, may_precede: bool = False
) -> None:
    """Raise `DoubtfulFact` for an event from before the order, unless `confirm` gives a reason.

    With `may_precede`, only for one from long before it. `day_of` has the names of the fields.
    """
    is_early = on < order.issued_on if at is None else is_before_issue(order, at)
    if may_precede:
        is_early = on.year < order.issued_on.year - YEARS_BEFORE_ORDER
    if is_early and not confirm.strip():
        when = format_day(on) if at is None else format_instant(at, zone_of(order))
        doubt(
            f"{prefix}_on" if at is None else f"{prefix}_at",
            "before_the_order",
            f"{when} is {'long ' if may_precede else ''}before the order was issued ({_issued(order)}). "
            "Correct the date, or confirm it with a reason.",
        )


def check_not_after_last_day(field_name: str, order: Order, at: datetime, code: str) -> None:
    """Refuse an instant after the last day that the order names."""
    if order.expires_on is not None and court_day(order, at) > order.expires_on:
        refuse(
            field_name,
            code,
            f"{format_instant(at, zone_of(order))} is after the last day of the order, "
            f"{format_day(order.expires_on)}. Correct this time, or the last day of the order.",
        )


def check_day_not_before_issue(field_name: str, order: Order, day: date, code: str) -> None:
    """Refuse a day before the date of the order."""
    if day < order.issued_on:
        refuse(
            field_name,
            code,
            f"{format_day(day)} is before the date of the order, {format_day(order.issued_on)}. Correct one "
            "of the two.",
        )


def check_born(field_name: str, born: date, issued_on: date) -> None:
    """Refuse a date of birth that is not before the date of the order."""
    if born >= issued_on:
        refuse(
            field_name,
            "born_after_issue",
            "The date of birth is not before the date of the order. Correct the year.",
        )
    if issued_on.year - born.year > YEARS_OF_AGE:
        refuse(
            field_name,
            "unlikely_year",
            f"The respondent would be older than {YEARS_OF_AGE} years. Correct the year of birth.",
        )


def birth_doubts(field_name: str, born: date | None, issued_on: date) -> list[DoubtfulFact]:
    """Return a doubt about a respondent who was a small child at the date of the order."""
    if born is None or add_months(born, 12 * YEARS_TOO_YOUNG) <= issued_on:
        return []
    message = (
        f"The respondent would be younger than {YEARS_TOO_YOUNG} years. Correct the date of birth, or "
        "continue with a reason."
    )
    return [DoubtfulFact(field_name, "unlikely_age", message)]


def check_dates(order: Order, *, served_field: str = "served_at") -> None:
    """Refuse an order that was served or ended before issue, or served after its last day."""
    if order.served_at is not None:
        check_not_before_issue(served_field, order, order.served_at, "served_before_issued")
    if order.vacated_at is not None and is_before_issue(order, order.vacated_at):
        refuse(
            "issued_at",
            "vacated_before_issued",
            f"The court ended the order {format_instant(order.vacated_at, zone_of(order))}, before it was "
            f"issued ({_issued(order)}). Correct one of the two.",
        )
    if order.expires_on is not None:
        check_day_not_before_issue("expires_on", order, order.expires_on, "expires_before_issue")
        check_year("expires_on", order.expires_on, near=order.issued_on, ahead=YEARS_IN_FORCE)
    is_in_order = order.expires_on is None or order.expires_on >= order.issued_on
    if order.served_at is not None and is_in_order:
        check_not_after_last_day(served_field, order, order.served_at, "served_after_last_day")


def check_issued(order: Order, *, now: datetime) -> None:
    """Refuse an order with a date in the future: a typing error would move every deadline."""
    if order.issued_on > court_day(order, now) or (order.issued_at is not None and order.issued_at > now):
        refuse(
            "issued_at", "in_the_future", f"{_issued(order)} is in the future. Correct the date of the order."
        )
    check_year("issued_at", order.issued_on, near=now.date(), back=YEARS_BACK)


def check_nothing_earlier(order: Order, *, by_registry: bool = False) -> None:
    """Refuse a date of issue after what cannot come before it: failed attempts, hearings, conditions.

    The registry may send a hearing with the date.
    """
    zone, on = zone_of(order), order.issued_on
    found = [
        ("attempted_before_issued", f"A failed attempt at service ({format_instant(one, zone)})")
        for one in order.service_attempts.values_list("attempted_at", flat=True)
        if is_before_issue(order, one)
    ]
    if not by_registry:
        hearings = order.hearings.filter(scheduled_on__lt=on).values_list("scheduled_on", flat=True)
        found += [("hearing_before_issue", f"A hearing ({format_day(one)})") for one in hearings]
    due = order.conditions.filter(due_on__lt=on).values_list("due_on", flat=True)
    found += [("condition_before_issue", f"A condition ({format_day(one)})") for one in due if one]
    if found:
        code, what = found[0]
        refuse("issued_at", code, f"{what} would come before the order. Correct that first, or this date.")


def _issued(order: Order) -> str:
    if order.issued_at is None:
        return format_day(order.issued_on)
    return format_instant(order.issued_at, zone_of(order))
