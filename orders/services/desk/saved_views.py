"""The views that a person saves of the list of orders: a name and the filters."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode

from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import SavedView
from orders.services.desk.conditions import FILTERS

#: A person keeps at most so many.
MOST_VIEWS = 20
#: Parameters beside those of `FILTERS` that a view keeps: kind, agency, judge and the sorted column.
_OTHERS = ("kind", "agency", "judge", "o")


def kept_query(query: str) -> str:
    """Return the filters of a query, without anything else that an address may hold."""
    known: Collection[str] = {*FILTERS, *_OTHERS}
    pairs = [(name, value) for name, value in parse_qsl(query) if name in known and value]
    return urlencode(sorted(pairs))


def save_view(person: User, *, name: str, query: str) -> SavedView:
    """Save the filters under the name; the same name replaces them. Raises `InvalidFact`."""
    name, query = clean(name)[:40], kept_query(query)[:500]
    if not name:
        raise InvalidFact("name", "required", "Give the view a name.")
    is_new = not SavedView.objects.filter(person=person, name=name).exists()
    if is_new and SavedView.objects.filter(person=person).count() >= MOST_VIEWS:
        raise InvalidFact("name", "too_many", f"You have {MOST_VIEWS} views, the most. Delete one first.")
    view, _ = SavedView.objects.update_or_create(person=person, name=name, defaults={"query": query})
    return view
