"""The bench sheet: one page for the judge at one hearing. Its lines are stored facts, no conclusions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.dates import format_birth_date, format_clock, format_day, format_instant
from accounts.models import Agency
from orders.models import Hearing
from orders.services.conditions.conditions import available_conditions
from orders.services.court_days import court_day, zone_of
from orders.services.documents.blocks import (
    Block,
    Boxed,
    DataTable,
    Document,
    FactGrid,
    Heading,
    Items,
    NewPage,
    Note,
    Paragraph,
)
from orders.services.documents.court_papers import UNKNOWN, condition_line, due_line, state_line
from orders.services.firearms.surrender import surrender_deadline
from orders.services.orders.record import OrderRecord
from orders.services.planning.lasting import condition_title, is_limited, lasting_conditions
from orders.services.planning.rulebooks import zone_at

#: What fits on one page.
_MOST_FIREARMS, _MOST_LINES, MOST_HISTORY = 8, 5, 6


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a sheet is about: a hearing, its order, and the history in words, the newest first."""

    hearing: Hearing
    record: OrderRecord
    history: Sequence[str]


def bench_sheet(one: Bench, *, now: datetime) -> Document:
    """Return the sheet of one hearing."""
    order, docket, hearing = one.record.order, one.record.order.case.docket_number, one.hearing
    return Document(
        name=f"bench-sheet-{docket}-{hearing.scheduled_on.isoformat()}",
        title="Bench sheet",
        office=str(order.case.court),
        number=docket,
        dense=True,
        foot=[f"As of {format_instant(now, zone_of(order))}", "For the court only."],
        blocks=_sheet(one, now),
    )


def bench_sheets(
    court: Agency, day: date, sheets: Sequence[Bench], *, left_out: int = 0, judge: str = "", now: datetime
) -> Document:
    """Return the sheets of all hearings of a day in one document, each on a page of its own."""
    blocks: list[Block] = []
    if not sheets:
        blocks.append(Paragraph(text="No hearing is set for this day."))
    if left_out:
        blocks.append(Note(text=f"{left_out} more hearings are not in this file. Choose one judge."))
    for number, one in enumerate(sheets, start=1):
        case = one.record.order.case
        blocks += [NewPage()] if number > 1 else []
        blocks += [Heading(text=f"{number}. {case.docket_number}, {case.respondent.name}"), *_sheet(one, now)]
    return Document(
        name=f"bench-sheets-{day.isoformat()}",
        title=f"Bench sheets, {format_day(day)}",
        office=str(court),
        number=judge,
        dense=True,
        foot=[f"As of {format_instant(now, zone_at(court.jurisdiction, court.area))}", "For the court only."],
        blocks=blocks,
    )


def _sheet(one: Bench, now: datetime) -> list[Block]:
    """Return the parts of one sheet."""
    hearing, record = one.hearing, one.record
    at = f", {format_clock(hearing.scheduled_time)}" if hearing.scheduled_time else ""
    return [
        _who(hearing, record, f"{format_day(hearing.scheduled_on)}{at}"),
        _clock(record, now),
        *_firearms(record),
        Heading(text="Proven, sworn, planned"),
        Items(lines=_proof(record, now), numbered=False),
        *_list("Conditions in force", [condition_line(each) for each in record.conditions_in_force]),
        *_list("Last in the history", one.history[:MOST_HISTORY]),
        *_next(record),
    ]


def _who(hearing: Hearing, record: OrderRecord, when: str) -> FactGrid:
    order, zone = record.order, zone_of(record.order)
    person = order.case.respondent
    served = format_instant(order.served_at, zone) if order.served_at else "Not served"
    how = f", {order.get_service_method_display().lower()}" if order.served_at else ""
    born = format_birth_date(person.date_of_birth) if person.date_of_birth else UNKNOWN
    return FactGrid(
        pairs=[
            ("Respondent", f"{person.name}, {person.town}"),
            ("Hearing", f"{hearing.get_purpose_display()}, {when}"),
            ("Born", born),
            ("Judge", hearing.judge or UNKNOWN),
            ("Protected", "; ".join(one.name for one in record.protected_persons) or UNKNOWN),
            ("Order", f"{order.get_kind_display()}, {format_day(order.issued_on)}"),
            ("Served", f"{served}{how}"),
            ("Last day", format_day(order.expires_on) if order.expires_on else "Not printed"),
        ]
    )


