"""Which respondents are one person: joined by equal names and dates of birth, or by a clerk's decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import combinations

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from orders.errors import InvalidFact
from orders.matching.names import folded_name, is_no_name
from orders.models import Case, Firearm, HistoryEntry, Order, Person, PersonDecision, Respondent
from orders.services.bulk import make
from orders.services.firearms.status import refresh_status
from orders.services.person_cases import lock_persons, orders_of_group
from orders.services.planning.history import replan_and_record
from orders.services.validation import need_reason

#: What makes two respondents one person without question.
Key = tuple[str, date]


def key_of(respondent: Respondent) -> Key | None:
    """Return the folded name and the date of birth; None if one of them is not known."""
    if respondent.date_of_birth is None or not respondent.name_key or is_no_name(respondent.name):
        return None
    return respondent.name_key, respondent.date_of_birth


#: Pair by pair. Few names, and all the dates of birth that go with them, are nearly everybody.
_WITH_KEYS = """
SELECT respondent.* FROM unnest(%s::text[], %s::date[]) wanted (name, born)
JOIN orders_respondent respondent
  ON respondent.name_key = wanted.name AND respondent.date_of_birth = wanted.born
ORDER BY respondent.id
"""


def with_keys(keys: Collection[Key]) -> list[Respondent]:
    """Return the respondents with one of these keys, by key, in one query."""
    pairs = sorted(keys)
    return list(
        Respondent.objects.raw(_WITH_KEYS, [[name for name, _ in pairs], [born for _, born in pairs]])
    )


def join_persons(order: Order, *, other: Respondent, reason: str, by: User | None, now: datetime) -> Order:
    """Decide that the order's respondent and the other one are the same person. Raises `InvalidFact`."""
    _decide(order, other, is_same=True, reason=reason, by=by, now=now)
    return order


def keep_apart(order: Order, *, other: Respondent, reason: str, by: User | None, now: datetime) -> Order:
    """Decide that the order's respondent and the other one are two people. Raises `InvalidFact`."""
    if order.case.respondent_id == other.pk:
        raise InvalidFact("person", "same_record", "Choose the respondent of another case.")
    _decide(order, other, is_same=False, reason=reason, by=by, now=now)
    return order


def _decide(
    order: Order, other: Respondent, *, is_same: bool, reason: str, by: User | None, now: datetime
) -> None:
    reason = need_reason(reason)
    mine = order.case.respondent
    with regrouping([mine.pk, other.pk], by=by, now=now) as change:
        mine.refresh_from_db(fields=["person"])
        other.refresh_from_db(fields=["person"])
        theirs = _respondents_of(other) - {mine.pk}
        if is_same:
            if mine.person_id == other.person_id:
                raise InvalidFact("person", "same_already", "The two are recorded as the same person.")
            # Earlier decisions about these people would keep the two apart.
            ours = _respondents_of(mine)
            PersonDecision.objects.filter(
                Q(respondent__in=ours, other__in=theirs) | Q(respondent__in=theirs, other__in=ours),
                is_same=False,
            ).delete()
            theirs = {other.pk}
        for pk in theirs:
            record_decision(mine.pk, pk, is_same=is_same, reason=reason, by=by, now=now)
        change.respondents |= theirs
        kind = "person_joined" if is_same else "person_kept_apart"
        for one in Order.objects.filter(case__respondent__in={mine.pk, *theirs}).select_related("case"):
            about = other if one.case.respondent_id == mine.pk else mine
            change.entries[one.pk] = [
                HistoryEntry(
                    order=one,
                    kind=kind,
                    occurred_at=now,
                    actor=by,
                    reason=reason,
                    data={"dockets": dockets_of(about)},
                )
            ]


def _respondents_of(one: Respondent) -> set[int]:
    return set(Respondent.objects.filter(person=one.person_id).values_list("pk", flat=True))


