"""The details of an entry of an order's history, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import TextChoices

from accounts.dates import format_day, format_instant
from orders.display import (
    field_words,
    first_upper,
    kind_words,
    law_name,
    rule_words,
    sentence,
    short_title,
)
from orders.models import Confirmed, HearingOutcome, HearingPurpose, HistoryEntry
from orders.rules.limits import Limit
from orders.services.limits import NOTED
from orders.services.planning.rulebooks import bundled

#: Keys of an entry's data that are shown as name and value pairs.
_SUBJECTS = ("hearing", "attempt", "transfer", "referral")

#: The choices of a key of these.
_CHOICES: Mapping[str, type[TextChoices]] = {"purpose": HearingPurpose, "outcome": HearingOutcome}


def event_details(event: HistoryEntry, zone: ZoneInfo) -> Iterator[str]:
    """Yield the details of a history entry: old and new values, and what became of which deadline."""
    data: dict[str, Any] = event.data
    if rule := data.get("rule"):
        yield _short_words(rule)
    yield from _items(data)
    yield from _item_details(data)
    for name, (old, new) in data.get("changes", {}).items():
        # The offset is part of the instant beside it.
        if not name.endswith("_offset"):
            yield f"{field_words(name)}: {_value(old, zone)} → {_value(new, zone)}"
    # Old and new values of these stay out of a history that is never deleted.
    yield from (f"{sentence(name)} changed" for name in data.get("changed", ()))
    yield from _return_details(data.get("return"))
    if requirement := data.get("required_notice"):
        yield _entry_title(requirement)
    yield from (f"{item}: {finding}" for item, finding in data.get("findings", {}).items())
    for subject in _SUBJECTS:
        if told := data.get(subject):
            words = (
                f"{name.replace('_', ' ')} {_choice_words(name, value, zone)}" for name, value in told.items()
            )
            yield ", ".join(words)
    yield from _beyond_details(event)
    yield from _deadline_details(data.get("deadlines", {}))
    yield from other_orders(event)
    yield from _cause(data.get("because"))


def other_orders(event: HistoryEntry) -> Iterator[str]:
    """Yield what an act changed in other orders."""
    for one in event.data.get("others", ()):
        yield from (f"{one['order']}: {words}" for words in _deadline_details(one["deadlines"]))


def _deadline_details(deadlines: Mapping[str, str]) -> Iterator[str]:
    for key, word in deadlines.items():
        yield f"{short_title(key.partition('/')[0])}: {word.replace('_', ' ')}"


def _cause(because: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield the act on another order that changed the deadlines of this one."""
    if because:
        yield f"Because of another order: {kind_words(because['kind'])} ({because['order']})"
        yield from _items(because)


def _beyond_details(event: HistoryEntry) -> Iterator[str]:
    """Yield the dates that were set beyond a rule, and the reason unless it is that of the whole act."""
    found = event.data.get(NOTED)
    if not found:
        return
    for one in found["dates"]:
        rule = one["rule"]
        what = rule_words(rule) if rule in bundled().by_id else _entry_title(rule)
        day = format_day(date.fromisoformat(one["day"]))
        if not rule and one["limit"] == Limit.LAST_DAY_LATE:
            yield f"Unusual last day: {day}"
        else:
            yield f"Beyond the rule: {day}" + (f". {what}" if what else "")
    if found["reason"] != event.reason:
        yield f"Reason to continue: {found['reason']}"


def _item_details(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield which item an entry is about, and what was corrected or withdrawn, in words."""
    if dockets := data.get("dockets"):
        yield f"Docket{'s' * (len(dockets) != 1)} {', '.join(dockets)}"
    for label, (old, new) in data.get("corrected", {}).items():
        yield f"{label}: {old} → {new}"
    for label, value in data.get("withdrawn", {}).items():
        yield f"{label}: {value}"
    if confirmed := data.get("confirmed"):
        yield f"Continued because: {confirmed}"


def _items(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the item of an entry, or what moved with the order."""
    if item := data.get("item"):
        yield first_upper(item["words"])
    yield from map(first_upper, data.get("items", ()))


def _return_details(returned: dict[str, list[str]] | None) -> Iterator[str]:
    """Yield how many firearms were returned, and what was confirmed before."""
    if returned:
        count = len(returned["firearms"])
        yield f"{count} firearm{'s' * (count != 1)}"
        if returned["confirmed"]:
            yield f"Confirmed: {'; '.join(Confirmed(one).label for one in returned['confirmed'])}"


def _short_words(rule_id: str) -> str:
    """Return what a rule is about in few words, with its statute if its sources name one."""
    law = law_name(rule_id)
    return f"{short_title(rule_id)} ({law})" if law else short_title(rule_id)


def _entry_title(entry_id: str) -> str:
    """Return the title of an entry, short if it has one; its id if the rulebook no longer has it."""
    found = (entry.short or entry.title.rstrip(".") for entry in bundled().entries if entry.id == entry_id)
    return next(found, entry_id)


def _choice_words(name: str, value: object, zone: ZoneInfo) -> str:
    """Return a value of a hearing or an attempt in words."""
    choices = _CHOICES.get(name)
    return str(choices(value).label).lower() if choices and value in choices.values else _value(value, zone)


def _value(value: object, zone: ZoneInfo) -> str:
    match value:
        case None | "":
            return "none"
        case bool():
            return "yes" if value else "no"
        case str():
            return _text(value, zone)
    return str(value)


def _text(text: str, zone: ZoneInfo) -> str:
    """Return a stored text; a date or an instant is formatted."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text.replace("_", " ")
    return format_instant(found, zone) if found.tzinfo else format_day(found.date())