def _clock(record: OrderRecord, now: datetime) -> Boxed:
    deadline = surrender_deadline(record.deadlines, now)
    title = f"Surrender of firearms: {state_line(deadline, now).lower()}"
    return Boxed(title=title, text=f"Due: {due_line(deadline)}" if deadline else "No duty runs.")


def _firearms(record: OrderRecord) -> list[Block]:
    account = record.account
    alleged = "no number" if account.alleged is None else str(account.alleged)
    found: list[Block] = [
        Heading(text="Firearms"),
        Note(
            text=f"Alleged: {alleged}. Listed: {account.listed}. "
            f"Accounted for: {account.accounted} of {account.whole}."
        ),
    ]
    if record.firearms:
        found.append(
            DataTable(
                columns=["Item", "Status", "Source"],
                widths=[3, 2, 2],
                rows=[
                    [str(one), one.get_status_display(), one.get_source_display()]
                    for one in record.firearms[:_MOST_FIREARMS]
                ],
            )
        )
    if len(record.firearms) > _MOST_FIREARMS:
        found.append(Note(text=f"{len(record.firearms) - _MOST_FIREARMS} more are on the page of the order."))
    return found


def _proof(record: OrderRecord, now: datetime) -> list[str]:
    """Return what is proven, what is only sworn, and what is only planned."""
    zone, today = zone_of(record.order), court_day(record.order, now)
    receipts = [one.receipt_number or one.get_kind_display() for one in record.receipts]
    checked = {one.statement_id for one in record.verifications}
    sworn = [
        f"{one.get_kind_display().lower()} ({format_instant(one.sworn_at, zone)})"
        for one in record.statements
        if one.pk not in checked
    ]
    planned = [condition_title(one) for one in record.open_conditions if one.due_on and one.due_on >= today]
    planned += [
        f"{one.get_purpose_display().lower()} hearing ({format_day(one.scheduled_on)})"
        for one in record.open_hearings
        if one.scheduled_on > today
    ]
    account = record.account
    return [
        f"Proven: {account.accounted} of {account.whole}"
        + (f"; receipts {', '.join(receipts[:_MOST_LINES])}" if receipts else "; no receipt")
        + ".",
        f"Sworn and not verified: {'; '.join(sworn[:_MOST_LINES]) or 'nothing'}. It proves nothing alone.",
        f"Planned: {'; '.join(planned[:_MOST_LINES]) or 'nothing'}. It is not done.",
        *account.why_open[:_MOST_LINES],
    ]


def _next(record: OrderRecord) -> list[Block]:
    """Return what a judge may order here and has not ordered yet."""
    order = record.order
    held = {one.condition for one in record.conditions_in_force}
    dated = [rule.title.rstrip(".") for name, rule in available_conditions(order).items() if name not in held]
    lasting = [
        one.title.rstrip(".")
        for name, one in lasting_conditions(order).items()
        if name not in held and name not in available_conditions(order) and not is_limited(order, name)
    ]
    # In small print, so that all of it fits on the page.
    return [
        Heading(text="What the court can order next"),
        Note(text=f"By a day or a time: {'; '.join(dated) or 'everything is ordered'}."),
        Note(text=f"For as long as the order lasts: {'; '.join(lasting) or 'everything is ordered'}."),
    ]


def _list(title: str, lines: Sequence[str], *, most: int = _MOST_LINES) -> list[Block]:
    if not lines:
        return []
    more = [f"{len(lines) - most} more are on the page of the order."] if len(lines) > most else []
    return [Heading(text=title), Items(lines=[*lines[:most], *more], numbered=False)]
