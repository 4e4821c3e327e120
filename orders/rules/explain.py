"""Says in sentences a clerk can read out why a deadline is due when it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orders.rules.facts import Happening
from orders.rules.rulebook import LONG_AGO, Certainty, Offset, Unit
from orders.rules.words import LANGUAGE, Words, words

if TYPE_CHECKING:
    from orders.rules.plan import Moment, Planned

# Events that are said as the name of a day, not as something that happened.
_DAYS = frozenset({"expiry", "hearing_continued", "hearing_scheduled", "return_scheduled"})
_RESPONDENT = "respondent"


def event_name(kind: str, language: str = LANGUAGE) -> str:
    """An event in words; its own name with spaces where it is none that starts or meets a rule."""
    return words(language).translated(f"event.{kind}", kind.replace("_", " "))


def day_words(day: date, language: str = LANGUAGE) -> str:
    """Such as “Friday 4 December 2026”."""
    said = words(language)
    return said.fill(
        "form.day",
        weekday=said.said[f"weekday.{day.isoweekday()}"],
        day=day.day,
        month=said.said[f"month.{day.month}"],
        year=day.year,
    )


def instant_words(instant: datetime, zone: ZoneInfo, language: str = LANGUAGE) -> str:
    """Such as “Friday 4 December 2026 at 18:30 (EST, UTC-05:00)”."""
    local = instant.astimezone(zone)
    offset = f"{local:%z}"
    seconds = f":{local:%S}" if local.second else ""
    return words(language).fill(
        "form.instant",
        day=day_words(local.date(), language),
        clock=f"{local:%H:%M}{seconds}",
        zone=local.tzname(),
        offset=f"{offset[:3]}:{offset[3:]}",
    )


def facts_wanted(planned: Planned, language: str = LANGUAGE) -> tuple[str, ...]:
    """The facts a deadline could not be computed without, in words."""
    said = words(language)
    return tuple(
        said.fill(f"form.{sort}_of", event=said.said[f"event.{kind}"])
        for sort, kind in (wanted.split(":") for wanted in planned.wanting)
    )


def sentences(planned: Planned, language: str = LANGUAGE) -> tuple[str, ...]:
    """The event and where it came from, the arithmetic, the rule, its source and its certainty.

    Raises `WordsError` for a language there are no words for.
    """
    return tuple(_Speaker(planned, words(language)).sentences())


class _Speaker:
    """One deadline, said in one language."""

    def __init__(self, planned: Planned, said: Words) -> None:
        self._planned = planned
        self._said = said
        self._language = said.language
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
        planned, said = self._planned, self._said
        if planned.wanting:
            facts = ", ".join(facts_wanted(planned, self._language))
            return said.fill("sentence.cannot_compute", facts=facts)
        key = "sentence.in_custody" if planned.start else "sentence.not_started"
        return said.fill(key, event=said.said[f"event.{planned.awaits}"])

    def _arithmetic(self, start: Happening) -> Iterator[str]:
        planned, said = self._planned, self._said
        yield self._beginning(start)
        if start.in_custody and planned.rule.actor == _RESPONDENT and not planned.rule.custody_starts:
            yield said.said["sentence.custody_counts"]
        yield from self._opening()
        if planned.due is not None:
            yield from self._due(start, planned.due)
        if planned.met:
            yield said.fill("sentence.met", moment=self._moment(planned.met))

    def _beginning(self, start: Happening) -> str:
        sort = "day" if start.kind in _DAYS else "event"
        source = self._said.translated(f"origin.{start.source}", start.source)
        return self._said.fill(
            f"sentence.counts_from_{sort}",
            began=self._instant(start.at) if start.at else self._day(start.day(self._zone)),
            event=self._said.said[f"event.{start.kind}"],
            known=self._said.fill("sentence.known", source=source) if source else "",
        )

    def _opening(self) -> Iterator[str]:
        planned, said = self._planned, self._said
        if planned.wanting:
            facts = ", ".join(facts_wanted(planned, self._language))
            key = "sentence.end_unknown" if planned.rule.after_end else "sentence.opening_unknown"
            yield said.fill(key, facts=facts)
        if planned.opens is None or planned.value.opens is None:
            return
        moment = self._moment(planned.opens)
        if planned.rule.due_starts and planned.due:
            yield said.fill("sentence.opens_on", moment=moment)
            return
        key = "sentence.opens" if planned.due else "sentence.window"
        yield said.fill(key, span=self._span(planned.value.opens), moment=moment)

    def _due(self, start: Happening, due: Moment) -> Iterator[str]:
        planned, said = self._planned, self._said
        if planned.printed and planned.alternative_on:
            computed = self._day(planned.alternative_on)
            yield said.fill("sentence.printed", moment=self._moment(due), computed=computed)
        else:
            if planned.value.due.unit is Unit.NEXT_OPEN_DAY:
                span = said.fill("span.next_open_day", reason=self._closed(start.day(self._zone)))
            else:
                span = self._span(planned.value.due)
            yield said.fill("sentence.due", span=span, moment=self._moment(due))
            yield from self._skipped(start, due)
        if planned.closed_day_moves_to and due.on:
            moment = self._day(planned.closed_day_moves_to)
            yield said.fill("sentence.moves", reason=self._closed(due.on), moment=moment)

    def _skipped(self, start: Happening, due: Moment) -> Iterator[str]:
        """The closed days that a count of open days passed over."""
        if self._planned.value.due.unit not in (Unit.COURT_DAYS, Unit.BUSINESS_DAYS) or due.on is None:
            return
        first, last = sorted((start.day(self._zone), due.on))
        between = (first + timedelta(days=n) for n in range(1, (last - first).days))
        closed = [
            self._said.fill("form.closed_day", day=self._day(day), reason=self._closed(day))
            for day in between
            if not self._calendar.is_open(day)
        ]
        if closed:
            yield self._said.fill("sentence.skipped", days="; ".join(closed))

    def _law(self) -> Iterator[str]:
        rule, value, said = self._planned.rule, self._planned.value, self._said
        yield said.fill(
            "sentence.rule",
            id=rule.id,
            title=said.translated(f"title.{rule.id}", rule.title),
            actor=said.translated(f"actor.{rule.actor}", rule.actor),
        )
        since = ""
        if value.effective > LONG_AGO:
            since = said.fill("sentence.since", day=self._day(value.effective))
        mark = said.said[f"mark.{value.mark}"]
        yield said.fill("sentence.source", sources="; ".join(value.sources), mark=mark, since=since)
        if value.note:
            yield said.translated(f"note.{rule.id}@{value.effective}", value.note)
        if rule.certainty is Certainty.DEBATABLE:
            doubt = said.translated(f"doubt.{rule.id}", rule.doubt)
            yield said.fill("sentence.debatable", doubt=doubt)
        else:
            yield said.said["sentence.certain"]
        if self._planned.alternative_on and not self._planned.printed:
            yield said.fill("sentence.other_reading", day=self._day(self._planned.alternative_on))

    def _span(self, offset: Offset) -> str:
        """An offset that counts something, in words."""
        said = self._said
        if offset.amount == 0:
            return said.said["span.at_once" if offset.unit is Unit.ELAPSED_HOURS else "span.same_day"]
        size = abs(offset.amount)
        unit = said.said[f"unit.{offset.unit}" + ("_one" if size == 1 else "")]
        span = said.fill("span.after" if offset.amount > 0 else "span.before", count=size, unit=unit)
        if offset.unit is Unit.ELAPSED_HOURS:
            return said.fill("span.hours", span=span)
        if offset.unit is Unit.CALENDAR_DAYS:
            return said.fill("span.days", span=span)
        return span

    def _closed(self, day: date) -> str:
        reason = self._calendar.closed_because(day)
        return self._said.translated(f"closed.{reason}", reason)

    def _moment(self, moment: Moment) -> str:
        if moment.at is not None:
            return self._instant(moment.at)
        return self._day(moment.day(self._planned.jurisdiction))

    def _day(self, day: date) -> str:
        return day_words(day, self._language)

    def _instant(self, instant: datetime) -> str:
        return instant_words(instant, self._zone, self._language)
