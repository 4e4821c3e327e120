"""A state of the rulebook: its time zone and its court calendar."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from orders.rules.court_calendar import CourtCalendar
from orders.rules.vocabulary import SourceStatus


@dataclass(frozen=True, kw_only=True)
class Jurisdiction:
    """A state with its time zone and court calendar.

    `areas` are the parts of the state (counties) with another zone. `source_status` is that of its holidays.
    """

    id: str
    name: str
    zone: ZoneInfo
    calendar: CourtCalendar
    areas: dict[str, ZoneInfo] = field(default_factory=dict)
    source_status: SourceStatus = SourceStatus.SEEN
    about: str = ""

    def in_area(self, area: str) -> Jurisdiction:
        """Return the same state with the time zone of `area`."""
        zone = self.areas.get(self.area_named(area), self.zone)
        return self if zone == self.zone else replace(self, zone=zone)

    def area_named(self, area: str) -> str:
        """Return the area's name as the rulebook spells it; empty if the state has no other zone there."""
        wanted = area.strip().casefold()
        return next((one for one in self.areas if one.casefold() == wanted), "")
