"""How the rows of an order are said on screens: titles, states, times of the court, history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from orders.models import Confirmed, CourtRule, Deadline, DeadlineState, Event, OrderTerm, Release, Sending
from orders.rules.explain import event_name
from orders.rules.rulebook import Certainty, Entry
from orders.rules.words import LANGUAGE, languages, words
from orders.services.calendar import bundled
from orders.services.change import zone_of
from orders.services.term import RECORDABLE

_KINDS = {
    "acknowledged": "Alert acknowledged",
    "agency_dropped": "Agency taken off",
    "agency_involved": "Agency named",
    "corrected": "Facts corrected",
    "deadline_overdue": "Deadline passed",
    "entered": "Order entered",
    "escalated": "Told again, for nothing had met the deadline",
    "extended": "Order extended",
    "follow_up_assigned": "Follow-up taken or given to somebody",
    "follow_up_attempted": "Attempt at recovery",
    "follow_up_given": "Follow-up given to another owner: its agency no longer saw the order",
    "follow_up_opened": "Follow-up opened, for the hourly check found none",
    "follow_up_rescheduled": "Next action of a follow-up changed",
    "hand_over_accepted": "Hand-over accepted",
    "hand_over_offered": "Hand-over offered",
    "hand_over_refused": "Hand-over refused",
    "hand_over_withdrawn": "Offer of a hand-over withdrawn",
    "heard": "Hearing held",
    "not_answered": "Nobody answered, and the next were asked",
    "notice_handed": "Printed notice handed over",
    "referral_decided": "Prosecutor decided",
    "referred": "Referred to a prosecutor",
    "reminded": "Reminder written",
    "replanned": "Deadlines planned anew",
    "return_withdrawn": "Return of a firearm withdrawn",
    "returned": "Firearms given back",
    "sent": "Document or notice sent",
    "served": "Service recorded",
    "service_failed": "Failed attempt at service",
    "vacated": "Order vacated",
}

#: What an event may tell of in a few words each.
_SUBJECTS = ("hearing", "attempt", "hand_over", "referral")

#: From so many hours on, days are easier to read.
_HOURS_TOLD = 72

#: How the way to the reasons in each language is named, in that language.
_REASONS_IN = {"en": "The reasons in English", "es": "Las razones en español"}


def language_of(request: HttpRequest) -> str:
    """The language in which the reader asks for reasons; the court's where it is not one of ours."""
    asked = request.GET.get("language", LANGUAGE)
    return asked if asked in languages() else LANGUAGE


def other_languages(language: str) -> list[tuple[str, str]]:
    """The other languages in which the reasons can be read: code, and the words that lead there."""
    return [(code, words) for code, words in _REASONS_IN.items() if code != language]


def rule_title(rule_id: str) -> str:
    """What a rule asks, in words; its id where the rulebook has it no longer."""
    rule = bundled().by_id.get(rule_id)
    return rule.title.rstrip(".") if rule else rule_id


def state_at(deadline: Deadline, now: datetime) -> DeadlineState:
    """How a deadline stands at `now`: one whose time ran out is overdue though nothing marked it yet."""
    return DeadlineState.OVERDUE if deadline.is_passed(now) else DeadlineState(deadline.state)


def due_words(deadline: Deadline, zone: ZoneInfo) -> str:
    """Until when, in court time; a whole day where the law counts days."""
    if deadline.due_on is not None:
        return f"{day_words(deadline.due_on)}, the whole day"
    return instant_words(deadline.due_at, zone) if deadline.due_at else ""


