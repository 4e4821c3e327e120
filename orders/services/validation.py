"""Checks of single values that a person enters. Each raises `InvalidFact`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.dates import COURT_TIME, format_day, format_instant
from accounts.models import POLICE, Agency
from orders.errors import InvalidFact
from orders.models import Order
from orders.models.fields import offset_of
from orders.services.one_round import at_once, refuse, refuse_all


def check_all(*checks: Callable[[], object]) -> None:
    """Call each check, and raise the first refusal with all others, so that a person reads them at once."""
    refuse_all([refusal for check in checks for refusal in refusals_of(check)])


def refusals_of(check: Callable[[], object]) -> list[InvalidFact]:
    """Call a check and return what it refuses."""
    try:
        with at_once():
            check()
    except InvalidFact as refusal:
        found = [refusal, *refusal.others]
        refusal.others = ()
        return found
    return []


def need_reason(reason: str) -> str:
    """The reason without surrounding blanks."""
    if not reason.strip():
        refuse("reason", "required", "A reason is required. Enter why.")
    return reason.strip()


def need_visible(field_name: str, text: str) -> str:
    """The cleaned text, which must not be empty."""
    if not text:
        refuse(field_name, "required", "This field is required. Nothing in it is visible.")
    return text


def need_name(field_name: str, text: str) -> str:
    """The cleaned name, which must have a letter: names of signs alone would all be equal."""
    if not any(character.isalpha() for character in need_visible(field_name, text)):
        refuse(field_name, "no_name", f"“{text}” has no letter. Enter the name.")
    return text


def need_police(agency: Agency | None, remedy: str) -> None:
    """Refuse an agency that is missing or not a police agency; `remedy` is the message."""
    if agency is None or agency.kind not in POLICE:
        refuse("agency", "not_police", remedy)


def need_one_of(field_name: str, code: str, value: str, allowed: Iterable[str]) -> str:
    """The value, which must be in a list."""
    if value not in (choices := list(allowed)):
        refuse(field_name, code, f"“{value}” is not a choice. Use one of: {', '.join(choices)}.")
    return value


def need_offset(field_name: str, at: datetime) -> int:
    """The UTC offset of an instant, in minutes."""
    if at.utcoffset() is None:
        refuse(field_name, "invalid_timestamp", "The time has no UTC offset. Add one.")
    return offset_of(at)


#: A year beyond these is a typing error: how many years ago something happened, how many years from now the
#: court sets something, how many years an order lasts, and how old a person is.
YEARS_BACK, YEARS_AHEAD, YEARS_IN_FORCE, YEARS_OF_AGE = 50, 10, 100, 120

#: An event that may precede the order is doubted if it is more years before it: a typing error is likelier.
YEARS_BEFORE_ORDER = 1

#: A respondent who is younger than this at issue is doubted: the year of birth may be wrong.
YEARS_TOO_YOUNG = 10

#: A last day that is more years after the order is doubted, whatever the law allows: its year may be wrong.
YEARS_LIKELY_IN_FORCE = 10


def check_year(field_name: str, day: date, *, near: date, back: int = 0, ahead: int = 0) -> None:
    """Refuse a day that is more years before or after `near` than is likely: its year is a typing error."""
    if not near.year - back <= day.year <= near.year + ahead:
        refuse(
            field_name,
            "unlikely_year",
            f"{format_day(day)} is not likely: the year must be from {near.year - back} to "
            f"{near.year + ahead}. Correct the year.",
        )


def check_instant(field_name: str, at: datetime, *, now: datetime, zone: ZoneInfo = COURT_TIME) -> int:
    """The UTC offset, in minutes, of an instant that a person reports. It must not be in the future.

    `zone` is for the message.
    """
    offset = need_offset(field_name, at)
    if at > now:
        refuse(
            field_name,
            "in_the_future",
            f"{format_instant(at, zone)} is in the future. Enter the time at which it happened.",
        )
    check_year(field_name, at.astimezone(zone).date(), near=now.date(), back=YEARS_BACK)
    return offset


def check_own_state(order: Order, agency: Agency) -> None:
    """Raise `InvalidFact` for an agency that acts for another state than the order's."""
    if agency.jurisdiction != order.jurisdiction:
        refuse(
            "agency",
            "agency_of_another_state",
            f"{agency} acts for {agency.get_jurisdiction_display()}. Choose one of the state of the order.",
        )
