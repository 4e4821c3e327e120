"""Papers of the court: what is due on a day, the docket of a day, and what is known of a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.dates import format_birth_date, format_clock, format_day, format_instant
from accounts.models import Agency
from orders.models import Deadline, Hearing, OrderCondition, Receipt
from orders.services.court_days import zone_of
from orders.services.documents.blocks import (
    Block,
    DataTable,
    Document,
    FactGrid,
    Heading,
    Items,
    Note,
    Paragraph,
)
from orders.services.firearms.surrender import surrender_deadline
from orders.services.orders.record import OrderRecord
from orders.services.planning.duties import who_must_act
from orders.services.planning.inventory import Inventory
from orders.services.planning.lasting import condition_title
from orders.services.planning.rulebooks import bundled

UNKNOWN = "Not recorded"
#: The most rows of a paper for one day.
MOST_ROWS = 300


def compliance_calendar(
    court: Agency, day: date, deadlines: Sequence[Deadline], *, now: datetime
) -> Document:
    """Return what is due in a court's cases on a day. The deadlines come with order, case and respondent."""
    rows = [
        [
            due_line(one),
            one.order.case.docket_number,
            one.order.case.respondent.name,
            rule_title(one.rule_id),
            who_must_act(one.rule_id, one.value_effective).capitalize(),
            "Overdue" if one.is_overdue(now) else one.get_state_display(),
        ]
        for one in deadlines[:MOST_ROWS]
    ]
    return _of_day(
        "compliance-calendar",
        f"Compliance calendar, {format_day(day)}",
        court,
        day,
        DataTable(
            columns=["Due", "Docket", "Respondent", "What is due", "Who must act", "State"],
            widths=[6, 7, 7, 12, 5, 4],
            rows=rows,
        ),
        is_cut=len(deadlines) > MOST_ROWS,
        now=now,
    )


def docket_list(
    court: Agency, day: date, hearings: Sequence[Hearing], inventories: dict[int, Inventory], *, now: datetime
) -> Document:
    """Return the hearings of a court on a day, each with what is accounted for."""
    rows = []
    for number, one in enumerate(hearings[:MOST_ROWS], 1):
        balance = inventories[one.order.case_id].balance_for(one.order)
        rows.append(
            [
                str(number),
                format_clock(one.scheduled_time) if one.scheduled_time else "Time not set",
                one.judge,
                one.order.case.docket_number,
                one.order.case.respondent.name,
                one.get_purpose_display(),
                one.order.get_kind_display(),
                f"{balance.accounted} of {balance.whole}" if balance.whole else "No firearm known",
                one.get_outcome_display() if one.outcome else "",
            ]
        )
    return _of_day(
        "docket-list",
        f"Docket list, {format_day(day)}",
        court,
        day,
        DataTable(
            columns=[
                "No.", "Time", "Judge", "Docket", "Respondent", "Hearing", "Order", "Accounted for",
                "Outcome",
            ],
            widths=[2, 4, 5, 6, 7, 6, 8, 5, 5],
            rows=rows,
        ),
        is_cut=len(hearings) > MOST_ROWS,
        now=now,
    )  # fmt: skip


def _of_day(
    name: str, title: str, court: Agency, day: date, table: DataTable, *, is_cut: bool, now: datetime
) -> Document:
    blocks: list[Block] = [table] if table.rows else [Paragraph(text="Nothing on this day.")]
    if is_cut:
        blocks.append(Note(text=f"Only the first {MOST_ROWS} are on this paper."))
    return Document(
        name=f"{name}-{day.isoformat()}",
        title=title,
        office=str(court),
        number=format_day(day),
        wide=True,
        dense=True,
        foot=[f"As of {format_instant(now)}", "For the court only."],
        blocks=blocks,
    )


