"""Cards of an order: issue one, withdraw it, and verify its number."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from string import ascii_uppercase, digits

from accounts.dates import format_instant
from accounts.models import TELEPHONE, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import Order, OrderCard
from orders.predicates import not_in_error
from orders.services.change import changing
from orders.services.correctable import Column, Correctable
from orders.services.court_days import zone_of
from orders.services.order_state import OrderState, last_days, state_of

#: Letters and digits that no one takes for another.
ALPHABET = "".join(sorted({*digits, *ascii_uppercase} - set("01ILO")))
#: The characters of a number; 31 to the power of 10 cannot be guessed.
LENGTH = 10

#: Kinds of history entries about cards. Only the court sees them.
OF_CARDS = ("card_issued", "card_corrected", "card_withdrawn")


@dataclass(frozen=True, kw_only=True)
class VerifiedCard:
    """What police learn from the number of a card: the order, the respondent, and the last day."""

    card: OrderCard
    last_day: date | None
    state: OrderState

    @property
    def order(self) -> Order:
        """The order of the card."""
        return self.card.order


def issue_card(order: Order, *, telephone: str, by: User | None, now: datetime) -> OrderCard:
    """Issue a card for an order in force, with a number of its own. Raises `InvalidFact`."""
    with changing(order, "card_issued", by=by, now=now) as change:
        card = OrderCard(order=change.order, number=_new_number(), telephone=clean(telephone), issued_at=now)
        check_card(card, now=now)
        if not _state(change.order, now)[0].is_live:
            raise InvalidFact("order", "ended", "The order has ended, so no card shows it.")
        card.save()
        ORDER_CARD.note(change, card)
    return card


def check_card(card: OrderCard, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved card. Raises `InvalidFact`."""
    if not TELEPHONE.fullmatch(card.telephone):
        raise InvalidFact(
            "telephone", "invalid", "Enter the telephone of the clerk's office, such as 860-555-0100."
        )


def verify_card(number: str, *, now: datetime) -> VerifiedCard | None:
    """Return what the number of a card shows; nothing for another number or a withdrawn card."""
    plain = plain_number(number)
    rows = OrderCard.objects.filter(not_in_error("order"), number=plain)
    card = rows.select_related("order__case__court", "order__case__respondent__town").first()
    if card is None:
        return None
    state, last_day = _state(card.order, now)
    return VerifiedCard(card=card, last_day=last_day, state=state)


def plain_number(number: str) -> str:
    """Return a number as it is stored: without the dash and blanks that a reader adds."""
    return re.sub(r"[\s-]+", "", number).upper()[: LENGTH + 1]


def printed_number(card: OrderCard) -> str:
    """Return the number as it is printed."""
    return f"{card.number[:5]}-{card.number[5:]}"


def last_telephone(order: Order) -> str:
    """Return the telephone on the newest card of the court; before its first card, that of the court."""
    rows = OrderCard.objects.filter(order__case__court=order.case.court_id).order_by("-id")
    return rows.values_list("telephone", flat=True).first() or order.case.court.telephone


def _state(order: Order, now: datetime) -> tuple[OrderState, date | None]:
    last_day = last_days([order])[order.pk]
    return state_of(order, last_day, now=now), last_day


def _new_number() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


ORDER_CARD = Correctable(
    name="card",
    model=OrderCard,
    noun="card",
    # The history is kept forever, and never holds the number.
    words=lambda row: f"card of {format_instant(row.issued_at, zone_of(row.order))}",
    columns=(Column(name="telephone", label="Telephone"),),
    check=check_card,
)
