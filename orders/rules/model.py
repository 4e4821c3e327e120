"""The parts of the rulebook: rules and entries as dated values with sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, time

from orders.rules.facts import Event, Facts, Kind
from orders.rules.vocabulary import (
    LONG_AGO,
    Anchor,
    Certainty,
    DatedBy,
    EntryType,
    Pick,
    Purpose,
    SourceStatus,
    StandardOfProof,
    Unit,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Offset:
    """A number of units after an event; before it if negative."""

    amount: int
    unit: Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """A kind of order that a rule binds; None means that the rule binds it with either answer.

    `firearms_indicated`: the application indicates firearms, ammunition or a permit.
    """

    kind: Kind
    firearms_indicated: bool | None = None
    financial_support: bool | None = None

    def holds(self, facts: Facts) -> bool:
        """True if the order is of this kind and has the required answers."""
        return (
            facts.kind == self.kind
            and self.firearms_indicated in (None, facts.is_stated)
            and self.financial_support in (None, facts.financial_support)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class MetBy:
    """An event that meets a deadline, and what must be true of it.

    `purpose`: the hearing or condition must have this purpose. `complete`: everything believed held must be
    accounted for. `unless_armed`: it counts only if nothing indicates firearms. `set_by_due`: its date must
    not be after the due day. `at_start`: its date must not be before the start. `since` is counted from the
    deadline's start; an earlier event belongs to an earlier turn of the same rule, such as the motion that
    extended the order last year. `same_key`: it must have the key of the starting event, such as one of
    several conditions.
    """

    event: str
    purpose: str = ""
    complete: bool = False
    unless_armed: bool = False
    set_by_due: bool = False
    at_start: bool = False
    since: Offset | None = None
    same_key: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Unless:
    """An event that keeps a rule from applying: at any time, or by the offset `by` from the rule's start.

    `same_key`: only if it has the key of the starting event, such as one of several requests. `unmet`: only
    while no event that meets the rule is recorded.
    """

    event: str
    by: Offset | None = None
    same_key: bool = False
    unmet: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckpointRule:
    """When to look at a deadline, why, and who is notified.

    `offset` counts from the due instant or, with `anchor` OPENS, from the opening. An offset in days falls at
    `clock`, court time. `late`: it still fires if it is already past when it is first planned.

    The others are for announcements. `fresh_days`: an event that is entered late still counts for so many
    days; None for a reminder ahead of the event. `until_day`: that reminder still comes at once, until the
    day is over. `when_armed`: only if something indicates firearms. `ask` is what the reader is asked to do,
    and `needs_answer` that police must acknowledge it.
    """

    name: str
    purpose: Purpose
    offset: Offset
    audience: tuple[str, ...]
    anchor: Anchor = Anchor.DUE
    clock: time = time(9)
    late: bool = False
    fresh_days: int | None = None
    until_day: bool = False
    when_armed: bool = False
    ask: str = ""
    needs_answer: bool = False

    @property
    def is_first(self) -> bool:
        """True if an announcement fires it as soon as the event is known."""
        return self.fresh_days is not None and self.offset.amount == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ByWay:
    """What one way of service changes of a value: its time, how well it is known, and when it is checked."""

    way: str
    due: Offset
    certainty: Certainty
    doubt: str = ""
    check: Offset | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """The times that a rule gives from the day `effective`, with the sources.

    `alternative` is the other reading of a debatable rule. `extends`, for a rule that ends the order, is the
    most that one extension adds to the last day; None if the law sets no limit. `starts`, `actor`,
    `certainty` and `doubt` replace those of the rule if the law changed them, or if this value is known
    better or less well. `by_way` has the times of an order that was served in another way.
    """

    effective: date
    due: Offset
    opens: Offset | None = None
    alternative: Offset | None = None
    extends: Offset | None = None
    sources: tuple[str, ...]
    source_status: SourceStatus
    note: str = ""
    starts: str = ""
    actor: str = ""
    certainty: Certainty | None = None
    doubt: str = ""
    by_way: tuple[ByWay, ...] = ()
    way: str = ""
    check: Offset | None = None

    def served(self, way: str) -> Value:
        """Return the value with what a service in this way changes of it."""
        found = next((one for one in self.by_way if one.way == way), None)
        if found is None:
            return self
        value = replace(self, due=found.due, check=found.check, way=way)
        return replace(value, certainty=found.certainty, doubt=found.doubt)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of law with a time: the orders it binds, its start, its values, and the events that meet it.

    - `else_starts`: the starting event if no event `starts` is recorded.
    - `not_before`: an event that becomes the start if it is recorded and later.
    - `after_end`: the end of the order becomes the start if it is later; if no end is recorded, the plan
      names the missing fact.
    - `custody_starts`: if the start is marked `in_custody`, the first of these events after it is the start.
    - `due_starts`: the due moment counts from this event after the start.
    - `opens_after`: the opening counts from this event with the key of the start, if it is later.
    - `opened_by`: an event after the start, or before the first start, that opens it at once.
    - `court_sets_opening`: a court may set the time of the opening; the value has that of all others.
    - `only_after`: the rule applies only if one of these events is recorded.
    - `unless`: the rule gives no deadline from a start if one of these events is recorded in time.
    - `alarms_when_armed`: there are checkpoints only if something indicates firearms.
    - `ends_order`: the due day is the order's last day; a date printed on the order goes first.
    - `is_end`: the due day is an end, such as that of a support order, and not a duty.
    - `no_check`: why the rule has no check, in a sentence. A rule with a duty has a check or this.
    - `moves_off_closed_days`: if the court is closed on the due day, the plan also gives the open day number
      `closed_day_moves` after it, or with `moves_to_nearest` the open day nearest to it.
    - `closed_day_doubt`: what is debatable only if the court is closed on the due day.
    - `until`: orders issued on this day or later have another law. `short`: the title that lists show.
    - `outlives_order`: it remains after the order was vacated. `awaited`: it is listed before its start.
    - `part_of`: the rule or entry that it is a part of; `covers`: the cells of the dossier that it carries.
    """

    id: str
    title: str
    jurisdiction: str
    binds: tuple[Binding, ...]
    starts: str
    values: tuple[Value, ...]
    actor: str
    certainty: Certainty
    doubt: str = ""
    start_purpose: str = ""
    pick: Pick = Pick.FIRST
    met_by: tuple[MetBy, ...] = ()
    checkpoints: tuple[CheckpointRule, ...] = ()
    alarms_when_armed: bool = False
    awaited: bool = False
    ends_order: bool = False
    is_end: bool = False
    no_check: str = ""
    moves_off_closed_days: bool = False
    moves_to_nearest: bool = False
    closed_day_moves: int = 1
    closed_day_doubt: str = ""
    until: date | None = None
    else_starts: str = ""
    not_before: str = ""
    after_end: bool = False
    custody_starts: str = ""
    due_starts: str = ""
    opens_after: str = ""
    opened_by: str = ""
    court_sets_opening: bool = False
    only_after: tuple[str, ...] = ()
    unless: tuple[Unless, ...] = ()
    outlives_order: bool = False
    dated_by: DatedBy = DatedBy.ISSUED
    part_of: str = ""
    covers: tuple[str, ...] = ()
    short: str = ""
    file: str = ""

    def binds_order(self, facts: Facts) -> bool:
        """True if the rule binds an order with these facts."""
        return (
            facts.jurisdiction == self.jurisdiction
            and (self.until is None or facts.issued_on < self.until)
            and any(bind.holds(facts) for bind in self.binds)
        )

    def value_on(self, day: date) -> Value | None:
        """Return the value in force on `day`; None before the first value."""
        return next((value for value in reversed(self.values) if value.effective <= day), None)

    def under(self, value: Value | None) -> Rule:
        """Return the rule with what `value` replaces."""
        if value is None or not (value.starts or value.actor or value.certainty):
            return self
        rule = replace(self, actor=value.actor or self.actor)
        if at := value.check:
            own = self.checkpoints
            own = tuple(replace(one, offset=at) if one.purpose is Purpose.CHECK else one for one in own)
            rule = replace(rule, checkpoints=own)
        if value.starts:
            rule = replace(rule, starts=value.starts, else_starts="", not_before="", awaited=False)
        if value.certainty:
            rule = replace(rule, certainty=value.certainty, doubt=value.doubt)
        return rule

    @property
    def has_duty(self) -> bool:
        """True if someone must act by the due day; false if it is only the end of something.

        An order that ends at a hearing has a check of that hearing: then the hearing is the duty.
        """
        return self.has_check or not (self.ends_order or self.is_end)

    @property
    def has_check(self) -> bool:
        """True if a checkpoint marks the deadline overdue."""
        return any(one.purpose is Purpose.CHECK for one in self.checkpoints)


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """An event of an order that people are notified about, without a deadline.

    `rule` gives from which event it runs and when it is over; its checkpoints name who is notified and when.
    It concerns orders of `kinds` in the jurisdictions `states`, and not those in `not_in`; an empty list
    means all. `purposes` are those of the hearing or condition. `when_whole`: the event must account for
    everything. `urgent`: it waits for no quiet hours but those of a protected person. `at_once`: it waits for
    no digest either. `unless_acknowledged` is the announcement whose acknowledgment makes this one needless.
    """

    rule: Rule
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    when_whole: bool = False
    urgent: bool = False
    at_once: bool = False
    unless_acknowledged: str = ""

    def concerns(self, facts: Facts) -> bool:
        """True if it is about an order with these facts."""
        return (
            (not self.kinds or facts.kind in self.kinds)
            and (not self.states or facts.jurisdiction in self.states)
            and facts.jurisdiction not in self.not_in
            and (facts.armed or not self.rule.alarms_when_armed)
        )

    def is_about(self, event: Event) -> bool:
        """True if it announces this event."""
        return (not self.purposes or event.purpose in self.purposes) and (
            event.complete or not self.when_whole
        )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A rule of law without a time of its own.

    It binds orders of `kinds` issued on or after `effective` and before `until`. `recipient` names who a
    notice or document goes to, `sender` who sends it. `allows` lists who may take a firearm or who may file,
    `from_custody` who else may if police hold it. A `lasting` condition holds while the order lasts; police
    need those for `officers`. In orders of the kinds that the rule `limited_by` binds, it ends by that rule
    and is not modified. An entry about proof requires `standard` for orders filed by one of `filed_by`, all
    if empty; with `after_hearing`, only once the application was heard. `requires` lists what a return needs.
    A required notice or document has a `short` title for lists.
    """

    id: str
    title: str
    jurisdiction: str
    type: EntryType
    sources: tuple[str, ...]
    source_status: SourceStatus
    certainty: Certainty
    kinds: tuple[str, ...] = ()
    recipient: str = ""
    sender: str = ""
    doubt: str = ""
    note: str = ""
    effective: date = LONG_AGO
    until: date | None = None
    allows: tuple[str, ...] = ()
    from_custody: tuple[str, ...] = ()
    standard: StandardOfProof | None = None
    filed_by: tuple[str, ...] = ()
    after_hearing: bool = False
    requires: tuple[str, ...] = ()
    lasting: bool = False
    officers: bool = False
    limited_by: str = ""
    covers: tuple[str, ...] = ()
    short: str = ""
    file: str = ""

    def binds_order(self, facts: Facts) -> bool:
        """True if the entry is about an order with these facts. Without `kinds` it is about every order."""
        return (
            facts.jurisdiction == self.jurisdiction
            and (not self.kinds or facts.kind in self.kinds)
            and self.effective <= facts.issued_on
            and (self.until is None or facts.issued_on < self.until)
        )

    def requires_more(self, facts: Facts, found: StandardOfProof, filer: str) -> bool:
        """True if `found` is less than the standard that the entry requires for this order."""
        return (
            self.standard is not None
            and self.standard.exceeds(found)
            and (not self.filed_by or filer in self.filed_by)
            and (not self.after_hearing or any(map(_heard_on_application, facts.events)))
        )

    @property
    def citation(self) -> str:
        """The title with id and sources."""
        return cite(self, self.sources)


def cite(rule: Rule | Entry, sources: Iterable[str]) -> str:
    """Return a rule's title with its sources, as a refusal quotes it."""
    return f"{rule.title} ({'; '.join(sources)})"


def _heard_on_application(event: Event) -> bool:
    return event.kind == "heard" and event.purpose == "application"
