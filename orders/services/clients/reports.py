"""What a protected person lets the court know through an advocate: the respondent still has firearms."""

from __future__ import annotations

from datetime import date, datetime

from accounts.dates import format_day
from orders.errors import InvalidFact
from orders.models import CaseEvent, ConfidentialityRelease
from orders.services.court_days import check_day_not_in_future, court_day
from orders.services.orders.case_events import record_case_event
from orders.services.planning.load_inventories import LAST_KNOWN, REPORTED


def report_firearms(release: ConfidentialityRelease, *, known_on: date, now: datetime) -> CaseEvent:
    """Record that firearms are still there, last known on a day: a closed duty opens again for a check.

    The history names neither advocate nor organization, which would show whose client a person is; the access
    log has the reader. Court and police see the event. Raises `InvalidFact`.
    """
    order = release.order
    if not release.covers_firearms:
        raise InvalidFact("known_on", "not_covered", "The release does not cover firearms. Record a new one.")
    check_day_not_in_future("known_on", order, known_on, now=now)
    today = court_day(order, now)
    if CaseEvent.objects.filter(order=order, kind=REPORTED, occurred_on=today).exists():
        raise InvalidFact("known_on", "already_reported", "This was reported today. Police will check it.")
    return record_case_event(
        order, kind=REPORTED, occurred_at=now, by=None, now=now, confirm=f"{LAST_KNOWN}{format_day(known_on)}"
    )