def late_words(deadline: Deadline, now: datetime) -> str:
    """How long it has been overdue, such as “31 hours” or “5 days”; nothing while it is not."""
    if deadline.due_at is None or not deadline.is_passed(now):
        return ""
    hours = int((now - deadline.due_at).total_seconds() // 3600)
    if hours == 0:
        return "less than an hour"
    amount, unit = (hours, "hour") if hours < _HOURS_TOLD else (hours // 24, "day")
    return f"{amount} {unit}{'s' * (amount != 1)}"


def met_words(deadline: Deadline, zone: ZoneInfo) -> str:
    """When it was met, in court time; the day where the law counts days."""
    if deadline.met_at is None:
        return ""
    if deadline.due_on is not None:
        return day_words(deadline.met_at.astimezone(zone).date())
    return instant_words(deadline.met_at, zone)


def day_words(day: date) -> str:
    """Such as “Fri 4 Dec 2026”."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def instant_words(instant: datetime, zone: ZoneInfo) -> str:
    """Such as “Fri 4 Dec 2026, 18:30 EST”."""
    local = instant.astimezone(zone)
    seconds = f":{local:%S}" if local.second else ""
    return f"{day_words(local.date())}, {local:%H:%M}{seconds} {local.tzname()}"


def short_words(instant: datetime, zone: ZoneInfo) -> str:
    """Such as “4 Dec 2026, 18:30”, for a list."""
    local = instant.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def short_due(deadline: Deadline, zone: ZoneInfo) -> str:
    """Until when, for a list."""
    if deadline.due_on is not None:
        return day_words(deadline.due_on)
    return short_words(deadline.due_at, zone) if deadline.due_at else ""


def term_words(term: OrderTerm) -> str:
    """What the judge set, and by when, in court time."""
    rules = bundled().by_binding.get((term.order.jurisdiction, term.order.kind), ())
    asked = next((rule.title.rstrip(".") for rule in rules if rule.start_purpose == term.term), term.term)
    due = instant_words(term.due_at, zone_of(term.order)) if term.due_at else day_words(term.due_on)
    return f"{asked}: {due}"


def release_words(release: Release) -> str:
    """To which organization, and until when, in court time."""
    return f"{release.agency}, until {instant_words(release.ends_at, zone_of(release.order))}"


def requirement_words(entry: Entry) -> str:
    """What must be sent, and to whom."""
    return f"{entry.title.rstrip('.')} (to: {entry.recipient}; {entry.id})"


def entry_law(entry: Entry) -> Iterator[str]:
    """Where an entry stands, how far that is known, and what is doubted, as the deadlines say it."""
    said = words(LANGUAGE)
    mark = said.said[f"mark.{entry.mark}"]
    yield said.fill("sentence.source", sources="; ".join(entry.sources), mark=mark, since="")
    if entry.note:
        yield entry.note
    if entry.certainty is Certainty.DEBATABLE:
        yield said.fill("sentence.debatable", doubt=entry.doubt)


def requirement_law(entry: Entry) -> Iterator[str]:
    """The same of what must be sent, and that a reading is certain where it is."""
    yield from entry_law(entry)
    if entry.certainty is Certainty.CERTAIN:
        yield words(LANGUAGE).said["sentence.certain"]


def sent_words(sending: Sending, zone: ZoneInfo) -> str:
    """When something was sent, in court time; the day where no time is known."""
    return instant_words(sending.sent_at, zone) if sending.sent_at else day_words(sending.sent_on)


def decision_words(decision: CourtRule) -> str:
    """What a court decided about a rule."""
    if not decision.is_on:
        return "Off"
    parts = ["On"]
    if decision.due_amount is not None:
        parts.append(f"due after {_span(decision.due_amount, decision.due_unit)}")
    if decision.reminders is not None:
        spans = [f"{_span(-amount, unit)} before" for amount, unit in decision.reminders]
        parts.append(f"reminders {' and '.join(spans)}" if spans else "no reminders")
    return "; ".join(parts) if len(parts) > 1 else "On, as the rulebook has it"


def _span(amount: int, unit: str) -> str:
    """Such as “1 court day”."""
    return f"{amount} {words(LANGUAGE).said[f'unit.{unit}_one' if amount == 1 else f'unit.{unit}']}"


def happening_words(kind: str) -> str:
    """A happening that rules look at, such as “motion to extend”."""
    return _sentence(event_name(kind))


def event_words(event: Event) -> str:
    """What was done."""
    if event.kind in _KINDS:
        return _KINDS[event.kind]
    return happening_words(event.kind) if event.kind in RECORDABLE else _sentence(event.kind)


def event_details(event: Event, zone: ZoneInfo) -> Iterator[str]:
    """What changed, from what to what, and what that made of which deadline."""
    data: dict[str, Any] = event.data
    if rule := data.get("rule"):
        yield f"{rule_title(rule)} ({rule})"
    for name, (old, new) in data.get("changes", {}).items():
        # The offset is part of the instant beside it.
        if not name.endswith("_offset"):
            yield f"{name.replace('_', ' ')}: {_value(old, zone)} → {_value(new, zone)}"
    # What these were and are now stays out of a history that is kept for ever.
    yield from (f"{_sentence(name)} changed" for name in data.get("changed", ()))
    yield from _return_details(data.get("return"))
    if requirement := data.get("requirement"):
        yield f"{_entry_title(requirement)} ({requirement})"
    for subject in _SUBJECTS:
        if told := data.get(subject):
            yield ", ".join(f"{name.replace('_', ' ')} {_value(value, zone)}" for name, value in told.items())
    for key, word in data.get("deadlines", {}).items():
        yield f"Deadline {key.partition('/')[0]} {word}"


def _return_details(returned: dict[str, list[str]] | None) -> Iterator[str]:
    """How many firearms went back, and what was confirmed before."""
    if returned:
        count = len(returned["firearms"])
        yield f"{count} firearm{'s' * (count != 1)}"
        if returned["confirmed"]:
            yield f"Confirmed: {'; '.join(Confirmed(one).label for one in returned['confirmed'])}"


def _entry_title(entry_id: str) -> str:
    """What an entry says; its id where the rulebook has it no longer."""
    found = (entry.title.rstrip(".") for entry in bundled().entries if entry.id == entry_id)
    return next(found, entry_id)


def _sentence(text: str) -> str:
    text = text.replace("_", " ")
    return text[:1].upper() + text[1:]


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
    """A stored text; a date or an instant as a person reads it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text.replace("_", " ")
    return instant_words(found, zone) if found.tzinfo else day_words(found.date())
