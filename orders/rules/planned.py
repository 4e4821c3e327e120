"""What the plan of an order consists of: deadlines, their moments, clocks and checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from orders.rules.court_time import at_wall, end_of_day, local_date
from orders.rules.facts import DutyProof, Event
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import Rule, Value
from orders.rules.vocabulary import Certainty, Purpose


class Clock(StrEnum):
    """Whether a deadline's time is running."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    STOPPED = "stopped"
    PASSED = "passed"
    CANNOT_COMPUTE = "cannot_compute"


class Status(StrEnum):
    """The status of a deadline at an instant."""

    NOT_STARTED = "not_started"
    OPEN = "open"
    MET_ON_TIME = "met_on_time"
    MET_LATE = "met_late"
    OVERDUE = "overdue"
    CANNOT_COMPUTE = "cannot_compute"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """An instant, or a whole day if the law counts days."""

    at: datetime | None = None
    on: date | None = None

    def over_at(self, jurisdiction: Jurisdiction) -> datetime:
        """Return the instant after which it is past: the instant itself, or the end of the day."""
        if self.at is not None:
            return self.at
        return end_of_day(self.day(jurisdiction), jurisdiction.zone)

    def begins_at(self, jurisdiction: Jurisdiction) -> datetime:
        """Return the instant at which it begins: the instant itself, or midnight of the day."""
        if self.at is not None:
            return self.at
        return at_wall(self.day(jurisdiction), time.min, jurisdiction.zone)

    def day(self, jurisdiction: Jurisdiction) -> date:
        """Return the calendar day in the jurisdiction's time zone."""
        if self.on is not None:
            return self.on
        if self.at is None:
            raise ValueError("A moment needs an instant or a day.")
        return local_date(self.at, jurisdiction.zone)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedCheckpoint:
    """An instant at which the system looks at a deadline.

    The others are for announcements. `news_until`: if a person enters the event later, it still fires until
    then. `waits_from_entry`: it counts from when the event became known here, which was later than the event.
    """

    name: str
    purpose: Purpose
    fires_at: datetime
    audience: tuple[str, ...]
    late: bool
    news_until: datetime | None = None
    needs_answer: bool = False
    waits_from_entry: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDeadline:
    """A deadline that a rule gives an order. `explain` puts it into sentences.

    - `occurrence` distinguishes the deadlines of one rule; empty if there is only one.
    - `due` is None if the rule gives only the opening of a window.
    - `last` is the moment up to which an act is in time, if the law moves it past `due`.
    - `met` is the moment of the event that met the deadline, and `met_event` the kind of that event.
    - `proof` is what a duty about firearms rests on. A statement that does not meet it is `SWORN` too.
    - `missing` holds a code for each fact that is not recorded: `date:` or `time:` and the kind of event.
      With the clock `cannot_compute` the whole deadline needs it, otherwise its opening or the order's end.
    - `awaits` is the event that starts a deadline that is not started.
    - `printed`: `due` is the date printed on the order. The date that the rule computes is then
      `alternative_on` (TIME-10).
    """

    rule: Rule
    value: Value
    occurrence: str
    clock: Clock
    jurisdiction: Jurisdiction
    opens: Moment | None = None
    due: Moment | None = None
    alternative_on: date | None = None
    last_open_day: date | None = None
    closed_day_moves_to: date | None = None
    last: Moment | None = None
    met: Moment | None = None
    met_event: str = ""
    proof: DutyProof | None = None
    missing: tuple[str, ...] = ()
    checkpoints: tuple[PlannedCheckpoint, ...] = ()
    start: Event | None = None
    awaits: str = ""
    printed: bool = False

    @property
    def due_day(self) -> date | None:
        """The due day in the jurisdiction's time zone."""
        return None if self.due is None else self.due.day(self.jurisdiction)

    @property
    def due_at(self) -> datetime | None:
        """The last instant in time; for a day, the instant at which the day is over."""
        return None if self.due is None else (self.last or self.due).over_at(self.jurisdiction)

    @property
    def is_from_leap_day(self) -> bool:
        """True if it counts a year from February 29, whose last day has two readings (TIME-08)."""
        return self.alternative_on is not None and self.value.alternative is None and not self.printed

    @property
    def has_closed_day_doubt(self) -> bool:
        """True if the court is closed on the due day and the law leaves open what follows."""
        return self.closed_day_moves_to is not None and bool(self.rule.closed_day_doubt)

    @property
    def certainty(self) -> Certainty:
        """Whether lawyers agree on the reading of the rule in this case."""
        if self.is_from_leap_day or self.has_closed_day_doubt:
            return Certainty.DEBATABLE
        return self.rule.certainty

    @property
    def met_in_time(self) -> bool | None:
        """Whether it was met in time; None if it is not met or has no due moment."""
        if self.met is None or self.due is None:
            return None
        if self.met.at is not None and self.due.at is not None:
            return self.met.at <= self.due.at
        return self.met.day(self.jurisdiction) <= (self.last or self.due).day(self.jurisdiction)

    def status(self, now: datetime) -> Status:
        """Return the status at `now`. A window without an end is open from its opening on."""
        if self.clock is Clock.CANNOT_COMPUTE:
            return Status.CANNOT_COMPUTE
        if self.due_at is None:
            return self._window_status(now)
        if self.met_in_time is not None:
            return Status.MET_ON_TIME if self.met_in_time else Status.MET_LATE
        # The due instant itself is in time; a whole day is over at the instant that ends it.
        over = now > self.due_at if self.due and self.due.at else now >= self.due_at
        return Status.OVERDUE if over else Status.OPEN

    def _window_status(self, now: datetime) -> Status:
        if self.opens is None or now < self.opens.begins_at(self.jurisdiction):
            return Status.NOT_STARTED
        return Status.OPEN

    def clock_at(self, now: datetime) -> Clock:
        """Return the clock at `now`: `passed` if the time ran out and nothing met the deadline."""
        return Clock.PASSED if self.status(now) is Status.OVERDUE else self.clock