def record_decision(
    one: int, two: int, *, is_same: bool, reason: str, by: User | None, now: datetime
) -> None:
    """Store a decision about two respondents (by key); it replaces an earlier one."""
    first, second = sorted((one, two))
    PersonDecision.objects.update_or_create(
        respondent_id=first,
        other_id=second,
        defaults={"is_same": is_same, "reason": reason, "decided_by": by, "decided_at": now},
    )


def dockets_of(respondent: Respondent) -> list[str]:
    """Return the docket numbers of the respondent's cases."""
    return sorted(respondent.cases.values_list("docket_number", flat=True))


@dataclass
class Regrouping:
    """Respondents whose person is decided again, and the history entries of orders, by the order's key."""

    respondents: set[int]
    entries: dict[int, list[HistoryEntry]] = field(default_factory=dict)


@contextmanager
def regrouping(respondents: Iterable[int], *, by: User | None, now: datetime) -> Iterator[Regrouping]:
    """Lock the people of these respondents and their cases, and afterwards decide again who is who.

    The orders of everybody concerned are replanned.
    """
    with transaction.atomic():
        change = Regrouping(set(respondents))
        cases = _lock_everything(change.respondents)
        yield change
        moved = refresh_persons(change.respondents)
        cases |= set(Case.objects.filter(respondent__in=moved).values_list("pk", flat=True))
        refresh_status(list(Firearm.objects.filter(order__case__in=cases).values_list("pk", flat=True)))
        replan_and_record(orders_of_group(cases), change.entries, now=now, by=by)


def refresh_person(respondent: Respondent) -> set[int]:
    """Decide again which person the respondent is, after a correction of the name or date of birth.

    Returns the keys of the cases whose orders are to be replanned; they are locked.
    """
    cases = _lock_everything({respondent.pk})
    moved = refresh_persons({respondent.pk})
    return cases | set(Case.objects.filter(respondent__in=moved).values_list("pk", flat=True))


def _lock_everything(respondents: set[int]) -> set[int]:
    """Lock the people who may be joined or parted, and all their cases. Return the keys of the cases."""
    members = _reach(respondents)
    lock_persons({one.person_id for one in members})
    rows = Case.objects.select_for_update(no_key=True).filter(respondent__in=members)
    return set(rows.order_by("id").values_list("pk", flat=True))


def _reach(respondents: set[int]) -> list[Respondent]:
    """Return everybody who shares a person, a key or a decision with these respondents, and so on."""
    found: dict[int, Respondent] = {}
    missing = set(respondents)
    while missing:
        found.update({one.pk: one for one in Respondent.objects.filter(pk__in=missing)})
        near = Q(person__in={one.person_id for one in found.values()})
        reached = set(Respondent.objects.filter(near).values_list("pk", flat=True))
        keys = {key for one in found.values() if (key := key_of(one)) is not None}
        reached |= {one.pk for one in with_keys(keys)} if keys else set()
        for one, two in _decisions(found).items():
            reached |= {*one} if two else set()
        missing = reached - found.keys()
    return sorted(found.values(), key=lambda one: one.pk)


def _decisions(respondents: Collection[int]) -> dict[tuple[int, int], bool]:
    """Return the decisions about these respondents: the pair, and whether the two are the same."""
    rows = PersonDecision.objects.filter(Q(respondent__in=respondents) | Q(other__in=respondents))
    return {(one, two): same for one, two, same in rows.values_list("respondent", "other", "is_same")}


def refresh_persons(respondents: set[int]) -> set[int]:
    """Decide again who is who among these respondents and those near them.

    Returns the respondents (by key) of every person that gained or lost one.
    """
    members = _reach(respondents)
    before = {one.pk: one.person_id for one in members}
    groups = _Groups(members, _decisions(before))
    used: set[int] = set()
    for group in groups.sorted():
        own = next((before[pk] for pk in group if before[pk] not in used), None)
        person = own if own is not None else Person.objects.create().pk
        used.add(person)
        Respondent.objects.filter(pk__in=group).exclude(person=person).update(person=person)
    after = dict(Respondent.objects.filter(pk__in=before).values_list("pk", "person"))
    touched = {person for pk in before if before[pk] != after[pk] for person in (before[pk], after[pk])}
    Person.objects.filter(pk__in=set(before.values()) - set(after.values()), respondents=None).delete()
    return {pk for pk in before if {before[pk], after[pk]} & touched}


