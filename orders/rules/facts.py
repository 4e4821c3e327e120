"""The facts of an order that the rules use: no names, no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from orders.rules.court_time import end_of_day, local_date


class Kind(StrEnum):
    """The kinds of order, named as courts name them."""

    RESTRAINING_ORDER_APPLICATION = "restraining_order_application"
    EX_PARTE_RESTRAINING_ORDER = "ex_parte_restraining_order"
    RESTRAINING_ORDER = "restraining_order"
    CIVIL_PROTECTION_ORDER = "civil_protection_order"
    FAMILY_VIOLENCE_PROTECTIVE_ORDER = "family_violence_protective_order"
    RISK_PROTECTION_ORDER = "risk_protection_order"
    FOREIGN_ORDER = "foreign_order"
    INTERIM_ERPO = "interim_erpo"
    TEMPORARY_ERPO = "temporary_erpo"
    FINAL_ERPO = "final_erpo"


class DutyProof(StrEnum):
    """What a surrender duty rests on. The order of the members is their weight, the weakest first."""

    SWORN = "sworn_not_verified"
    #: Someone checked the statement, and other facts contradict it.
    CONTRADICTED = "sworn_contradicted"
    FOUND = "found_by_court"
    PROVEN = "proven"

    @property
    def weight(self) -> int:
        """The place among the members: proof outweighs a finding, and a finding a statement."""
        return list(DutyProof).index(self)


#: How a respondent is served, as orders record it.
SERVICE_WAYS = frozenset({"in_hand", "abode", "electronic", "in_court", "mail", "unknown"})

#: What a respondent swears to. A statement alone proves nothing.
STATEMENTS = frozenset({"inaccessibility_stated", "non_possession_stated"})

#: The kinds of events of an order. A rule names one as its start or as the event that meets it.
EVENT_KINDS = frozenset(
    {
        "accounted_for",
        "application_filed",
        "contempt_motion_served",
        "custody_ended",
        "destroyed",
        "disqualifying_event",
        "employment_affidavit_filed",
        "ex_parte_extension_requested",
        "expiry_notified",
        "extension_moved",
        "family_notified",
        "firearms_reported",
        "heard",
        "hearing_continued",
        "hearing_requested",
        "hearing_scheduled",
        "inaccessibility_stated",
        "investigation_ordered",
        "investigation_reported",
        "kept_by_others",
        "non_possession_stated",
        "permit_handed_in",
        "police_notified",
        "proof_filed",
        "records_sealed",
        "registry_entered",
        "release_ordered",
        "released_from_custody",
        "remote_testimony_requested",
        "retention_ordered",
        "return_completed",
        "return_held",
        "return_hold_decided",
        "return_recorded",
        "return_refused",
        "return_request_dropped",
        "return_requested",
        "return_scheduled",
        "returned",
        "revocation_notified",
        "served",
        "service_failed",
        "service_recorded",
        "service_returned",
        "state_notified",
        "surrendered",
        "condition_satisfied",
        "condition_set",
        "termination_motion_served",
        "termination_petitioned",
        "transfer_completed",
        "transfer_notice_received",
        "transferred",
        "vacated",
        "warrant_executed",
        "warrant_returned",
    }
)

#: Events that people are notified about: the others, and those that start no deadline.
ANNOUNCED_EVENTS = EVENT_KINDS | {
    "contempt_found",
    "extended",
    "fact_doubtful",
    "given_to_serve",
    "modified",
    "hearing_canceled",
    "papers_picked_up",
    "permit_applied",
    "permit_known",
    "permit_reinstated",
    "permit_revoked",
    "purchase_attempted",
    "referral_decided",
    "referred",
    "school_named",
    "service_planned",
    "warrant_issued",
}

# The date of these events is the day for which something is set.
_SET_AHEAD = frozenset(
    {
        "condition_set",
        "extended",
        "hearing_canceled",
        "hearing_continued",
        "hearing_scheduled",
        "return_held",
        "return_scheduled",
        "service_planned",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event of an order, at an instant, or on a day if the time of day is not known.

    `key` distinguishes two events of a kind (two hearings). `purpose` is that of a hearing or condition.
    `known_at`, if it is stated, is when it was recorded here: who hears of it then has the whole time to act.
    `source` is the record it is known from, for explanations. `way` is how the respondent was served, if it
    is stated. `complete`, for a surrender or `accounted_for`:
    everything believed held is now accounted for, and `proof` is what that rests on. `checked`, for a
    statement: someone checked it.
    """

    kind: str
    at: datetime | None = None
    on: date | None = None
    key: str = ""
    purpose: str = "application"
    source: str = ""
    complete: bool = False
    in_custody: bool = False
    proof: DutyProof | None = None
    checked: bool = False
    way: str = ""
    known_at: datetime | None = None

    def day(self, zone: ZoneInfo) -> date:
        """Return the calendar day in `zone`. Raises `ValueError` without an instant or a day."""
        if self.on is not None:
            return self.on
        if self.at is None:
            raise ValueError(f"{self.kind}: give an instant or a day")
        return local_date(self.at, zone)

    @property
    def dated(self) -> bool:
        """True if an instant or a day is known."""
        return self.at is not None or self.on is not None

    @property
    def is_set_ahead(self) -> bool:
        """True if its date is the day for which something is set, such as a hearing."""
        return self.kind in _SET_AHEAD

    def known_by(self, instant: datetime, zone: ZoneInfo) -> bool:
        """True if it is dated at or before `instant`; a whole day counts from its beginning.

        Always true for an event without a date, and for a hearing, return or condition that is set for a day:
        its date is not the day on which it was set.
        """
        if self.is_set_ahead:
            return True
        if self.at is not None:
            return self.at <= instant
        return self.on is None or self.on <= local_date(instant, zone)

    def before(self, other: Event, zone: ZoneInfo) -> bool:
        """True if it happened before `other`. Of two events on one day, only instants decide."""
        if self.at is not None and other.at is not None:
            return self.at < other.at
        return self.day(zone) < other.day(zone)

    def sort_key(self, zone: ZoneInfo) -> tuple[date, float, str, str, bool, bool, str, str, str]:
        """Return a key that sorts by time, however the events were listed. Those without a date are last."""
        return (
            self.day(zone) if self.dated else date.max,
            self.at.timestamp() if self.at else 0.0,
            self.key,
            self.purpose,
            self.complete,
            self.in_custody,
            self.source,
            self.proof or "",
            self.way,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The facts of one order.

    `firearms_indicated` and `permit_indicated` are the boxes on the application, `permit_known` a permit that
    became known otherwise, `firearms_listed` an item on the list; any of them makes the order `armed`. `area`
    is the county or other part of the state in which the court is, for states with more than one time zone.
    """

    jurisdiction: str
    kind: str
    issued_on: date
    issued_at: datetime | None = None
    expires_on: date | None = None
    firearms_indicated: bool = False
    permit_indicated: bool = False
    permit_known: bool = False
    firearms_listed: bool = False
    financial_support: bool = False
    area: str = ""
    events: tuple[Event, ...] = ()

    @property
    def armed(self) -> bool:
        """True if anything indicates firearms: the application, a permit, an item on the list."""
        return self.is_stated or self.permit_known or self.firearms_listed

    @property
    def is_stated(self) -> bool:
        """True if the application itself indicates firearms or a permit (C.G.S. § 46b-15(b))."""
        return self.firearms_indicated or self.permit_indicated

    def of_kind(self, kind: str, zone: ZoneInfo, purpose: str = "") -> list[Event]:
        """Return the events of a kind, and of a purpose if given, earliest first."""
        return sorted(
            (one for one in self.events if one.kind == kind and purpose in ("", one.purpose)),
            key=lambda one: one.sort_key(zone),
        )

    def known_by(self, instant: datetime, zone: ZoneInfo) -> Facts:
        """Return the same facts with only the events that are known at `instant`."""
        return replace(self, events=tuple(one for one in self.events if one.known_by(instant, zone)))

    def in_force(self, instant: datetime, zone: ZoneInfo) -> bool:
        """True if the order is issued and not vacated, and its printed last day is not over (TIME-10)."""
        if local_date(instant, zone) < self.issued_on:
            return False
        if any(one.kind == "vacated" and one.known_by(instant, zone) for one in self.events):
            return False
        return self.expires_on is None or instant < end_of_day(self.expires_on, zone)
