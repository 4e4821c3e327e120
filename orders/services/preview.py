"""What an act would do to the other orders of the person, shown before it is done."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from orders.errors import InvalidFact
from orders.models import HistoryEntry, Order


def entry_of(act: Callable[[], object], order: Order) -> HistoryEntry | None:
    """Return the entry that the act would append to the order's history; None if it would be refused.

    Nothing is stored.
    """
    with transaction.atomic():
        try:
            act()
            entry = HistoryEntry.objects.filter(order=order).latest("id")
        except InvalidFact:
            entry = None
        transaction.set_rollback(True)
    return entry
