"""Saved mappings: how the export of a court's own system is laid out, under a name."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import ImportMapping
from orders.services.registry.layout import LayoutError, parse_layout

#: The longest mapping, in characters.
LONGEST = 20_000


def mappings_of(person: User) -> QuerySet[ImportMapping]:
    """Return the mappings of the courts for which the person imports."""
    return ImportMapping.objects.filter(court__in=person.agencies_for("add", "import")).order_by("name")


def save_mapping(*, name: str, text: str, by: User) -> ImportMapping:
    """Save a mapping for the person's court; the same name replaces it. Raises `InvalidFact`."""
    courts = sorted(by.agencies_for("add", "import"), key=lambda one: getattr(one, "pk", one))
    if not courts:
        raise InvalidFact("mapping", "no_court", "Only a clerk of a court saves a mapping.")
    name = clean(name)[:60]
    if not name:
        raise InvalidFact("mapping_name", "required", "Give the mapping a name.")
    if len(text) > LONGEST:
        raise InvalidFact("mapping_file", "too_large", f"A mapping has at most {LONGEST:,} characters.")
    try:
        parse_layout(text, name)
    except LayoutError as error:
        raise InvalidFact("mapping_file", "unreadable", str(error)) from error
    key = getattr(courts[0], "pk", courts[0])
    mapping, _ = ImportMapping.objects.update_or_create(court_id=key, name=name, defaults={"text": text})
    return mapping
