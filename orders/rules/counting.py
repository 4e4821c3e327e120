"""Count an offset from an event: elapsed hours, calendar days, open days, months or years."""

from __future__ import annotations

from datetime import date

from orders.rules.court_time import add_elapsed_hours, add_months
from orders.rules.facts import Event
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import Offset
from orders.rules.planned import Moment
from orders.rules.vocabulary import Unit


def moment_after(start: Event, offset: Offset, jurisdiction: Jurisdiction) -> Moment | None:
    """Return the moment `offset` after `start`; None if the offset gives no moment.

    Hours need an instant. The next open day gives a moment only if the court is closed on the day of `start`.
    """
    if offset.unit in (Unit.INDEFINITE, Unit.AS_ORDERED):
        return None
    if offset.unit is Unit.ELAPSED_HOURS:
        return None if start.at is None else Moment(at=add_elapsed_hours(start.at, offset.amount))
    is_own_day = offset.unit is Unit.CALENDAR_DAYS and offset.amount == 0
    if start.kind == "condition_set" and start.at is not None and is_own_day:
        # The court set this time itself.
        return Moment(at=start.at)
    day = start.day(jurisdiction.zone)
    if offset.unit is Unit.NEXT_OPEN_DAY:
        following = jurisdiction.calendar.next_open_day(day)
        return None if following == day else Moment(on=following)
    return Moment(on=day_after(day, offset, jurisdiction))


def day_after_leap_year(start: date, due: date) -> date | None:
    """Return March 1 if a time from February 29 ends on February 28 (TIME-08); None otherwise."""
    if (start.month, start.day, due.month, due.day) != (2, 29, 2, 28):
        return None
    return date(due.year, 3, 1)


def day_after(day: date, offset: Offset, jurisdiction: Jurisdiction) -> date:
    """Return the day `offset` after `day`; before it if the amount is negative."""
    match offset.unit:
        case Unit.COURT_DAYS | Unit.BUSINESS_DAYS:
            return jurisdiction.calendar.add_open_days(day, offset.amount)
        case Unit.MONTHS:
            return add_months(day, offset.amount)
        case Unit.YEARS:
            return add_months(day, 12 * offset.amount)
        case _:
            return date.fromordinal(day.toordinal() + offset.amount)
