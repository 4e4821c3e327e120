"""Known respondents of a court, offered while a clerk types a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Agency, User
from orders.models import Order, Person, Respondent
from orders.services.order_state import last_days, state_of
from orders.services.parties.candidates import clerk_orders
from orders.services.search import Matched, search

#: The most people that are offered, and the fewest letters that are looked up.
MOST, SHORTEST = 6, 3


@dataclass(frozen=True, kw_only=True)
class KnownPerson:
    """A person with an order of the court, as the latest case names them, and their live orders there."""

    respondent: Respondent
    live: Sequence[Order]
    #: One of the person's orders, for the access log.
    order: Order

    @property
    def person(self) -> Person:
        """The person."""
        return self.respondent.person


def known_people(clerk: User, court: Agency, typed: str, *, now: datetime) -> list[KnownPerson]:
    """Return people whose names fit the text, with their orders of the court that the clerk sees."""
    if sum(one.isalpha() for one in typed) < SHORTEST:
        return []
    by_name = {Matched.NAME, Matched.SIMILAR_NAME}
    found = [one.order.pk for one in search(clerk, typed, now=now) if by_name & set(one.matched)]
    seen = clerk_orders(clerk, court)
    people = seen.filter(pk__in=found).values("case__respondent__person")
    orders = list(
        seen.filter(case__respondent__person__in=people)
        .select_related("case__respondent__person", "case__respondent__town")
        .order_by("-pk")
    )
    days = last_days(orders)
    of_person: defaultdict[int, list[Order]] = defaultdict(list)
    for one in orders:
        of_person[one.case.respondent.person_id].append(one)
    place = {pk: number for number, pk in enumerate(found)}
    known = [
        KnownPerson(
            respondent=rows[0].case.respondent,
            live=[one for one in rows if state_of(one, days[one.pk], now=now).is_live],
            order=rows[0],
        )
        for rows in of_person.values()
    ]
    best = {person: min(place.get(row.pk, len(place)) for row in rows) for person, rows in of_person.items()}
    return sorted(known, key=lambda one: best[one.person.pk])[:MOST]
