"""Protected persons of an order: added, corrected, withdrawn.

The history, which is kept forever, has no name: only that something changed.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.matching.names import folded_name
from orders.models import Order, ProtectedPerson
from orders.services.change import changing
from orders.services.one_round import refuse
from orders.services.validation import need_reason, need_visible

#: History entries that reveal a protected person. Only people who see protected persons see them. Without
#: `has_key`, PostgreSQL finds an entry that names no change neither equal nor unequal, and leaves it out.
OF_PROTECTED_PERSONS = Q(
    kind__in=["protected_person_added", "protected_person_corrected", "protected_person_withdrawn"]
) | Q(data__has_key="changed", data__changed=["protected_person"])


def add_protected_person(
    order: Order,
    *,
    name: str,
    by: User | None,
    now: datetime,
    reason: str,
    address_confidential: bool = False,
    is_applicant: bool = True,
) -> ProtectedPerson:
    """Add a protected person to the order. Raises `InvalidFact`."""
    with changing(order, "protected_person_added", by=by, now=now, reason=need_reason(reason)) as change:
        change.data["changed"] = ["protected_person"]
        return ProtectedPerson.objects.create(
            order=change.order,
            name=_checked_name(change.order, name),
            address_confidential=address_confidential,
            is_applicant=is_applicant,
        )


def correct_protected_person(
    person: ProtectedPerson,
    *,
    by: User | None,
    now: datetime,
    reason: str,
    name: str | None = None,
    address_confidential: bool | None = None,
    is_applicant: bool | None = None,
) -> ProtectedPerson:
    """Change what is stored about a protected person; None leaves a value as it is.

    Raises `InvalidFact`.
    """
    with changing(
        person.order, "protected_person_corrected", by=by, now=now, reason=need_reason(reason)
    ) as change:
        row = _stored(person)
        changed = []
        if name is not None and (cleaned := _checked_name(change.order, name, besides=row)) != row.name:
            row.name = cleaned
            changed.append("name")
        if address_confidential is not None and address_confidential != row.address_confidential:
            row.address_confidential = address_confidential
            changed.append("address_confidentiality")
        if is_applicant is not None and is_applicant != row.is_applicant:
            row.is_applicant = is_applicant
            changed.append("applicant")
        row.save()
        if changed:
            change.data["changed"] = ["protected_person", *changed]
    return row


def withdraw_protected_person(
    person: ProtectedPerson, *, by: User | None, now: datetime, reason: str
) -> Order:
    """Remove a person that the order does not protect. Raises `InvalidFact`."""
    with changing(
        person.order, "protected_person_withdrawn", by=by, now=now, reason=need_reason(reason)
    ) as change:
        _stored(person).delete()
        change.data["changed"] = ["protected_person"]
    return change.order


def _stored(person: ProtectedPerson) -> ProtectedPerson:
    row = ProtectedPerson.objects.filter(pk=person.pk).select_related("order").first()
    if row is None:
        raise InvalidFact(
            "person", "already_withdrawn", "This person was removed from the order. Open the order again."
        )
    return row


def _key(name: str) -> str:
    """The form in which equal names are equal, in any spelling; a name of signs alone is itself."""
    return folded_name(name) or name


def _checked_name(order: Order, name: str, *, besides: ProtectedPerson | None = None) -> str:
    cleaned = need_visible("name", clean(name))
    others = ProtectedPerson.objects.filter(order=order)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if any(_key(cleaned) == _key(one) for one in others.values_list("name", flat=True)):
        refuse("name", "already_named", "The order already names this person. Correct that entry instead.")
    return cleaned
