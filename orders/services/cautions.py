"""Cautions for officers: what they must know before they go to the respondent."""

from __future__ import annotations

from datetime import date, datetime

from accounts.dates import format_day
from accounts.models import User
from accounts.text import clean
from orders.models import Caution, Order
from orders.services.change import changing
from orders.services.correctable import Column, Correctable, DayColumn
from orders.services.court_days import check_day_not_in_future
from orders.services.one_round import refuse
from orders.services.said_before import ask_if_recorded

#: Kinds of history entries about cautions. Only readers who see cautions see them.
OF_CAUTIONS = ("caution_added", "caution_corrected", "caution_withdrawn")


def add_caution(
    order: Order, *, known_on: date, words: str, by: User | None, now: datetime, confirm: str = ""
) -> Caution:
    """Record what officers must know. The words stay out of the history.

    Raises `InvalidFact`, and `DoubtfulFact` for words that are recorded, unless `confirm` gives the reason.
    """
    with changing(order, "caution_added", by=by, now=now, occurred_at=now, reason=clean(confirm)) as change:
        row = Caution(order=change.order, known_on=known_on, words=words)
        check_caution(row, now=now, confirm=confirm)
        row.save()
        CAUTION.note(change, row)
    return row


def check_caution(row: Caution, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved caution. Raises `InvalidFact` and `DoubtfulFact`."""
    row.words = clean(row.words)
    if not row.words:
        refuse("words", "required", "Enter what officers must know.")
    check_day_not_in_future("known_on", row.order, row.known_on, now=now)
    ask_if_recorded(row, ("words",), words=CAUTION.words, confirm=confirm)


CAUTION = Correctable(
    name="caution",
    model=Caution,
    noun="caution",
    words=lambda row: f"caution of {format_day(row.known_on)}",
    columns=(
        DayColumn(name="known_on", label="Known since"),
        Column(name="words", label="Words", is_private=True),
    ),
    check=check_caution,
)
