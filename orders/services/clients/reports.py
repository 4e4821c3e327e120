"""What a protected person lets the court know through an advocate: the respondent still has firearms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from django.db import transaction
from django.db.models import Min, TextChoices
from django.utils.translation import gettext

from accounts.dates import format_day
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import CaseEvent, ConfidentialityRelease, Order
from orders.services.court_days import court_day
from orders.services.orders.case_events import record_case_event
from orders.services.planning.load_inventories import LAST_KNOWN, REPORTED, load_inventories
from orders.services.validation import YEARS_BACK


class WhyStill(TextChoices):
    """Why a day from before the court case still counts. The words are for court and police.

    Coded, so that no one types a name into what the history keeps.
    """

    KEPT = "kept", "No sale or hand-over since then is known"
    HIDDEN = "hidden", "They are believed to be hidden"
    SEEN = "seen", "Someone else has seen them since"


def report_firearms(
    release: ConfidentialityRelease, *, known_on: date, now: datetime, why: str = ""
) -> CaseEvent:
    """Record that firearms are still there, last known on a day: a closed duty opens again for a check.

    The history names neither advocate nor organization, which would show whose client a person is; the access
    log has the reader. Court and police see the event. Raises `InvalidFact`, and `DoubtfulFact` for a day
    from before the court case unless `why` is one of `WhyStill`.
    """
    order = release.order
    if not release.covers_firearms:
        message = gettext("The release does not cover firearms. Record a new one.")
        raise InvalidFact("known_on", "not_covered", message)
    today = court_day(order, now)
    if known_on > today:
        message = gettext("This day is in the future. Enter the day when your client last knew of guns.")
        raise InvalidFact("known_on", "in_the_future", message)
    if known_on.year < today.year - YEARS_BACK:
        raise InvalidFact("known_on", "unlikely_year", gettext("This is too long ago. Correct the year."))
    if CaseEvent.objects.filter(order=order, kind=REPORTED, occurred_on=today).exists():
        message = gettext("This was reported today. Police will check it.")
        raise InvalidFact("known_on", "already_reported", message)
    reason = _reason(order, known_on, why)
    with transaction.atomic():
        event = record_case_event(order, kind=REPORTED, occurred_at=now, by=None, now=now, confirm=reason)
        row = ConfidentialityRelease.objects.select_for_update(no_key=True).get(pk=release.pk)
        row.reported_on = [*(row.reported_on or []), today]
        row.save(update_fields=["reported_on"])
    return event


class Fate(Enum):
    """What became of a report."""

    OPEN = "open"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class OwnReport:
    """A report of the reader's organization, and what became of it."""

    on: date
    fate: Fate


def own_reports(release: ConfidentialityRelease) -> list[OwnReport]:
    """Return what the organization reported under its releases of the order, the newest first.

    What others reported is not among it: it would show that they know the same person.
    """
    rows = ConfidentialityRelease.objects.filter(order=release.order_id, agency=release.agency_id)
    lists = rows.values_list("reported_on", flat=True) if release.covers_firearms else ()
    days = sorted({day for one in lists for day in one or ()}, reverse=True)
    if not days:
        return []
    case = release.order.case_id
    events = CaseEvent.objects.filter(order=release.order_id, kind=REPORTED)
    known = list(events.order_by("-occurred_on", "-pk").values_list("occurred_on", flat=True))
    # Each report is open until something settles it, the oldest first.
    is_open = set(known[: load_inventories([case])[case].balance_for(release.order).reported])
    return [OwnReport(on=day, fate=_fate(day, is_open, known)) for day in days]


def _fate(day: date, is_open: Collection[date], known: Collection[date]) -> Fate:
    if day not in known:
        return Fate.WITHDRAWN
    return Fate.OPEN if day in is_open else Fate.SETTLED


def case_began(order: Order) -> date:
    """Return the first day of the case: of the application if it is recorded, else of the first order."""
    orders = Order.objects.filter(case=order.case_id).aggregate(first=Min("issued_on"))["first"]
    filed = CaseEvent.objects.filter(order__case=order.case_id, kind="application_filed")
    return min(
        one
        for one in (orders, filed.aggregate(first=Min("occurred_on"))["first"], order.issued_on)
        if one is not None
    )


def _reason(order: Order, known_on: date, why: str) -> str:
    known = f"{LAST_KNOWN}{format_day(known_on)}"
    if known_on >= case_began(order):
        return known
    if why not in WhyStill.values:
        message = gettext("This day is before the court case. Correct it, or say why it still counts.")
        raise DoubtfulFact("known_on", "before_the_case", message)
    return f"{known}, before the court case. {WhyStill(why).label}"
