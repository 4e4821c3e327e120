"""Notices to the respondent: the duty to surrender, and a hearing. They name no one else of the case.

No line of them depends on what the application states, so that its words cannot be on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.dates import format_clock, format_day, format_instant
from orders.models import Deadline, Hearing, Order
from orders.services.court_days import zone_of
from orders.services.documents.blocks import (
    Block,
    Boxed,
    Document,
    FactGrid,
    Heading,
    Items,
    Note,
    Paragraph,
)
from orders.services.documents.words import DocumentWords
from orders.services.firearms.receipts import recipients_of
from orders.services.firearms.surrender import surrender_deadline


def surrender_notice(order: Order, words: DocumentWords, *, now: datetime) -> Document:
    """Return the notice of the duty to surrender, with its end and the lawful ways for this order."""
    kind = "surrender"
    ways = [words.text(kind, f"way_{one}") for one in recipients_of(order)]
    served = format_instant(order.served_at, zone_of(order), words.language) if order.served_at else ""
    return _notice(
        kind,
        order,
        words,
        (words.text(kind, "served"), served or words.text(kind, "not_served")),
        [
            Boxed(title=words.text(kind, "until_title"), text=_until(order, words, now)),
            Heading(text=words.text(kind, "ways_heading")),
            Items(lines=ways),
            Heading(text=words.text(kind, "proof_heading")),
            Items(lines=words.lines(kind, "proof")),
            Boxed(title=words.text(kind, "warning_title"), text=words.text(kind, "warning")),
            Note(text=words.text(kind, "help")),
        ],
    )


def _until(order: Order, words: DocumentWords, now: datetime) -> str:
    deadline = surrender_deadline(order.deadlines.all(), now)
    if deadline is None or deadline.due_at is None:
        return words.text("surrender", "until_unknown")
    key = "until_over" if deadline.due_at <= now else "until"
    return words.text("surrender", key, due=_due(deadline, order, words))


def _due(deadline: Deadline, order: Order, words: DocumentWords) -> str:
    if deadline.due_on is not None:
        return format_day(deadline.due_on, words.language)
    due = deadline.due_at
    return format_instant(due, zone_of(order), words.language) if due else ""


def hearing_notice(hearing: Hearing, words: DocumentWords) -> Document:
    """Return the notice of a hearing. It comes with its order, case, court and respondent."""
    kind, order = "hearing", hearing.order
    when = format_day(hearing.scheduled_on, words.language)
    if hearing.scheduled_time:
        when = f"{when}, {format_clock(hearing.scheduled_time, words.language)}"
    return _notice(
        kind,
        order,
        words,
        (words.text(kind, "purpose"), words.text("purpose", hearing.purpose)),
        [
            Boxed(
                title=words.text(kind, "when_title"),
                text=words.text(kind, "when" if hearing.scheduled_time else "no_time", when=when),
            ),
            Paragraph(text=words.text(kind, "no_weapons"), strong=True),
            Heading(text=words.text(kind, "bring_heading")),
            Items(lines=words.lines(kind, "bring")),
            Heading(text=words.text(kind, "rights_heading")),
            Items(lines=words.lines(kind, "rights")),
        ],
    )


def _notice(
    kind: str, order: Order, words: DocumentWords, also: tuple[str, str], blocks: Sequence[Block]
) -> Document:
    """Return a notice to the respondent: the addressee, the order, and then these blocks."""
    docket = order.case.docket_number
    return Document(
        name=f"{kind}-notice-{docket}",
        title=words.text(kind, "title"),
        office=str(order.case.court),
        number=docket,
        language=words.language,
        page_words=words.page,
        foot=[words.text(kind, "foot", docket=docket), words.text("page", "not_advice")],
        blocks=[
            Paragraph(text=words.text(kind, "intro")),
            FactGrid(
                pairs=[
                    (words.text(kind, "to"), order.case.respondent.name),
                    (words.text(kind, "docket"), docket),
                    (words.text(kind, "order"), words.text("order_kind", order.kind)),
                    also,
                ]
            ),
            *blocks,
        ],
    )
