"""Read the reference files into plain values, and check that their names agree."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any


class ReferenceContradiction(ValueError):
    """The reference files contradict each other."""


@dataclass(frozen=True, kw_only=True)
class Court:
    """The court of one judicial district."""

    name: str
    district: str
    docket_prefixes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class District:
    """One judicial district; `former_name` is empty when it was never renamed.

    `prosecutor` is the name of its state's attorney's office.
    """

    name: str
    former_name: str
    court: Court
    prosecutor: str


@dataclass(frozen=True, kw_only=True)
class PoliceAgency:
    """One law-enforcement agency; `kind` is its section in the file."""

    ori: str
    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """A town, or a village of the town `within`; `police` is the ORI of the agency that serves it."""

    name: str
    fips: str
    within: str
    police: str


#: The tables of towns.toml with the town of each village. Comments there state how sure each one is.
VILLAGES = ("villages", "post_offices", "unchecked_villages")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The content of all files. Towns come before the villages in them.

    `statewide` is the ORI of the agency that serves every place without a police agency of its own.
    `licensing` is the name of the unit that licenses firearms in the whole state.
    """

    districts: tuple[District, ...]
    agencies: tuple[PoliceAgency, ...]
    statewide: str
    licensing: str
    places: tuple[Place, ...]


def read() -> Reference:
    """Read the files that ship with this version. Raises `ReferenceContradiction`."""
    agencies = _load("agencies.toml")
    return Reference(
        districts=_districts(_load("judicial_districts.toml")),
        agencies=_agencies(agencies),
        statewide=agencies["fallback"],
        licensing=agencies["licensing"],
        places=_places(_load("towns.toml"), agencies),
    )


def offered() -> dict[str, list[str]]:
    """Return the towns to offer for names that lead to no town by themselves."""
    towns: dict[str, list[str]] = _load("towns.toml")["offered"]
    return towns


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _districts(data: dict[str, Any]) -> tuple[District, ...]:
    return tuple(
        District(
            name=name,
            former_name=data["former_names"].get(name, ""),
            court=Court(
                name=data["court"].format(district=name),
                district=name,
                docket_prefixes=tuple(data["docket_prefixes"][name]),
            ),
            prosecutor=data["prosecutor"].format(district=name),
        )
        for name in data["districts"]
    )


def _rows(data: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    return [(kind, row) for kind, rows in data.items() if isinstance(rows, list) for row in rows]


def _agencies(data: dict[str, Any]) -> tuple[PoliceAgency, ...]:
    return tuple(PoliceAgency(ori=row["ori"], name=row["name"], kind=kind) for kind, row in _rows(data))


def _places(data: dict[str, Any], agencies: dict[str, Any]) -> tuple[Place, ...]:
    serving = _serving(agencies)
    towns: dict[str, str] = data["towns"]
    villages: dict[str, str] = {}
    for table in VILLAGES:
        villages |= data.get(table, {})
    if unknown := serving.keys() - towns.keys() - villages.keys():
        raise ReferenceContradiction(
            f"an agency serves it, but it is no town or village: {', '.join(sorted(unknown))}"
        )
    if unknown := set(villages.values()) - towns.keys():
        raise ReferenceContradiction(f"has a village, but is no town: {', '.join(sorted(unknown))}")

    def police(*names: str) -> str:
        return next((serving[name] for name in names if name in serving), agencies["fallback"])

    return (
        *(Place(name=name, fips=fips, within="", police=police(name)) for name, fips in towns.items()),
        *(
            Place(name=name, fips="", within=town, police=police(name, town))
            for name, town in villages.items()
        ),
    )


def _serving(agencies: dict[str, Any]) -> dict[str, str]:
    serving: dict[str, str] = {}
    for _, row in _rows(agencies):
        if (place := row.get("serves")) and serving.setdefault(place, row["ori"]) != row["ori"]:
            raise ReferenceContradiction(f"{place}: both {serving[place]} and {row['ori']} serve it")
    return serving
