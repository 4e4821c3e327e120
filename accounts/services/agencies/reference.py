"""Load towns, agencies and judicial districts from the reference files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import Manager

from accounts.models import Agency, AgencyKind, JudicialDistrict, Referenced, State, Town
from accounts.reference import reader

Row = TypeVar("Row", bound=Referenced)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The result of one load. `kept` counts rows that a person added or changed."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0

    def __add__(self, other: Counts) -> Counts:
        mine, theirs = asdict(self), asdict(other)
        return Counts(**{what: mine[what] + theirs[what] for what in mine})


@transaction.atomic
def load_reference() -> dict[str, Counts]:
    """Load the reference files, keeping what a person added or changed. A second load changes nothing."""
    reference = reader.read()

    districts = _Merge(JudicialDistrict.objects, identity="name")
    districts.merge({"name": row.name, "former_name": row.former_name} for row in reference.districts)

    agencies = _Merge(Agency.objects, identity="ori")
    agencies.merge(
        {
            "ori": row.ori,
            "name": row.name,
            "kind": row.kind,
            "answers_for_state": row.ori == reference.statewide,
        }
        for row in reference.agencies
    )

    licensing = _Merge(Agency.objects, identity="name")
    if not _another_licenses(reference.licensing):
        licensing.merge(
            [{"name": reference.licensing, "kind": AgencyKind.LICENSING.value, "answers_for_state": True}]
        )

    of_districts = _load_courts_and_prosecutors(reference, districts.ids)

    towns = _Merge(Town.objects, identity="name")
    for villages in (False, True):
        towns.merge(
            {
                "name": place.name,
                "fips": place.fips,
                "within_id": towns.ids[place.within] if villages else None,
                "police_id": agencies.ids[place.police],
            }
            for place in reference.places
            if bool(place.within) is villages
        )

    return {
        "judicial_districts": districts.counts,
        "agencies": agencies.counts + licensing.counts + of_districts,
        "towns": towns.counts,
    }


def _load_courts_and_prosecutors(reference: reader.Reference, districts: Mapping[str, int]) -> Counts:
    courts = _Merge(Agency.objects, identity="name")
    courts.merge(
        {
            "name": court.name,
            "kind": AgencyKind.COURT.value,
            "judicial_district_id": districts[court.district],
            "docket_prefixes": " ".join(court.docket_prefixes),
        }
        for court in (district.court for district in reference.districts)
    )
    prosecutors = _Merge(Agency.objects, identity="name")
    prosecutors.merge(
        {
            "name": district.prosecutor,
            "kind": AgencyKind.PROSECUTOR.value,
            "judicial_district_id": districts[district.name],
        }
        for district in reference.districts
    )
    return courts.counts + prosecutors.counts


def _another_licenses(name: str) -> bool:
    """True if an administrator added the licensing unit of the state by another name."""
    found = Agency.objects.filter(
        kind=AgencyKind.LICENSING, jurisdiction=State.CONNECTICUT, answers_for_state=True
    )
    return any(name not in (one.name, one.loaded.get("name")) for one in found)


class _Merge(Generic[Row]):
    """Merge rows of the files into one table. Afterwards `ids` maps each identity to the key of its row."""

    def __init__(self, manager: Manager[Row], *, identity: str) -> None:
        self.manager = manager
        self.identity = identity
        self.ids: dict[str, int] = {}
        self.counts = Counts()

    def merge(self, wanted: Iterable[dict[str, Any]]) -> None:
        """Save the rows of `wanted`. A field that a person changed keeps its value."""
        existing = self._existing()
        added: list[Row] = []
        updated: list[Row] = []
        kept = unchanged = 0
        for facts in wanted:
            # A person may have added the same agency without its identity: match the unique name too.
            row = existing.get(facts[self.identity]) or existing.get(facts["name"])
            if row is None:
                row = self.manager.model(**facts, loaded=facts)
                added.append(row)
            elif row.loaded.get(self.identity) == facts[self.identity] and row.loaded != facts:
                _carry(row, facts)
                updated.append(row)
            elif row.loaded == facts == {name: getattr(row, name) for name in facts}:
                unchanged += 1
            else:
                kept += 1
            existing[facts[self.identity]] = row

        self.manager.bulk_create(added)
        fields = {name for row in updated for name in (*row.loaded, "loaded")}
        if updated:
            self.manager.bulk_update(updated, sorted(fields))
        self.ids |= {key: row.pk for key, row in existing.items()}
        self.counts += Counts(added=len(added), updated=len(updated), unchanged=unchanged, kept=kept)

    def _existing(self) -> dict[str, Row]:
        """Return the stored rows by name and identity. The identity it was loaded with comes first."""
        rows = list(self.manager.select_for_update())
        existing = {getattr(row, field): row for field in ("name", self.identity) for row in rows}
        loaded = {row.loaded[self.identity]: row for row in rows if self.identity in row.loaded}
        return existing | loaded


def _carry(row: Row, facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if name not in row.loaded or getattr(row, name) == row.loaded[name]:
            setattr(row, name, value)
    row.loaded = facts
