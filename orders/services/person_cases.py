"""The cases of one person, and their locks.

The cases of a person at one court share one inventory and are planned together. Every act therefore locks
the person first and then these cases, each in the order of their keys, so that two acts never wait for one
another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from orders.models import Case, Order, Person, Respondent

#: Identifies the cases that share an inventory: the person and the court.
Group = tuple[int, int]


def groups_of(cases: Collection[int]) -> dict[int, Group]:
    """Return the group of each of these cases and of the cases that share their inventory."""
    persons = Respondent.objects.filter(cases__in=cases).values("person")
    rows = Case.objects.filter(respondent__person__in=persons)
    found = {
        case: (person, court) for case, person, court in rows.values_list("id", "respondent__person", "court")
    }
    wanted = {found[case] for case in cases if case in found}
    return {case: group for case, group in found.items() if group in wanted}


def lock_cases(cases: Iterable[int], *, persons: Collection[int] = ()) -> list[int]:
    """Lock the people of these cases, and these people, then every case that shares an inventory with one.

    Returns the keys of the locked cases.
    """
    cases, locked = set(cases), set[int]()
    # Somebody may join one of them to another person before the lock.
    while missing := (_persons_of(cases) | set(persons)) - locked:
        lock_persons(missing)
        locked |= missing
    keys = set(groups_of(cases)) | set(cases)
    rows = Case.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("id")
    return list(rows.values_list("pk", flat=True))


def lock_persons(persons: Collection[int]) -> None:
    """Lock these people in the order of their keys."""
    rows = Person.objects.select_for_update(no_key=True).filter(pk__in=persons)
    list(rows.order_by("id").values_list("pk", flat=True))


def orders_of_group(cases: Iterable[int]) -> list[Order]:
    """Return the orders of these cases, also those entered in error, each with its case."""
    return list(Order.recorded.filter(case__in=list(cases)).select_related("case").order_by("id"))


def _persons_of(cases: Collection[int]) -> set[int]:
    return set(Respondent.objects.filter(cases__in=cases).values_list("person", flat=True))
