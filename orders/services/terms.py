"""Terms of an order: set by the judge, kept or not."""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import Order, OrderTerm
from orders.models.fields import offset_of
from orders.rules.rulebook import Rule, Unit
from orders.services.calendar import bundled
from orders.services.change import changing, court_day, day_of, need_one_of


def settable_terms(order: Order) -> dict[str, Rule]:
    """The terms that a judge may set in an order of this kind, by the rulebook's id, with their rules."""
    return {
        rule.start_purpose: rule
        for rule in bundled().by_binding.get((order.jurisdiction, order.kind), ())
        if rule.starts == "term_set"
    }


def set_term(
    order: Order,
    *,
    term: str,
    by: User | None,
    now: datetime,
    on: date | None = None,
    at: datetime | None = None,
) -> OrderTerm:
    """The order asks for `term` by the day `on` or the instant `at`; it is planned. Raises `InvalidFact`."""
    with changing(order, "term_set", by=by, now=now) as change:
        terms = settable_terms(change.order)
        need_one_of("term", "unknown_term", term, sorted(terms))
        if at is not None:
            if at.utcoffset() is None:
                raise InvalidFact("due_at", "invalid_timestamp", "The time has no offset from UTC; add one.")
            on = court_day(change.order, at)
        if at is None and terms[term].values[-1].due.unit is Unit.ELAPSED_HOURS:
            raise InvalidFact("due_at", "required", "This term is due at a time of day; give it.")
        if on is None:
            raise InvalidFact("due_on", "required", "Give the day that the order names.")
        if on < change.order.issued_on:
            raise InvalidFact(
                "due_on",
                "term_before_issue",
                f"{on} is before the order's own date, {change.order.issued_on}. Correct one of the two.",
            )
        row = OrderTerm.objects.create(
            order=change.order,
            term=term,
            due_on=on,
            due_at=at,
            due_offset=offset_of(at) if at else None,
        )
        change.data["term"] = {"id": str(row.public_id), "term": term, "on": on.isoformat()}
    return row


def keep_term(
    term: OrderTerm, *, by: User | None, now: datetime, on: date | None = None, at: datetime | None = None
) -> OrderTerm:
    """What the order asked for was done, on a day or at an instant. Raises `InvalidFact`."""
    with changing(term.order, "term_met", by=by, now=now, occurred_at=at) as change:
        row = OrderTerm.objects.get(pk=term.pk)
        if row.kept_on is not None:
            raise InvalidFact("kept_on", "already_kept", f"It is recorded as kept already, on {row.kept_on}.")
        day, row.kept_offset = day_of("kept", change.order, on=on, at=at, now=now)
        row.kept_on, row.kept_at = day, at
        row.save(update_fields=["kept_on", "kept_at", "kept_offset"])
        change.data["term"] = {"id": str(row.public_id), "term": row.term, "on": day.isoformat()}
    return row
