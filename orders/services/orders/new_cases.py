"""The cases of new orders: locked, found or made, each with its respondent and the person behind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from hashlib import sha256
from typing import Protocol

from django.db import connection

from accounts.dates import format_birth_date
from accounts.models import Agency, Town
from orders.errors import InvalidFact
from orders.matching.dockets import docket_key, spellings
from orders.matching.names import folded_name
from orders.models import Case, Order, Person, Respondent
from orders.models.parties import name_columns
from orders.services.bulk import insert, make
from orders.services.parties.persons import (
    Key,
    persons_for,
    record_new_people_apart,
    refresh_person,
    with_keys,
)
from orders.services.person_cases import lock_cases

#: The class of advisory locks of new cases, and how many of them there are. Without them, two transactions
#: that enter the same docket or person at once would make two of each.
_LOCKS, _LOCK_COUNT = 1962, 512


class Entered(Protocol):
    """The part of a new order that its case follows from."""

    @property
    def docket_number(self) -> str: ...

    @property
    def court(self) -> Agency: ...

    @property
    def respondent_name(self) -> str: ...

    @property
    def respondent_dob(self) -> date | None: ...

    @property
    def respondent_town(self) -> Town: ...

    @property
    def respondent_address(self) -> str: ...

    @property
    def person(self) -> Person | None: ...

    @property
    def is_another_person(self) -> bool: ...


class Cases:
    """The cases of a batch of new orders.

    An order belongs to a case of its docket and court when the respondent's folded name is equal and the
    dates of birth do not differ, or when a person chose the respondent of that case. A date of birth that
    only one of the two records has is taken over.

    Dockets are compared by their key, so that each spelling finds the case. With `asks`, a docket with an
    order against another respondent is refused until somebody chose who it is.
    """

    def __init__(self, new: Sequence[Entered], *, asks: bool = False) -> None:
        self._lock(new)
        self._cases: dict[tuple[str, int], list[Case]] = {}
        #: The keys of the cases that this batch made.
        self._made: frozenset[int] = frozenset()
        found = Case.objects.select_related("respondent")
        for case in found.filter(docket_number__in=_spellings(new)).order_by("id"):
            self._cases.setdefault((docket_key(case.docket_number), case.court_id), []).append(case)
        missing = [one for one in new if self.of(one) is None]
        if asks:
            for one in missing:
                self._check_docket(one)
        self._make(missing)
        for one in new:
            self._take_over(one)

    def of(self, new: Entered) -> Case | None:
        """The case of the order, if there is one."""
        on_docket = self._cases.get(_docket(new), ())
        if new.person is not None:
            return next((case for case in on_docket if case.respondent.person_id == new.person.pk), None)
        key = folded_name(new.respondent_name)
        same_name = [case for case in on_docket if case.respondent.name_key == key]
        born = new.respondent_dob
        if new.is_another_person:
            # Made for this order, so that its key is not known before.
            same_name = [case for case in same_name if case.pk in self._made]
        return next(
            (case for case in same_name if born is not None and case.respondent.date_of_birth == born),
            next((case for case in same_name if born is None or case.respondent.date_of_birth is None), None),
        )

    def case_of(self, new: Entered) -> Case:
        """The case of an order of the batch."""
        case = self.of(new)
        if case is None:
            raise LookupError("not an order of this batch")
        return case

    def _lock(self, new: Sequence[Entered]) -> None:
        keys = {_docket(one) for one in new}
        _lock_names([*(f"{docket}|{court}" for docket, court in keys), *map(_person_name, new)])
        known: set[Key] = {
            (folded_name(one.respondent_name), one.respondent_dob) for one in new if one.respondent_dob
        }
        persons = {one.person_id for one in with_keys(known)} | {one.person.pk for one in new if one.person}
        courts = {court for _, court in keys}
        cases = set(
            Case.objects.filter(docket_number__in=_spellings(new)).values_list("pk", flat=True)
        ) | set(
            Case.objects.filter(respondent__person__in=persons, court__in=courts).values_list("pk", flat=True)
        )
        if cases or persons:
            lock_cases(cases, persons=persons)

    def _check_docket(self, new: Entered) -> None:
        """Refuse a docket of another respondent until somebody chose who this one is."""
        others = self._cases.get(_docket(new), ())
        if not others or new.person is not None or new.is_another_person:
            return
        # A case without orders, or with orders entered in error only, is left from a mistake.
        used = set(Order.objects.filter(case__in=others).values_list("case", flat=True))
        others = [case for case in others if case.pk in used]
        if not others:
            return
        names = "; ".join(_described(case.respondent) for case in others)
        raise InvalidFact(
            "person",
            "docket_of_another_respondent",
            f"{new.docket_number} is already entered against {names}. Choose that person if it is the same "
            "one with another spelling, or “Another person” for another case of this docket.",
        )

    def _make(self, new: Sequence[Entered]) -> None:
        """Make the cases that are missing, each with its respondent."""
        missing: list[Entered] = []
        for one in new:
            twins = [other for other in missing if _docket_and_name(other) == _docket_and_name(one)]
            if not any(_may_be_born(one.respondent_dob, other.respondent_dob) for other in twins):
                missing.append(one)
        respondents = [
            make(
                Respondent,
                name=one.respondent_name,
                date_of_birth=one.respondent_dob,
                town=one.respondent_town,
                address=one.respondent_address,
                **name_columns(one.respondent_name),
            )
            for one in missing
        ]
        pairs = list(zip(missing, respondents, strict=True))
        chosen = {
            id(respondent): one.person.pk if one.person else None
            for one, respondent in pairs
            if one.person or one.is_another_person
        }
        persons_for(respondents, chosen)
        insert(respondents)
        record_new_people_apart([row for one, row in pairs if one.is_another_person])
        cases = insert(
            [
                make(Case, docket_number=one.docket_number, court=one.court, respondent=respondent)
                for one, respondent in pairs
            ]
        )
        self._made = frozenset(case.pk for case in cases)
        for case in cases:
            self._cases.setdefault((docket_key(case.docket_number), case.court_id), []).append(case)

    def _take_over(self, new: Entered) -> None:
        """The newest order knows where its respondent lives now, and may know the date of birth."""
        respondent, fields = self.case_of(new).respondent, []
        if new.respondent_address and new.respondent_address != respondent.address:
            respondent.address = new.respondent_address
            fields.append("address")
        learns_birthday = respondent.date_of_birth is None and new.respondent_dob is not None
        if learns_birthday:
            respondent.date_of_birth = new.respondent_dob
            fields.append("date_of_birth")
        if fields:
            respondent.save(update_fields=fields)
        if learns_birthday:
            refresh_person(respondent)


def _lock_names(names: Collection[str]) -> None:
    """Lock the names of new dockets and people until the transaction ends, in a fixed order."""
    buckets = sorted({int.from_bytes(sha256(name.encode()).digest()[:4]) % _LOCK_COUNT for name in names})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, bucket) FROM unnest(%s::int[]) bucket", [_LOCKS, buckets]
        )


def _person_name(new: Entered) -> str:
    return f"{folded_name(new.respondent_name)}|{new.respondent_dob}"


def _described(respondent: Respondent) -> str:
    born = respondent.date_of_birth
    return f"{respondent.name}, born {format_birth_date(born)}" if born else respondent.name


def _docket(new: Entered) -> tuple[str, int]:
    return docket_key(new.docket_number), new.court.pk


def _spellings(new: Collection[Entered]) -> set[str]:
    return {spelling for one in new for spelling in spellings(one.docket_number)}


def _docket_and_name(new: Entered) -> tuple[tuple[str, int], str]:
    return _docket(new), folded_name(new.respondent_name)


def _may_be_born(one: date | None, other: date | None) -> bool:
    return one is None or other is None or one == other