class _Groups:
    """Respondents, put together by decisions and equal keys, and never against a decision."""

    def __init__(self, members: list[Respondent], decisions: dict[tuple[int, int], bool]) -> None:
        self._group = {one.pk: {one.pk} for one in members}
        self._apart = {pair for pair, is_same in decisions.items() if not is_same}
        for (one, two), is_same in sorted(decisions.items()):
            if is_same and one in self._group and two in self._group:
                self._put_together(one, two)
        by_key: defaultdict[Key, list[Respondent]] = defaultdict(list)
        for member in members:
            if (key := key_of(member)) is not None:
                by_key[key].append(member)
        for alike in by_key.values():
            # Once two with this key are known to be two people, the key proves nothing about others.
            proves = not any((a.pk, b.pk) in self._apart for a, b in combinations(alike, 2))
            for first, second in combinations(alike, 2):
                if proves or first.person_id == second.person_id:
                    self._put_together(first.pk, second.pk)

    def sorted(self) -> list[list[int]]:
        """Return the groups, each in the order of keys."""
        return sorted(sorted(group) for group in {id(one): one for one in self._group.values()}.values())

    def _put_together(self, one: int, two: int) -> None:
        first, second = self._group[one], self._group[two]
        if first is second or any((*sorted(pair),) in self._apart for pair in _pairs(first, second)):
            return
        first |= second
        for pk in second:
            self._group[pk] = first


def _pairs(first: set[int], second: set[int]) -> Iterator[tuple[int, int]]:
    return ((one, two) for one in first for two in second)


def persons_for(respondents: Collection[Respondent], chosen: dict[int, int | None]) -> None:
    """Set the person of each new, unsaved respondent.

    Equal keys are one person, unless several people have that key already. `chosen` maps `id(respondent)`
    to a person's key; None means another person.
    """
    keys = {id(one): key for one in respondents if id(one) not in chosen and (key := key_of(one)) is not None}
    known: dict[object, set[int]] = {}
    for row in with_keys(set(keys.values())) if keys else ():
        known.setdefault(key_of(row), set()).add(row.person_id)
    new: dict[object, Person] = {}
    for one in respondents:
        key = keys.get(id(one))
        people = {person} if (person := chosen.get(id(one))) else known.get(key, set())
        if len(people) == 1:
            (one.person_id,) = people
        else:
            # Alone, unless the key is new and others of the batch share it.
            shared: object = key if key is not None and not people else id(one)
            one.person = new.setdefault(shared, make(Person))
    Person.objects.bulk_create(new.values())
    for one in respondents:
        if one.person_id is None:
            one.person_id = one.person.pk


def record_new_people_apart(respondents: Collection[Respondent]) -> None:
    """Record that these new respondents are not those with the same key, as chosen on entry."""
    keys = {key for one in respondents if (key := key_of(one)) is not None}
    PersonDecision.objects.bulk_create(
        PersonDecision(
            respondent_id=min(row.pk, one.pk),
            other_id=max(row.pk, one.pk),
            is_same=False,
            reason="Another person, as stated when the order was entered.",
            decided_at=Now(),
        )
        for one in respondents
        for row in (with_keys(keys) if keys else ())
        if row.pk != one.pk and key_of(row) == key_of(one)
    )


def lock_before_refresh(respondent: Respondent, *, name: str, born: date | None) -> None:
    """Lock the people that this name and birthday may join the respondent with or part from it."""
    keys = {(folded_name(name), born)} if born else set()
    _lock_everything({respondent.pk, *(one.pk for one in with_keys(keys))} if keys else {respondent.pk})
