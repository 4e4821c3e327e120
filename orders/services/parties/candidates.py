"""Who may be the same person, among the respondents of a court. A clerk decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.access import MATRIX
from accounts.dates import format_birth_date
from accounts.models import Agency, User
from orders.errors import InvalidFact
from orders.matching.dockets import docket_key, spellings
from orders.matching.lookup import asked_keys
from orders.matching.names import Named, folded_name, is_no_name, rank
from orders.models import Order, Person, PersonDecision, Respondent
from orders.querysets import OrderQuerySet

#: Respondents that are looked at before the likely ones are chosen.
_MOST = 300
#: The choice of a clerk when no candidate is the same person.
ANOTHER = "another"
_CLERKS = MATRIX.resources["person"].actions["search"]


@dataclass(frozen=True, kw_only=True)
class CandidatePerson:
    """A person who may be the one asked for, as one case of the court names them."""

    respondent: Respondent
    dockets: tuple[str, ...]
    is_same_name: bool
    is_same_birthday: bool
    #: True if a clerk decided that this is another person.
    is_kept_apart: bool = False

    @property
    def person(self) -> Person:
        """The person."""
        return self.respondent.person

    @property
    def is_certain(self) -> bool:
        """True if name and date of birth are equal, so that the two are joined without a question."""
        return self.is_same_name and self.is_same_birthday and not is_no_name(self.respondent.name)

    @property
    def words(self) -> str:
        """Name, date of birth, town and dockets, and why it may be the same person."""
        born = self.respondent.date_of_birth
        parts = [
            self.respondent.name,
            f"born {format_birth_date(born)}" if born else "date of birth not known",
            str(self.respondent.town),
            ", ".join(self.dockets),
            self.reason,
        ]
        return "; ".join(parts)

    @property
    def reason(self) -> str:
        """Why it may be the same person, in words."""
        if self.is_same_name:
            return "same name and date of birth" if self.is_same_birthday else "same name"
        return "similar name, same date of birth" if self.is_same_birthday else "similar name or same docket"


def clerk_orders(user: User, court: Agency | None = None) -> OrderQuerySet[Order]:
    """Return the orders that the person sees as a clerk, of one court if given."""
    orders = Order.objects.visible_to(user, roles=_CLERKS)
    return orders if court is None else orders.filter(case__court=court)


def candidates(
    orders: OrderQuerySet[Order], *, name: str, born: date | None, docket_number: str = ""
) -> list[CandidatePerson]:
    """Return people who may be the one of that name, the most likely first.

    They are respondents of these orders. Those of the same docket are among them, however they are called.
    """
    keys = asked_keys(name)
    by_words, any_word = Q(), Q()
    for some in keys:
        by_words &= Q(case__respondent__name_parts__overlap=some)
        any_word |= Q(case__respondent__name_parts__overlap=some)
    fits = Q(case__respondent__name_key=folded_name(name))
    if keys:
        fits |= by_words
    if born is not None:
        fits |= any_word & Q(case__respondent__date_of_birth=born)
    if docket_number:
        fits |= Q(case__docket_number__in=spellings(docket_number))
    found = orders.filter(fits).order_by("-pk").values_list("case__respondent", flat=True)[:_MOST]
    respondents = {row.pk: row for row in _with_cases(set(found))}
    named = [
        Named(key=row.pk, name=row.name, date_of_birth=row.date_of_birth) for row in respondents.values()
    ]
    ranked = {one.key: (one.is_same_name, one.is_same_birthday) for one in rank(name, born, named)}
    for pk, row in respondents.items():
        dockets = {docket_key(case.docket_number) for case in row.cases.all()}
        if docket_key(docket_number) in dockets:
            ranked.setdefault(pk, (False, False))
    return _by_person(respondents, ranked)


def candidates_of(order: Order) -> list[CandidatePerson]:
    """Return people of the same court who may be the respondent of this order."""
    mine = order.case.respondent
    decided = PersonDecision.objects.filter(Q(respondent=mine) | Q(other=mine), is_same=False)
    apart = {key for pair in decided.values_list("respondent", "other") for key in pair} - {mine.pk}
    found = candidates(
        Order.objects.filter(case__court=order.case.court),
        name=mine.name,
        born=mine.date_of_birth,
        docket_number=order.case.docket_number,
    )
    return [
        replace(one, is_kept_apart=one.respondent.pk in apart)
        for one in found
        if one.person.pk != mine.person_id
    ]


def same_person_of(order: Order) -> list[Respondent]:
    """Return the other respondents at the order's court who are the same person."""
    mine = order.case.respondent
    rows = Respondent.objects.filter(person=mine.person_id, cases__court=order.case.court)
    return list(rows.exclude(pk=mine.pk).prefetch_related("cases").order_by("id").distinct())


def person_named(user: User, public_id: UUID, court: Agency) -> Person | None:
    """Return the person with this id who has a case at the court that the clerk sees."""
    respondents = clerk_orders(user, court).values("case__respondent")
    return Person.objects.filter(public_id=public_id, respondents__in=respondents).first()


def chosen_person(user: User, choice: str, court: Agency) -> dict[str, Any]:
    """Return the facts of a new order for a choice: a person's id, `ANOTHER`, or nothing.

    Raises `InvalidFact` for an id that the clerk cannot choose.
    """
    if not choice:
        return {}
    if choice == ANOTHER:
        return {"is_another_person": True}
    try:
        person = person_named(user, UUID(choice), court)
    except ValueError:
        person = None
    if person is None:
        raise InvalidFact(
            "person", "unknown_person", "No person with this id has an order of this court. Search again."
        )
    return {"person": person}


def _with_cases(keys: Collection[int]) -> QuerySet[Respondent]:
    rows = Respondent.objects.filter(pk__in=keys).select_related("person", "town")
    return rows.prefetch_related("cases")


def _by_person(
    respondents: Mapping[int, Respondent], ranked: Mapping[int, tuple[bool, bool]]
) -> list[CandidatePerson]:
    """Return each person once, by the respondent who fits best, with the dockets of all of them."""
    dockets: dict[int, list[str]] = {}
    for row in respondents.values():
        dockets.setdefault(row.person_id, []).extend(case.docket_number for case in row.cases.all())
    best: dict[int, CandidatePerson] = {}
    for pk, (is_same_name, is_same_birthday) in ranked.items():
        row = respondents[pk]
        candidate = CandidatePerson(
            respondent=row,
            dockets=tuple(sorted(set(dockets[row.person_id]))),
            is_same_name=is_same_name,
            is_same_birthday=is_same_birthday,
        )
        best.setdefault(row.person_id, candidate)
    return list(best.values())