def case_summary(record: OrderRecord, *, now: datetime) -> Document:
    """Return what is known of a case, for the judge. Every line is a stored fact and no line a conclusion."""
    order, zone = record.order, zone_of(record.order)
    person, docket = order.case.respondent, order.case.docket_number
    deadline = surrender_deadline(record.deadlines, now)
    return Document(
        name=f"case-summary-{docket}",
        title="What is known",
        office=str(order.case.court),
        number=docket,
        dense=True,
        foot=[f"As of {format_instant(now, zone)}", "For the court only."],
        blocks=[
            FactGrid(
                pairs=[
                    ("Respondent", person.name),
                    ("Docket", docket),
                    ("Born", format_birth_date(person.date_of_birth) if person.date_of_birth else UNKNOWN),
                    ("Order", order.get_kind_display()),
                    ("Town", str(person.town)),
                    ("Issued", format_day(order.issued_on)),
                    ("Served", format_instant(order.served_at, zone) if order.served_at else "Not served"),
                    ("Last day", format_day(order.expires_on) if order.expires_on else "Not printed"),
                    ("Surrender", state_line(deadline, now)),
                    ("Due", due_line(deadline) if deadline else "No duty runs"),
                ]
            ),
            Heading(text=f"Firearms: {record.account.accounted} of {record.account.whole} accounted for"),
            Note(text=f"{record.account.allegation.sentence} {record.account.numbers}."),
            *_firearms(record),
            *_lines("Receipts", [_receipt(one, zone) for one in record.receipts]),
            *_lines(
                "Sworn statements (sworn alone proves nothing)",
                [
                    f"{one.get_kind_display()}, {format_instant(one.sworn_at, zone)}"
                    for one in record.statements
                ],
            ),
            *_lines("Still open", record.account.why_open),
            *_lines(
                "Failed attempts at service",
                [f"{format_instant(one.attempted_at, zone)}: {one.reason}" for one in record.attempts],
            ),
            *_lines("Conditions in force", [condition_line(one) for one in record.conditions_in_force]),
            *_lines("Hearings", [_hearing(one) for one in record.hearings]),
            *_lines("Other orders of the case", [str(one) for one in record.siblings]),
        ],
    )


def _firearms(record: OrderRecord) -> list[Block]:
    if not record.firearms:
        return [Paragraph(text="No firearm is listed.")]
    return [
        DataTable(
            columns=["Item", "Status", "Source"],
            widths=[3, 2, 2],
            rows=[[str(one), one.get_status_display(), one.get_source_display()] for one in record.firearms],
        )
    ]


def _lines(title: str, lines: Sequence[str]) -> list[Block]:
    return [Heading(text=title), Items(lines=list(lines), numbered=False)] if lines else []


def _receipt(one: Receipt, zone: ZoneInfo) -> str:
    number = f" {one.receipt_number}" if one.receipt_number else ""
    items = "; ".join(str(firearm) for firearm in one.firearms.all())
    return f"Receipt{number}, {format_instant(one.received_at, zone)}, {one.get_kind_display()}: {items}"


def condition_line(one: OrderCondition) -> str:
    """Return a condition with its day or time, and the judge's own words."""
    title, zone = condition_title(one), zone_of(one.order)
    due = format_instant(one.due_at, zone) if one.due_at else format_day(one.due_on) if one.due_on else ""
    return ": ".join(part for part in (title, due, " ".join(one.details.split())) if part)


def _hearing(one: Hearing) -> str:
    at = f", {format_clock(one.scheduled_time)}" if one.scheduled_time else ""
    outcome = one.get_outcome_display() if one.outcome else "not held yet"
    return f"{format_day(one.scheduled_on)}{at}: {one.get_purpose_display()}; {outcome.lower()}"


def state_line(deadline: Deadline | None, now: datetime) -> str:
    """Return the state of a surrender in words."""
    if deadline is None:
        return "No duty runs"
    if deadline.is_overdue(now):
        return "Overdue"
    return deadline.get_proof_display() if deadline.proof else deadline.get_state_display()


def due_line(deadline: Deadline) -> str:
    """Return when a deadline is due."""
    if deadline.due_on is not None:
        return f"{format_day(deadline.due_on)}, end of day"
    return format_instant(deadline.due_at, zone_of(deadline.order)) if deadline.due_at else UNKNOWN


def rule_title(rule_id: str) -> str:
    """Return the title of a rule; its id if the rulebook no longer has it."""
    rule = bundled().by_id.get(rule_id)
    return rule.title.rstrip(".") if rule else rule_id
