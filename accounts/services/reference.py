"""Brings the stored towns, agencies and districts in line with the reference files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import Manager

from accounts.models import Agency, AgencyKind, JudicialDistrict, Referenced, Town
from accounts.reference import reader

Row = TypeVar("Row", bound=Referenced)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What one load did. `kept` are rows where a person added the row or said otherwise than the files."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0

    def __add__(self, other: Counts) -> Counts:
        mine, theirs = asdict(self), asdict(other)
        return Counts(**{what: mine[what] + theirs[what] for what in mine})


@transaction.atomic
def load_reference() -> dict[str, Counts]:
    """The reference files are stored; what a person added or edited stands. A second load changes nothing."""
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

    courts = _Merge(Agency.objects, identity="name")
    courts.merge(
        {
            "name": court.name,
            "kind": AgencyKind.COURT.value,
            "judicial_district_id": districts.ids[court.district],
            "docket_prefixes": " ".join(court.docket_prefixes),
        }
        for court in (district.court for district in reference.districts)
    )

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
        "agencies": agencies.counts + courts.counts,
        "towns": towns.counts,
    }


class _Merge(Generic[Row]):
    """Merges facts of the files into one table; `ids` then leads from each identity to its row."""

    def __init__(self, manager: Manager[Row], *, identity: str) -> None:
        self.manager = manager
        self.identity = identity
        self.ids: dict[str, int] = {}
        self.counts = Counts()

    def merge(self, wanted: Iterable[dict[str, Any]]) -> None:
        """The rows of `wanted` are stored, each field as the files have it unless a person changed it."""
        standing = self._standing()
        added: list[Row] = []
        updated: list[Row] = []
        kept = unchanged = 0
        for facts in wanted:
            # A person may have added the same body without its identity; a second one of that name cannot be.
            row = standing.get(facts[self.identity]) or standing.get(facts["name"])
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
            standing[facts[self.identity]] = row

        self.manager.bulk_create(added)
        fields = {name for row in updated for name in (*row.loaded, "loaded")}
        if updated:
            self.manager.bulk_update(updated, sorted(fields))
        self.ids |= {key: row.pk for key, row in standing.items()}
        self.counts += Counts(added=len(added), updated=len(updated), unchanged=unchanged, kept=kept)

    def _standing(self) -> dict[str, Row]:
        """Each stored row under its name, its identity, and, before all, the identity it was loaded with."""
        rows = list(self.manager.select_for_update())
        standing = {getattr(row, field): row for field in ("name", self.identity) for row in rows}
        loaded = {row.loaded[self.identity]: row for row in rows if self.identity in row.loaded}
        return standing | loaded


def _carry(row: Row, facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if name not in row.loaded or getattr(row, name) == row.loaded[name]:
            setattr(row, name, value)
    row.loaded = facts
