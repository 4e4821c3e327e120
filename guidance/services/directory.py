"""The help directory: entries of the product, replaced by the newest version that an administrator wrote."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import AgencyKind, State, Town, User
from guidance.models import HelpEntry, HelpKind
from orders.matching.places import place_key
from orders.services.registry.places import Places

#: The longest time between two checks of an entry. After it the page asks readers to call first.
CHECKED_EVERY = timedelta(days=180)

#: The kinds at the head of the page, before any town is chosen.
EVERYWHERE = (HelpKind.HOTLINE, HelpKind.STATES)


@dataclass(frozen=True, kw_only=True)
class DirectoryEntry:
    """One entry as the page shows it. Without towns it serves all of them.

    `version` is 0 for an entry of the product.
    """

    key: str
    kind: str
    name: str
    en: str
    es: str
    source: str
    phone: str = ""
    phone_es: str = ""
    tty: str = ""
    address: str = ""
    checked: date | None = None
    towns: Sequence[str] = ()
    version: int = 0

    def is_overdue(self, today: date) -> bool:
        """Return True if it was never checked, or longer ago than `CHECKED_EVERY`."""
        return self.checked is None or today - self.checked > CHECKED_EVERY

    def serves(self, town: str) -> bool:
        """Return True if people of the town can turn there."""
        return not self.towns or town in self.towns


#: The names of what a version holds, for the form and the stored row.
CONTENT = tuple(one.name for one in fields(DirectoryEntry) if one.name not in ("key", "version"))


@cache
def shipped() -> dict[str, DirectoryEntry]:
    """Return the entries of the product by key, in the order of the file."""
    text = resources.files("guidance.data").joinpath("directory.toml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {
        key: DirectoryEntry(key=key, **(row | {"towns": tuple(row.get("towns", ()))}))
        for key, row in rows.items()
    }


def entries() -> list[DirectoryEntry]:
    """Return every entry that is shown: those of the product first, then those that administrators added."""
    newest = HelpEntry.objects.order_by("key", "-version").distinct("key")
    edited = {row.key: row for row in newest}
    kept = {key: _from_row(edited[key]) if key in edited else one for key, one in shipped().items()}
    kept |= {key: _from_row(row) for key, row in edited.items() if key not in kept}
    return [one for key, one in kept.items() if not (key in edited and edited[key].is_removed)]


def entry(key: str) -> DirectoryEntry | None:
    """Return the newest version of one entry, also of a removed one; None for an unknown key."""
    row = HelpEntry.objects.filter(key=key).order_by("-version").first()
    return _from_row(row) if row else shipped().get(key)


def versions(key: str) -> list[HelpEntry]:
    """Return the stored versions of an entry, newest first."""
    return list(HelpEntry.objects.filter(key=key).select_related("created_by").order_by("-version"))


def overdue(today: date) -> list[DirectoryEntry]:
    """Return the entries that are due for a check, the oldest check first."""
    late = [one for one in entries() if one.is_overdue(today)]
    return sorted(late, key=lambda one: (one.checked or date.min, one.name))


def store(
    key: str, *, content: dict[str, Any], by: User | None, now: datetime, is_removed: bool = False
) -> HelpEntry:
    """Add a version of an entry, which is shown from then on. Raises `ValidationError`.

    `content` has the values of `CONTENT`. A date of the check after today is refused, and so is a number
    without the source that gives it.
    """
    before = HelpEntry.objects.filter(key=key).order_by("-version").first()
    row = HelpEntry(
        key=key,
        version=(before.version if before else 0) + 1,
        is_removed=is_removed,
        created_at=now,
        created_by=by,
        **{name: content[name] for name in CONTENT if name in content},
    )
    row.towns = sorted(row.towns)
    row.full_clean(exclude=["created_by"])
    if row.checked is not None and row.checked > now.date():
        raise ValidationError({"checked": "This day is still to come. Enter the day of the check."})
    if unknown := sorted(set(row.towns) - set(town_names())):
        raise ValidationError({"towns": f"Not a town: {', '.join(unknown)}. Choose from the list of towns."})
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ValidationError("Someone else has just saved this entry. Open it again.") from error
    return row


def town_names() -> list[str]:
    """Return the towns of Connecticut, in order."""
    towns = Town.objects.filter(jurisdiction=State.CONNECTICUT, within=None).order_by("name")
    return list(towns.values_list("name", flat=True))


def town_named(name: str, towns: Sequence[str]) -> tuple[str, list[str]]:
    """Return the one of `towns` with that name or with that village, else "" and those it may mean."""
    if known := next((one for one in towns if place_key(one) == place_key(name)), ""):
        return known, []
    places = Places()
    found = places.town(name)
    if found is None or found.jurisdiction != State.CONNECTICUT:
        near = places.nearest_towns(name)
        return "", [one for one in towns if one in near]
    return (found.within or found).name, []


def for_town(found: Iterable[DirectoryEntry], town: str) -> list[DirectoryEntry]:
    """Return what a person of the town can use, with its police, in the order of `HelpKind`.

    Courthouses of other districts are left out where the town's own one is known.
    """
    local = [one for one in found if one.kind not in EVERYWHERE and one.serves(town)]
    own_courts = [one for one in local if one.kind == HelpKind.COURTHOUSE and one.towns]
    if own_courts:
        local = [one for one in local if one.kind != HelpKind.COURTHOUSE or one.towns]
    order = list(HelpKind)
    return sorted([*local, *_police(town)], key=lambda one: order.index(HelpKind(one.kind)))


def _police(town: str) -> list[DirectoryEntry]:
    place = Town.objects.filter(jurisdiction=State.CONNECTICUT, name=town).select_related("police").first()
    if place is None:
        return []
    is_own = place.police.kind == AgencyKind.POLICE
    return [
        DirectoryEntry(
            key="police",
            kind=HelpKind.POLICE,
            name=str(place.police),
            en="To report guns that were not handed in, or an order that was broken. In danger, call 911."
            if is_own
            else "They serve towns without police of their own. In danger, call 911.",
            es="Para avisar de armas no entregadas o de una orden violada. Si hay peligro, llame al 911."
            if is_own
            else "Atienden a pueblos sin policía propia. Si hay peligro, llame al 911.",
            source="Agencies and towns of this site",
        )
    ]


def _from_row(row: HelpEntry) -> DirectoryEntry:
    return DirectoryEntry(key=row.key, version=row.version, **{name: getattr(row, name) for name in CONTENT})
