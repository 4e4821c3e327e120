"""Explain in sentences that a clerk can read out why a deadline is due at its date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from orders.rules.facts import DutyProof, Event
from orders.rules.model import Offset
from orders.rules.planned import Moment, PlannedDeadline
from orders.rules.vocabulary import LONG_AGO, Certainty, Unit
from orders.rules.words import LANGUAGE, Words, words

# The texts of these events name a day, not something that happened.
_DAYS = frozenset({"expiry", "hearing_continued", "hearing_scheduled", "return_held", "return_scheduled"})
_RESPONDENT = "respondent"
_NOON = 12


def event_name(kind: str, language: str = LANGUAGE) -> str:
    """Return the text of an event; for a kind that no rule uses, the kind with spaces."""
    return words(language).translated(f"event.{kind}", kind.replace("_", " "))


def day_words(day: date, language: str = LANGUAGE) -> str:
    """Return a day as in “Fri, Dec 4, 2026”."""
    known = words(language)
    return known.fill(
        "form.day",
        weekday=known.texts[f"weekday.{day.isoweekday()}"],
        day=day.day,
        month=known.texts[f"month.{day.month}"],
        year=day.year,
    )


def instant_words(instant: datetime, zone: ZoneInfo, language: str = LANGUAGE) -> str:
    """Return an instant as in “Fri, Dec 4, 2026, 6:30 p.m. EST”. Seconds are left out."""
    local = instant.astimezone(zone)
    return words(language).fill(
        "form.instant_am" if local.hour < _NOON else "form.instant_pm",
        day=day_words(local.date(), language),
        hour=local.hour % 12 or 12,
        minute=f"{local:%M}",
        zone=local.tzname(),
    )


def missing_facts(planned: PlannedDeadline, language: str = LANGUAGE) -> tuple[str, ...]:
    """Return the text of each missing fact."""
    known = words(language)
    return tuple(
        known.fill(f"form.{part}_of", event=known.texts[f"event.{kind}"])
        for part, kind in (code.split(":") for code in planned.missing)
    )


def sentences(planned: PlannedDeadline, language: str = LANGUAGE) -> tuple[str, ...]:
    """Return the event and its source, the arithmetic, the rule, its sources and its certainty.

    Raises `WordsError` for a language without words.
    """
    return tuple(_Explanation(planned, words(language)).sentences())


class _Explanation:
    """The sentences about one deadline in one language."""

    def __init__(self, planned: PlannedDeadline, known: Words) -> None:
        self._planned = planned
        self._words = known
        self._language = known.language
        self._zone = planned.jurisdiction.zone
        self._calendar = planned.jurisdiction.calendar

    def sentences(self) -> Iterator[str]:
        planned = self._planned
        if planned.start is None or (planned.due is None and planned.opens is None):
            yield self._nothing_yet()
        else:
            yield from self._arithmetic(planned.start)
        yield from self._law()

    def _nothing_yet(self) -> str:
        planned, known = self._planned, self._words
        if planned.missing:
            facts = ", ".join(missing_facts(planned, self._language))
            return known.fill("sentence.cannot_compute", facts=facts)
        key = "sentence.in_custody" if planned.start else "sentence.not_started"
        return known.fill(key, event=known.texts[f"event.{planned.awaits}"])

    def _arithmetic(self, start: Event) -> Iterator[str]:
        planned, known = self._planned, self._words
        yield self._beginning(start)
        if start.in_custody and planned.rule.actor == _RESPONDENT and not planned.rule.custody_starts:
            yield known.texts["sentence.custody_counts"]
        yield from self._opening()
        if planned.due is not None:
            yield from self._due(start, planned.due)
        if planned.met:
            yield known.fill(self._met(), moment=self._moment(planned.met))

    def _met(self) -> str:
        """Return the key of the sentence about what met it; a hearing that is only set was not held yet."""
        if self._planned.proof is DutyProof.SWORN:
            return "sentence.sworn"
        if self._planned.met_event != "hearing_scheduled":
            return "sentence.met"
        return "sentence.set" if self._planned.met_in_time is False else "sentence.set_in_time"

    def _beginning(self, start: Event) -> str:
        form = "day" if start.kind in _DAYS else "event"
        source = self._words.translated(f"origin.{start.source}", start.source)
        return self._words.fill(
            f"sentence.counts_from_{form}",
            began=self._instant(start.at) if start.at else self._day(start.day(self._zone)),
            event=self._words.texts[f"event.{start.kind}"],
            known=self._words.fill("sentence.known", source=source) if source else "",
        )

    def _opening(self) -> Iterator[str]:
        planned, known = self._planned, self._words
        if planned.missing:
            facts = ", ".join(missing_facts(planned, self._language))
            key = "sentence.end_unknown" if planned.rule.after_end else "sentence.opening_unknown"
            yield known.fill(key, facts=facts)
        if planned.opens is None or planned.value.opens is None:
            return
        moment = self._moment(planned.opens)
        if planned.rule.due_starts and planned.due:
            yield known.fill("sentence.opens_on", moment=moment)
            return
        key = "sentence.opens" if planned.due else "sentence.window"
        yield known.fill(key, span=self._span(planned.value.opens), moment=moment)

    def _due(self, start: Event, due: Moment) -> Iterator[str]:
        planned, known = self._planned, self._words
        if planned.printed and planned.alternative_on:
            computed = self._day(planned.alternative_on)
            yield known.fill("sentence.printed", moment=self._moment(due), computed=computed)
        else:
            if planned.value.due.unit is Unit.NEXT_OPEN_DAY:
                span = known.fill("span.next_open_day", reason=self._closed(start.day(self._zone)))
            else:
                span = self._span(planned.value.due)
            yield known.fill("sentence.due", span=span, moment=self._moment(due))
            yield from self._skipped(start, due)
        if planned.closed_day_moves_to and due.on:
            moment = self._day(planned.closed_day_moves_to)
            yield known.fill("sentence.moves", reason=self._closed(due.on), moment=moment)

    def _skipped(self, start: Event, due: Moment) -> Iterator[str]:
        """Yield the sentence about the closed days that a count of open days skipped."""
        if self._planned.value.due.unit not in (Unit.COURT_DAYS, Unit.BUSINESS_DAYS) or due.on is None:
            return
        first, last = sorted((start.day(self._zone), due.on))
        between = (first + timedelta(days=n) for n in range(1, (last - first).days))
        closed = [
            self._words.fill("form.closed_day", day=self._day(day), reason=self._closed(day))
            for day in between
            if not self._calendar.is_open(day)
        ]
        if closed:
            yield self._words.fill("sentence.skipped", days="; ".join(closed))

    def _law(self) -> Iterator[str]:
        rule, value, known = self._planned.rule, self._planned.value, self._words
        yield known.fill(
            "sentence.rule" if rule.has_duty else "sentence.rule_end",
            title=known.translated(f"title.{rule.id}", rule.title),
            actor=known.translated(f"actor.{rule.actor}", rule.actor),
        )
        since = ""
        if value.effective > LONG_AGO:
            since = known.fill("sentence.since", day=self._day(value.effective))
        status = known.texts[f"source_status.{value.source_status}"]
        sources = "; ".join(known.translated(f"source.{one}", one) for one in value.sources)
        yield known.fill("sentence.source", sources=sources, status=status, since=since)
        if value.note:
            yield known.translated(f"note.{rule.id}@{value.effective}", value.note)
        yield from self._certainty()
        if rule.no_check:
            yield known.translated(f"no_check.{rule.id}", rule.no_check)
        if self._planned.alternative_on and not self._planned.printed:
            yield known.fill("sentence.other_reading", day=self._day(self._planned.alternative_on))

    def _certainty(self) -> Iterator[str]:
        """Yield that the reading is certain, or each doubt that matters in this case."""
        planned, rule, known = self._planned, self._planned.rule, self._words
        if rule.certainty is Certainty.DEBATABLE:
            key, value = f"doubt.{rule.id}", planned.value
            if value.doubt:
                key += f"@{value.effective} {value.way}".rstrip()
            yield known.fill("sentence.debatable", doubt=known.translated(key, rule.doubt))
        elif planned.certainty is Certainty.CERTAIN:
            yield known.texts["sentence.certain"]
        if planned.has_closed_day_doubt:
            doubt = known.translated(f"closed_day_doubt.{rule.id}", rule.closed_day_doubt)
            yield known.fill("sentence.debatable", doubt=doubt)
        if planned.is_from_leap_day:
            yield known.texts["sentence.leap_day"]

    def _span(self, offset: Offset) -> str:
        """Return the text of an offset that counts something."""
        known = self._words
        if offset.amount == 0:
            return known.texts["span.at_once" if offset.unit is Unit.ELAPSED_HOURS else "span.same_day"]
        size = abs(offset.amount)
        unit = known.texts[f"unit.{offset.unit}" + ("_one" if size == 1 else "")]
        span = known.fill("span.after" if offset.amount > 0 else "span.before", count=size, unit=unit)
        if offset.unit is Unit.ELAPSED_HOURS:
            return known.fill("span.hours", span=span)
        if offset.unit is Unit.CALENDAR_DAYS:
            return known.fill("span.days", span=span)
        return span

    def _closed(self, day: date) -> str:
        reason = self._calendar.closed_because(day)
        return self._words.translated(f"closed.{reason}", reason)

    def _moment(self, moment: Moment) -> str:
        if moment.at is not None:
            return self._instant(moment.at)
        return self._day(moment.day(self._planned.jurisdiction))

    def _day(self, day: date) -> str:
        return day_words(day, self._language)

    def _instant(self, instant: datetime) -> str:
        return instant_words(instant, self._zone, self._language)
