"""Which entries of an order's history a person sees.

An entry shows that its fact is there. So those who may not see the fact see no entry about it either, nor how
many there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from django.db.models import Q, QuerySet

from accounts.access import MATRIX
from orders.models import AttachmentKind, HistoryEntry
from orders.services.attachments.attaching import OF_FILES, kinds_to_see
from orders.services.cautions import OF_CAUTIONS
from orders.services.orders.order_cards import OF_CARDS
from orders.services.parties.agencies import OF_SCHOOLS
from orders.services.parties.protected_persons import OF_PROTECTED_PERSONS
from orders.services.parties.releases import OF_RELEASES

Entries = TypeVar("Entries", bound=QuerySet[HistoryEntry])

#: The entries about facts that not everyone with the history sees, by the resource in the matrix.
ENTRIES: Mapping[str, Q] = {
    "caution": Q(kind__in=OF_CAUTIONS),
    "confidentiality_release": Q(kind__in=OF_RELEASES),
    "custody_step": Q(kind__in=["firearms_moved", "custody_step_corrected", "custody_step_withdrawn"]),
    "order_card": Q(kind__in=OF_CARDS),
    "protected_person": OF_PROTECTED_PERSONS,
    "review_item": Q(kind__startswith="review_")
    | Q(kind="fact_set_aside")
    # That the court was alerted of one.
    | Q(data__contains={"rule": "ANN-DOUBT"}),
    "second_look": Q(kind__in=["second_look", "second_look_withdrawn"]),
}
#: Another court's order is behind it, which only those see who see which person a respondent is.
_OF_PERSONS = Q(kind__in=["person_joined", "person_kept_apart"])


def seen_by(entries: Entries, roles: Collection[str]) -> Entries:
    """Return the entries that a person with these roles over the order sees."""
    hidden = [about for resource, about in ENTRIES.items() if not MATRIX.may(roles, "view", resource)]
    if "person" not in MATRIX.resources["respondent"].fields_for(roles):
        hidden.append(_OF_PERSONS)
    if MATRIX.capacities["court"].seen_by.isdisjoint(roles):
        hidden.append(OF_SCHOOLS)
    files = set(AttachmentKind) - set(kinds_to_see(roles))
    hidden.append(Q(kind__in=OF_FILES, data__kind__in=files))
    for about in hidden:
        entries = entries.exclude(about)
    return entries
