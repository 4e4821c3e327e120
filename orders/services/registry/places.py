"""Towns, courts and police of one state, by their names in a registry."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from accounts.models import POLICE, Agency, AgencyKind, State, Town
from accounts.reference.reader import offered
from accounts.text import plain_dashes, show_invisible
from orders.matching.dockets import clean_docket
from orders.matching.places import nearest, part_keys, place_key, without_state
from orders.models import Order
from orders.services.orders.legal_checks import kinds_of
from orders.services.planning.rulebooks import bundled, zone_at
from orders.services.registry.cells import Rejected

#: The court of docket numbers with an unknown prefix, in Connecticut.
UNNAMED_COURT = "Superior Court, judicial district not named"


class Places:
    """The towns of all states, the courts of `state`, and every police agency.

    `zone` replaces the clock of the courts for times without an offset.
    """

    def __init__(self, zone: ZoneInfo | None = None, state: str = State.CONNECTICUT) -> None:
        self.state = State(state)
        self.kinds = frozenset(kinds_of(state))
        self._zone = zone
        towns = list(Town.objects.select_related("police"))
        self._connecticut = {
            place_key(one.name): one for one in towns if one.jurisdiction == State.CONNECTICUT
        }
        self._towns: dict[str, Town] = {}
        for one in towns:
            # Outside Connecticut a name ends with its state. A file of that state leaves it out.
            suffix = f", {one.get_jurisdiction_display()}"
            key = one.name.removesuffix(suffix) if one.jurisdiction == state else one.name
            if self.is_connecticut or one.jurisdiction != State.CONNECTICUT:
                self._towns[place_key(key)] = one
        self._police = {one.ori: one for one in Agency.objects.filter(kind__in=POLICE).exclude(ori="")}
        self._offered = {place_key(one): towns for one, towns in offered().items()}
        courts = list(Agency.objects.filter(kind=AgencyKind.COURT, jurisdiction=state).order_by("-id"))
        self._only = courts[0] if len(courts) == 1 and not self.is_connecticut else None
        self._courts = {prefix: court for court in courts for prefix in court.docket_prefixes.upper().split()}

    @property
    def is_connecticut(self) -> bool:
        """True for the registry of Connecticut."""
        return self.state is State.CONNECTICUT

    def zone_for(self, docket_number: str) -> ZoneInfo:
        """The clock of the court of a docket number."""
        if self._zone is not None:
            return self._zone
        state = bundled().jurisdictions[self.state]
        if not state.areas:
            return state.zone
        court = self._known_court(clean_docket(docket_number))
        return zone_at(self.state, court.area if court else "")

    def zone_of(self, order: Order) -> ZoneInfo:
        """The clock of the order's court."""
        return self._zone or zone_at(order.jurisdiction, order.area)

    def town(self, name: str) -> Town | None:
        """The town or village of that name, in any of its usual forms.

        Also of a village beside its town. Two places of different towns are not known.
        """
        if not self.is_connecticut:
            if without_state(name, "connecticut", "conn", "ct"):
                return self._connecticut.get(place_key(name))
            name = without_state(name, self.state.label, self.state.removeprefix("us_")) or name
        if found := self._towns.get(place_key(name)):
            return found
        parts = [self._towns.get(key) for key in part_keys(name)]
        places = [one for one in parts if one is not None]
        if not places or len(places) < len(parts) or len({one.within_id or one.pk for one in places}) > 1:
            return None
        return next((one for one in places if one.within_id), places[0])

    def nearest_towns(self, name: str) -> list[str]:
        """The towns to offer for a name that is no one town, else the names that look most like `name`."""
        if self.is_connecticut and (towns := self._offered.get(place_key(name))):
            return towns
        return nearest(name, [town.name for town in self._towns.values()])

    def unknown_town(self, name: str) -> str:
        """Return why `name` is no one town, and which to use."""
        offered = self.nearest_towns(name)
        return f"“{show_invisible(name)[:40]}” is not a town or village in {self.state.label}. " + (
            f"Use {' or '.join(offered)}." if offered else "Name the town that it is part of."
        )

    def police(self, ori: str) -> Agency | None:
        """The police agency of that ORI."""
        return self._police.get(re.sub(r"[\s-]", "", plain_dashes(ori)).upper())

    def court(self, docket_number: str) -> Agency:
        """The court of the docket number's prefix, else `UNNAMED_COURT`, or the only court of another state.

        Raises `Rejected`.
        """
        if found := self._known_court(docket_number):
            return found
        prefix = docket_number.partition("-")[0].upper()
        if not self.is_connecticut:
            raise Rejected(
                "unknown_court",
                f"docket_number: no court in {self.state.label} has the docket prefix “{prefix[:40]}”. An "
                "administrator adds it to the court.",
            )
        self._courts[prefix], _ = Agency.objects.get_or_create(
            name=UNNAMED_COURT, defaults={"kind": AgencyKind.COURT}
        )
        return self._courts[prefix]

    def _known_court(self, docket_number: str) -> Agency | None:
        return self._courts.get(docket_number.partition("-")[0].upper(), self._only)
