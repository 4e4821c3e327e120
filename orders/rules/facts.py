"""What is known of one order, as the rules see it: no names, no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from orders.rules.court_time import end_of_day, local_date


class Kind(StrEnum):
    """The kinds of order; the field's own words."""

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


#: What can have happened to an order. A rule names one as its start or as what meets it.
HAPPENINGS = frozenset(
    {
        "application_filed",
        "contempt_motion_served",
        "disqualifying_event",
        "employment_affidavit_filed",
        "ex_parte_extension_requested",
        "expiry_notified",
        "extension_moved",
        "family_notified",
        "heard",
        "hearing_continued",
        "hearing_requested",
        "hearing_scheduled",
        "inaccessibility_stated",
        "non_possession_stated",
        "permit_handed_in",
        "police_notified",
        "proof_filed",
        "records_sealed",
        "release_ordered",
        "released_from_custody",
        "remote_testimony_requested",
        "retention_ordered",
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
        "term_met",
        "term_set",
        "termination_motion_served",
        "termination_petitioned",
        "transfer_notice_received",
        "transferred",
        "vacated",
        "warrant_executed",
        "warrant_returned",
    }
)


# Their date is the day they are set for.
_SET_AHEAD = frozenset({"hearing_continued", "hearing_scheduled", "return_scheduled", "term_set"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """Something that happened to an order, at an instant, or on a day where no time of day is known.

    `key` tells two of a kind apart (two hearings). `complete` on a surrender: everything believed held is
    now accounted for. `purpose` on a hearing: what it is for. `source`: how it is known, to be read out.
    """

    kind: str
    at: datetime | None = None
    on: date | None = None
    key: str = ""
    purpose: str = "application"
    source: str = ""
    complete: bool = False
    in_custody: bool = False

    def day(self, zone: ZoneInfo) -> date:
        """The calendar day in `zone`."""
        if self.on is not None:
            return self.on
        if self.at is None:
            raise ValueError(f"{self.kind}: give the instant or the day")
        return local_date(self.at, zone)

    @property
    def dated(self) -> bool:
        """True when an instant or a day is known."""
        return self.at is not None or self.on is not None

    def known_by(self, instant: datetime, zone: ZoneInfo) -> bool:
        """True when it is dated at or before `instant`; a whole day counts from its beginning.

        A hearing or a return set for a later day is known: its date is not the day on which it was set. So
        is what happened at a time that nobody wrote down.
        """
        if self.kind in _SET_AHEAD:
            return True
        if self.at is not None:
            return self.at <= instant
        return self.on is None or self.on <= local_date(instant, zone)

    def before(self, other: Happening, zone: ZoneInfo) -> bool:
        """True when it happened before `other`; of two on one day only instants tell."""
        if self.at is not None and other.at is not None:
            return self.at < other.at
        return self.day(zone) < other.day(zone)

    def sort_key(self, zone: ZoneInfo) -> tuple[date, float, str, str, bool, bool, str]:
        """An order in time that does not depend on the order in which facts were given.

        What has no date comes last.
        """
        return (
            self.day(zone) if self.dated else date.max,
            self.at.timestamp() if self.at else 0.0,
            self.key,
            self.purpose,
            self.complete,
            self.in_custody,
            self.source,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """One order. `firearms_indicated` is the box on the application; a permit or a listed firearm counts too
    wherever the law asks whether firearms are believed held (`armed`). `area` is the county or other part of
    the state that the court sits in, where the state has more than one time zone."""

    jurisdiction: str
    kind: str
    issued_on: date
    issued_at: datetime | None = None
    expires_on: date | None = None
    firearms_indicated: bool = False
    permit_indicated: bool = False
    firearms_listed: bool = False
    financial_support: bool = False
    area: str = ""
    happenings: tuple[Happening, ...] = ()

    @property
    def armed(self) -> bool:
        """True when anything indicates firearms: the application's box, a permit, an item on the list."""
        return self.firearms_indicated or self.permit_indicated or self.firearms_listed

    def of_kind(self, kind: str, zone: ZoneInfo, purpose: str = "") -> list[Happening]:
        """The happenings of one kind, and of one purpose if it is asked for, the earliest first."""
        return sorted(
            (one for one in self.happenings if one.kind == kind and purpose in ("", one.purpose)),
            key=lambda one: one.sort_key(zone),
        )

    def known_by(self, instant: datetime, zone: ZoneInfo) -> Facts:
        """The same order with only what is dated at or before `instant`."""
        return replace(self, happenings=tuple(one for one in self.happenings if one.known_by(instant, zone)))

    def in_force(self, instant: datetime, zone: ZoneInfo) -> bool:
        """True while the order stands: issued, not vacated, and its printed last day not over (TIME-10)."""
        if local_date(instant, zone) < self.issued_on:
            return False
        if any(one.kind == "vacated" and one.known_by(instant, zone) for one in self.happenings):
            return False
        return self.expires_on is None or instant < end_of_day(self.expires_on, zone)
