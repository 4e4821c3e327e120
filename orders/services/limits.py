"""Dates that the law does not allow, or that need a reason: warned about at every door, shown afterward.

The rules decide (`orders.rules.limits`). A court may set it: the act asks for the reason to
continue, and the history keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from accounts.dates import format_day
from accounts.text import clean
from orders.errors import DoubtfulFact
from orders.models import HistoryEntry, Order
from orders.rules.court_time import add_months
from orders.rules.facts import Facts
from orders.rules.limits import Beyond, Limit, beyond
from orders.rules.plan import last_day
from orders.rules.rulebook import Rulebook
from orders.services.change import Change
from orders.services.one_round import refuse_all
from orders.services.planning.inventory import Inventory
from orders.services.planning.load_facts import load_facts
from orders.services.planning.load_inventories import load_inventories
from orders.services.planning.rulebooks import rulebooks_of
from orders.services.validation import YEARS_LIKELY_IN_FORCE

#: The key of a history entry's data that lists the dates beyond the rules, and the reason.
NOTED = "beyond"

#: In the history of an order that the registry sent.
REGISTRY_REASON = "As the registry sent it."


@dataclass(frozen=True, kw_only=True)
class RuleException:
    """A date of an order that is beyond a rule, with the reason; empty if no one gave a reason."""

    found: Beyond
    reason: str

    @property
    def title(self) -> str:
        """What kind of exception it is."""
        return "Unusual" if _is_far(self.found) else "Set beyond the rule"

    @property
    def words(self) -> str:
        """The exception in words, without the reason."""
        return f"{_what(self.found)} {format_day(self.found.day)}. {_law(self.found)}{_right(self.found)}"


def exceptions_of(order: Order) -> list[RuleException]:
    """Return every date of the order that is beyond a rule now, with its reason."""
    found = _beyond(order)
    if not found:
        return []
    otherwise = REGISTRY_REASON if order.source_digest else ""
    reasons: dict[tuple[str, str, str], str] = {}
    entries = HistoryEntry.objects.filter(order=order, data__has_key=NOTED).order_by("id")
    for data in entries.values_list("data", flat=True):
        for one in data[NOTED]["dates"]:
            reasons[one["limit"], one["rule"], one["day"]] = data[NOTED]["reason"]
    return [
        RuleException(
            found=one,
            reason=reasons.get((one.limit.value, one.law_id, one.day.isoformat()), otherwise),
        )
        for one in found
    ]


@contextmanager
def within_limits(change: Change, *, confirm: str, doubts: Sequence[DoubtfulFact] = ()) -> Iterator[None]:
    """Raise `DoubtfulFact` if the block sets a date beyond a rule, unless `confirm` gives the reason.

    `doubts` are those of the act itself, asked about at the same time.
    """
    # A date of the order or of a hearing changes no firearm.
    inventories = load_inventories([change.order.case_id])
    before = _beyond(change.order, inventories)
    yield
    found = [one for one in _beyond(change.order, inventories) if one not in before]
    ask([*doubts, *(_doubt(one) for one in found)], confirm=confirm)
    change.data.update(noted(found, reason=confirm))


def ask(doubts: Sequence[DoubtfulFact], *, confirm: str) -> None:
    """Raise the first doubt, with the others, unless `confirm` gives the reason to continue."""
    if doubts and not confirm.strip():
        refuse_all(doubts)


def doubts_about(found: Sequence[Beyond], *, hearing_field: str) -> list[DoubtfulFact]:
    """Return a doubt for each date; `hearing_field` is the name of the field with the hearing's day."""
    return [_doubt(one, hearing_field) for one in found]


def noted(found: Sequence[Beyond], *, reason: str) -> dict[str, Any]:
    """Return what a history entry keeps about the dates; nothing without dates."""
    if not found:
        return {}
    dates = [{"limit": one.limit.value, "rule": one.law_id, "day": one.day.isoformat()} for one in found]
    return {NOTED: {"reason": clean(reason), "dates": dates}}


