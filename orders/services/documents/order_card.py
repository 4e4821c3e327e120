"""The card with which a protected person shows an order elsewhere. It names no one but the court."""

from __future__ import annotations

from datetime import datetime

from accounts.dates import format_day
from orders.models import OrderCard
from orders.services.court_days import court_day
from orders.services.documents.blocks import Boxed, Document, FactGrid, Heading, Items, Note, Paragraph
from orders.services.documents.words import DocumentWords
from orders.services.order_state import last_days
from orders.services.orders.order_cards import printed_number


def order_card(card: OrderCard, words: DocumentWords, *, now: datetime) -> Document:
    """Return the card. It comes with its order, case and court."""
    kind, order = "card", card.order
    last_day = last_days([order])[order.pk]
    ends = format_day(last_day, words.language) if last_day else words.text(kind, "no_last_day")
    return Document(
        # The number is on the card, and not in its name.
        name="order-card",
        title=words.text(kind, "title"),
        office=str(order.case.court),
        number=order.case.docket_number,
        language=words.language,
        page_words=words.page,
        foot=[
            words.text(kind, "foot", day=format_day(court_day(order, now), words.language)),
            words.text("page", "not_advice"),
        ],
        blocks=[
            Paragraph(text=words.text(kind, "intro"), strong=True),
            FactGrid(
                pairs=[
                    (words.text(kind, "docket"), order.case.docket_number),
                    (words.text(kind, "order"), words.text("order_kind", order.kind)),
                    (words.text(kind, "issued"), format_day(order.issued_on, words.language)),
                    (words.text(kind, "ends"), ends),
                    (words.text(kind, "court"), str(order.case.court)),
                    (words.text(kind, "telephone"), card.telephone),
                ]
            ),
            Boxed(title=words.text(kind, "number_title"), text=printed_number(card)),
            Heading(text=words.text(kind, "police_heading")),
            Items(lines=words.lines(kind, "police")),
            Heading(text=words.text(kind, "holder_heading")),
            Items(lines=words.lines(kind, "holder")),
            Note(text=words.text(kind, "limits")),
        ],
    )
