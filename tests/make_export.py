"""Write exports in the registry's format with invented people: `python -m tests.make_export FOLDER ROWS`."""

from __future__ import annotations

import csv
import random
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from orders.services.registry.columns import COLUMNS, FIREARMS, ORDERS, RECEIPTS, kind_of

ZONE = ZoneInfo("America/New_York")
_REFERENCE = Path(__file__).resolve().parent.parent / "accounts" / "reference"
_FIRST = ("Ash", "Blake", "Casey", "Devon", "Finley", "Gray", "Harper", "Indigo", "Jules", "Kai", "Lane")
_LAST = ("Alder", "Birch", "Cedar", "Elm", "Fern", "Hazel", "Ivy", "Juniper", "Larch", "Maple", "Rowan")
_PREFIXES = ("HHD", "NNH", "TTD", "HHB", "LLI", "FST", "UWY", "WWM", "KNO", "DBD")
_KINDS = (
    *("ex_parte_restraining_order",) * 11,
    *("restraining_order",) * 6,
    *("family_violence_protective_order",) * 2,
    "civil_protection_order",
)


def order_row(number: int = 1, /, **given: str) -> dict[str, str]:
    """A row of orders.csv: a served ex parte order of Oct 1, 2026, noon, with firearms indicated."""
    return {
        "por_number": f"POR{number:010}",
        "docket_number": f"HHD-FA26-{number:07}-S",
        "order_kind": "ex_parte_restraining_order",
        "issued_at": "2026-10-01T12:00-04:00",
        "expires_on": "",
        "hearing_on": "2026-10-08",
        "served_at": "2026-10-02T12:00-04:00",
        "service_method": "in_hand",
        "respondent_name": "Ash Birch",
        "respondent_dob": "1990-01-02",
        "respondent_town": "Hamden",
        "protected_person": "Robin Elm",
        "address_confidential": "N",
        "firearms_indicated": "Y",
        "permit_held": "N",
        **given,
    }


def firearm_row(number: int = 1, /, serial: str = "S1", **given: str) -> dict[str, str]:
    """A row of firearms.csv."""
    return {
        "por_number": f"POR{number:010}",
        "serial": serial,
        "make": "RUG",
        "model": "M1",
        "caliber": "9MM",
        "firearm_type": "PI",
        "source": "police",
        **given,
    }


def receipt_row(number: int = 1, /, serials: str = "S1", **given: str) -> dict[str, str]:
    """A row of receipts.csv: a dealer took the firearms on Oct 3, 2026, at noon."""
    return {
        "por_number": f"POR{number:010}",
        "kind": "surrender",
        "at": "2026-10-03T12:00-04:00",
        "recipient_kind": "dealer",
        "recipient_id": "6-06-014-01-7M-12345",
        "receipt_number": "R1",
        "serials": serials,
        **given,
    }


def statement_row(number: int = 1, /, **given: str) -> dict[str, str]:
    """A row of receipts.csv: a statement of no firearms, sworn on Oct 3, 2026, at noon."""
    said = {"kind": "non_possession_statement", "recipient_kind": "court", "recipient_id": "", "serials": ""}
    return receipt_row(number, **{**said, **given})


def write_export(
    folder: Path,
    orders: Iterable[dict[str, str]] = (),
    firearms: Iterable[dict[str, str]] = (),
    receipts: Iterable[dict[str, str]] = (),
) -> Path:
    """Write the three files into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in ((ORDERS, orders), (FIREARMS, firearms), (RECEIPTS, receipts)):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS[kind_of(name)])
            writer.writeheader()
            writer.writerows(rows)
    return folder


def write_many(folder: Path, rows: int, seed: int = 1) -> Path:
    """An export with a mix of orders like the registry's. The same seed gives the same export."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        writers = {}
        for name, columns in ((f"{kind}.csv", columns) for kind, columns in COLUMNS.items()):
            file = stack.enter_context((folder / name).open("w", newline="", encoding="utf-8"))
            writers[name] = csv.DictWriter(file, columns)
            writers[name].writeheader()
        for name, row in _many(rows, random.Random(seed)):
            writers[name].writerow(row)
    return folder


def _many(rows: int, dice: random.Random) -> Iterator[tuple[str, dict[str, str]]]:
    towns = list(tomllib.loads((_REFERENCE / "towns.toml").read_text(encoding="utf-8"))["towns"])
    agencies = tomllib.loads((_REFERENCE / "agencies.toml").read_text(encoding="utf-8"))
    police = [one["ori"] for one in agencies["police"]]
    last = datetime(2026, 11, 20, tzinfo=ZONE)
    for number in range(1, rows + 1):
        issued = last - timedelta(minutes=dice.randrange(60 * 24 * 60))
        served = issued + timedelta(minutes=dice.randrange(30, 8 * 24 * 60)) if dice.random() < 0.8 else None
        kind = dice.choice(_KINDS)
        indicated, permit = dice.random() < 0.35, dice.random() < 0.2
        yield (
            ORDERS,
            order_row(
                number,
                docket_number=f"{dice.choice(_PREFIXES)}-FA26-{number:07}-S",
                order_kind=kind,
                issued_at=_iso(issued),
                hearing_on=str((issued + timedelta(days=9)).date()) if kind.startswith("ex") else "",
                expires_on=str((issued + timedelta(days=364)).date()) if kind == "restraining_order" else "",
                served_at=_iso(served) if served else "",
                service_method=dice.choice(("in_hand", "abode", "electronic")) if served else "",
                respondent_name=f"{dice.choice(_FIRST)} {dice.choice(_LAST)}",
                respondent_dob=f"{dice.randrange(1950, 2006)}-{dice.randrange(1, 13):02}-17",
                respondent_town=dice.choice(towns),
                protected_person=f"{dice.choice(_FIRST)} {dice.choice(_LAST)}",
                address_confidential=dice.choice("YN"),
                firearms_indicated="NY"[indicated],
                permit_held="NY"[permit],
            ),
        )
        yield from _proof(number, served, police, dice, armed=indicated or permit)


def _proof(
    number: int, served: datetime | None, police: list[str], dice: random.Random, *, armed: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    """Firearms of two thirds of the orders with an indication, and their receipts."""
    serials = [f"S{number:07}{place}" for place in range(dice.choice((0, 1, 1, 2, 2, 5)) if armed else 0)]
    for serial in serials:
        yield FIREARMS, firearm_row(number, serial, source=dice.choice(("application", "police")))
    if served is None or dice.random() < 0.4:
        return
    common: dict[str, Any] = {
        "at": _iso(served + timedelta(minutes=dice.randrange(60, 48 * 60))),
        "receipt_number": f"R{number:07}",
    }
    if serials:
        taken = (
            {"recipient_kind": "police", "recipient_id": dice.choice(police)} if dice.random() < 0.7 else {}
        )
        yield RECEIPTS, receipt_row(number, ";".join(serials), **{**common, **taken})
    elif dice.random() < 0.5:
        yield RECEIPTS, statement_row(number, **common)


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="minutes")


if __name__ == "__main__":
    write_many(Path(sys.argv[1]), int(sys.argv[2]))