def beyond_at(facts: Facts, court: int, books: Mapping[int, Rulebook] | None = None) -> list[Beyond]:
    """Return the dates beyond the rules, as the court (its key) applies them, of an order not stored yet."""
    found = beyond(facts, (books or rulebooks_of([court]))[court])
    return [*found, *_far_last_day(facts, found)]


def _beyond(order: Order, inventories: Mapping[int, Inventory] | None = None) -> list[Beyond]:
    book = rulebooks_of([order.case.court_id])[order.case.court_id]
    facts = load_facts([order], inventories)[order.pk]
    found = beyond(facts, book, extended_from=_extended_from(order, facts, book))
    return [*found, *_far_last_day(facts, found)]


def _far_last_day(facts: Facts, found: Sequence[Beyond]) -> Iterator[Beyond]:
    """Yield a last day so far ahead that its year may be a typing error, if no rule limits it already."""
    likely = add_months(facts.issued_on, 12 * YEARS_LIKELY_IN_FORCE)
    is_found = any(one.limit is Limit.LAST_DAY_LATE for one in found)
    if facts.expires_on is not None and facts.expires_on > likely and not is_found:
        yield Beyond(limit=Limit.LAST_DAY_LATE, day=facts.expires_on, right=likely)


def _extended_from(order: Order, facts: Facts, book: Rulebook) -> date | None:
    """The last day before the newest extension, by a person or by the registry."""
    if order.expires_on is None:
        return None
    if extension := order.extensions.order_by("-id").first():
        computed = last_day(replace(facts, expires_on=None), book)
        return extension.former_last_day or computed or order.issued_on
    updates = HistoryEntry.objects.filter(order=order, kind="corrected", data__source="registry")
    for changes in updates.order_by("-id").values_list("data__changes__expires_on", flat=True):
        if changes and all(changes) and date.fromisoformat(changes[0]) < order.expires_on:
            return date.fromisoformat(changes[0])
    return None


def _doubt(found: Beyond, hearing_field: str = "scheduled_on") -> DoubtfulFact:
    day = format_day(found.day)
    fix = "Correct the day, or give the reason to continue."
    if found.limit is Limit.HEARING_CLOSED:
        text = f"The court is closed on {day}: {found.closed}. {_law(found)}{_right(found)} {fix}"
        return DoubtfulFact(hearing_field, "court_closed", text)
    if found.limit is Limit.SERVED_LATE:
        fix = (
            "Correct the day, record first that the hearing was continued or the order extended, or give "
            "the reason to continue."
        )
        text = f"{day} is after the last day of the order. {_law(found)}{_right(found)} {fix}"
        return DoubtfulFact("served_at", "served_after_last_day", text)
    if _is_far(found):
        return DoubtfulFact("expires_on", "unlikely_last_day", f"{day} may be wrong. {_right(found)} {fix}")
    field = "expires_on" if found.limit is Limit.LAST_DAY_LATE else hearing_field
    return DoubtfulFact(
        field, "beyond_the_rule", f"{day} is later than the rule allows. {_law(found)}{_right(found)} {fix}"
    )


def _is_far(found: Beyond) -> bool:
    """True if no rule limits the last day, and it is only unlikely."""
    return found.limit is Limit.LAST_DAY_LATE and not found.law_id


def _what(found: Beyond) -> str:
    words = {
        Limit.LAST_DAY_LATE: "The last day is",
        Limit.SERVED_LATE: "The order was served after its end, on",
    }
    return words.get(found.limit, "A hearing is set for")


def _law(found: Beyond) -> str:
    return f"{found.law} " if found.law else ""


def _right(found: Beyond) -> str:
    right = format_day(found.right)
    if _is_far(found):
        return f"It is more than {YEARS_LIKELY_IN_FORCE} years after the date of the order."
    if found.limit is Limit.HEARING_CLOSED:
        return f"The next open day is {right}."
    if found.limit is Limit.SERVED_LATE:
        return f"Its last day was {right}."
    return f"The last day that it allows is {right}."
