"""One search over everything that a person may see of cases: people, dockets, and numbers of all kinds.

Numbers are serial numbers, those of the registry, receipts and permits, and for the court also former ones.

Each field is searched only in the orders that the person sees in a role that sees this field: an advocate,
who sees no name, finds an order by its docket number and not by a name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case as SqlCase
from django.db.models import F, Func, IntegerField, Q, TextField, Value, When

from accounts.access import MATRIX
from accounts.dates import court_date
from accounts.models import User
from accounts.text import clean, fold_words, plain_letters, without_look_alikes
from orders.matching.birth_dates import take_birth_date
from orders.matching.dockets import clean_docket
from orders.matching.lookup import LEAST_FIT, asked_beginnings, fit
from orders.matching.names import folded_name, looked_at
from orders.matching.registry_numbers import registry_key
from orders.matching.serials import exact_key, near_key, near_keys
from orders.models import Firearm, HistoryEntry, Order, Permit, Receipt
from orders.querysets import OrderQuerySet
from orders.services.parties.visibility import roles_over

#: The roles that see any case, and so may search.
SEARCHERS = MATRIX.resources["search_result"].actions["search"]
#: The most orders that one search shows, and the longest text.
MOST, LONGEST = 50, 100
#: The fewest letters and digits that a search takes.
SHORTEST = 2
#: Rows that are looked at for each field, before the best are chosen.
_CANDIDATES = 300
#: Parts of numbers shorter than this are not looked up.
_SHORTEST = 3
#: How well a number fits that is equal, begins or contains the typed text, or may be the same.
_EQUAL, _PART, _SIMILAR = 100.0, 90.0, 85.0


class Matched(StrEnum):
    """The field that fits what was typed, in words."""

    NAME = "Name"
    SIMILAR_NAME = "Similar name"
    BIRTH_DATE = "Date of birth"
    DOCKET = "Docket number"
    SERIAL = "Serial number"
    SIMILAR_SERIAL = "Similar serial number"
    REGISTRY = "Registry number"
    RECEIPT = "Receipt number"
    PERMIT = "Permit number"
    FORMER = "Former number"


@dataclass(kw_only=True)
class Found:
    """One order that fits, the roles in which the person sees it, and the fields that fit."""

    order: Order
    roles: frozenset[str]
    matched: tuple[Matched, ...]
    score: float

    @cached_property
    def visible(self) -> frozenset[str]:
        """The fields that the person may see, as `resource.field`."""
        return MATRIX.sees(self.roles, ("case", "respondent", "order", "deadline"))


@dataclass
class _Hits:
    """The orders found so far: by order, how well each field fits."""

    by_order: dict[int, dict[Matched, float]] = field(default_factory=dict)

    def add(self, order: int, matched: Matched, score: float) -> None:
        """Add a field that fits; the better one counts."""
        fields = self.by_order.setdefault(order, {})
        fields[matched] = max(score, fields.get(matched, 0.0))


def search(user: User, text: str, *, now: datetime) -> list[Found]:
    """Return the orders that fit the text, the best first, in a fixed number of queries.

    At most `MOST` orders, with their case, court, respondent and town.
    """
    text = clean(text)[:LONGEST]
    born, rest = take_birth_date(text, today=court_date(now))
    hits = _Hits()
    searches: tuple[Callable[[User, str, _Hits], None], ...] = (
        _names,
        _dockets,
        _registry,
        _serials,
        _documents,
        _former,
    )
    for one in searches:
        one(user, rest, hits)
    if born is not None:
        _birthdays(user, born, hits)
    best = sorted(hits.by_order.items(), key=lambda hit: (-sum(hit[1].values()), -hit[0]))[:MOST]
    rows = Order.objects.filter(pk__in=[pk for pk, _ in best])
    orders = {order.pk: order for order in rows.select_related("case__court", "case__respondent__town")}
    roles = roles_over(user, orders.keys())
    found = [
        Found(order=orders[pk], roles=roles[pk], matched=tuple(fields), score=sum(fields.values()))
        for pk, fields in best
        if pk in orders
    ]
    # Orders against one person stay together.
    found.sort(
        key=lambda one: (-one.score, one.order.case.respondent.person_id, -one.order.issued_on.toordinal())
    )
    return found


def _seen(user: User, resource: str, name: str) -> OrderQuerySet[Order]:
    """The orders that the person sees in a role that sees this field."""
    return Order.objects.visible_to(user, roles=MATRIX.resources[resource].fields[name])


def _names(user: User, text: str, hits: _Hits) -> None:
    words, keys = fold_words(text), asked_beginnings(text)
    if not any(character.isalpha() for word in words for character in word):
        return
    whole = folded_name(text)
    fits = Q()
    for some in keys:
        fits &= Q(case__respondent__name_parts__overlap=some)
    inner = [_parts(word) for word in words]
    if all(inner):
        fits |= Q(inner__contains=sorted({part for parts in inner for part in parts}))
    if len(whole) >= _SHORTEST:
        fits |= Q(case__respondent__name_key__startswith=whole)
    if not fits:
        return
    # Equal names first, then those with the initials: where many are alike, the limit cuts off others.
    named_so = When(case__respondent__name_key=whole, then=0)
    is_equal = SqlCase(named_so, *_with_initials(words), default=2, output_field=IntegerField())
    named = _seen(user, "respondent", "name").alias(inner=_parts_of("case__respondent__name_key"))
    rows = named.filter(fits).order_by(is_equal, "-pk")
    for pk, name in rows.values_list("pk", "case__respondent__name")[:_CANDIDATES]:
        score = fit(looked_at(text), looked_at(name))
        if score >= LEAST_FIT:
            hits.add(pk, Matched.NAME if score >= _PART else Matched.SIMILAR_NAME, score)


def _with_initials(words: Sequence[str]) -> list[When]:
    """The rank of names that have a word for each typed initial."""
    initials = Q()
    for word in words:
        if len(word) == 1:
            initials &= Q(case__respondent__name__iregex=rf"\m{word}")
    return [When(initials, then=1)] if initials else []


def _birthdays(user: User, born: date, hits: _Hits) -> None:
    rows = _seen(user, "respondent", "date_of_birth").filter(case__respondent__date_of_birth=born)
    for pk in rows.order_by("-pk").values_list("pk", flat=True)[:_CANDIDATES]:
        hits.add(pk, Matched.BIRTH_DATE, _EQUAL)


def _dockets(user: User, text: str, hits: _Hits) -> None:
    """Any part of a docket number, with or without its dashes."""
    docket = clean_docket(text)
    plain = _plain(docket)
    if not _is_part_of_number(plain):
        return
    rows = _seen(user, "case", "docket_number").alias(parts=_parts_of("case__docket_number"))
    rows = rows.filter(_has_parts(plain))
    for pk, number in rows.order_by("-pk").values_list("pk", "case__docket_number")[:_CANDIDATES]:
        if number == docket:
            hits.add(pk, Matched.DOCKET, _EQUAL)
        elif plain in _plain(number):
            hits.add(pk, Matched.DOCKET, _PART)


def _documents(user: User, text: str, hits: _Hits) -> None:
    """Any part of the number of a receipt or of a permit."""
    plain = _plain(text)
    if not _is_part_of_number(plain):
        return
    for model, column, resource, matched in (
        (Receipt, "receipt_number", "receipt", Matched.RECEIPT),
        (Permit, "number", "permit", Matched.PERMIT),
    ):
        rows = model.objects.alias(parts=_parts_of(column)).filter(_has_parts(plain))
        rows = rows.exclude(**{column: ""}).filter(order__in=_seen(user, resource, column))
        for pk, number in rows.order_by("-pk").values_list("order", column)[:_CANDIDATES]:
            if plain in _plain(number):
                hits.add(pk, matched, _EQUAL if plain == _plain(number) else _PART)


def _former(user: User, text: str, hits: _Hits) -> None:
    """Any part of a docket, registry or serial number that was corrected or withdrawn since."""
    plain = _plain(text)
    if not _is_part_of_number(plain):
        return
    former = Func(F("data"), function="orders_former_numbers", output_field=TextField())
    rows = HistoryEntry.objects.alias(former=former, parts=_parts_of(former)).exclude(former="")
    rows = rows.filter(_has_parts(plain), order__in=_seen(user, "history_entry", "data"))
    for pk, numbers in rows.order_by("-pk").values_list("order", former)[:_CANDIDATES]:
        if any(plain in _plain(number) for number in numbers.split("\n")):
            hits.add(pk, Matched.FORMER, _PART)


def _plain(text: str) -> str:
    """The letters and digits of a number, in capitals."""
    return "".join(one for one in text.upper() if one.isascii() and one.isalnum())


def _is_part_of_number(plain: str) -> bool:
    return len(plain) >= _SHORTEST and any(one.isdigit() for one in plain)


def _parts(text: str) -> list[str]:
    """The parts of three characters, as the database makes them of a stored text."""
    plain = _plain(text)
    return sorted({plain[place : place + 3] for place in range(len(plain) - 2)})


def _has_parts(plain: str) -> Q:
    return Q(("parts__contains", _parts(plain)))


def _parts_of(column: str | Func[Any]) -> Func[Any]:
    stored = F(column) if isinstance(column, str) else column
    return Func(stored, function="orders_docket_parts", output_field=ArrayField(TextField()))


def _registry(user: User, text: str, hits: _Hits) -> None:
    """A registry number, whole or its beginning."""
    if len(text) < _SHORTEST or not any(character.isdigit() for character in text):
        return
    key = registry_key(text)
    rows = _seen(user, "order", "por_number").filter(number_key__startswith=key).exclude(number_key="")
    for pk, number in rows.order_by("-pk").values_list("pk", "number_key")[:_CANDIDATES]:
        hits.add(pk, Matched.REGISTRY, _EQUAL if number == key else _PART)


def _serials(user: User, text: str, hits: _Hits) -> None:
    """A serial number, equal, one that may be the same, or any part of it."""
    _serial_parts(user, text, hits)
    key = exact_key(text)
    if len(near_key(text)) < _SHORTEST or not any(character.isdigit() for character in text):
        return
    stored = Func(F("serial_key"), function="orders_near_serial", output_field=TextField())
    # The function in the database leaves out letters of other scripts.
    left = (without_look_alikes(key, digits=digits) for digits in (False, True))
    forms = {key, plain_letters(key), *left} - {""}
    asked = Q()
    for one in forms:
        asked |= Q(near=Func(Value(one), function="orders_near_serial", output_field=TextField()))
    alike = Firearm.objects.alias(near=stored).filter(asked).exclude(serial_key="")
    rows = _seen(user, "firearm", "serial").filter(pk__in=alike.values("order"))
    wanted = dict(alike.filter(order__in=rows).values_list("order", "serial_key")[:_CANDIDATES])
    for pk, serial in wanted.items():
        if not near_keys(serial) & near_keys(key):
            continue
        is_equal = serial.upper() == key.upper()
        hits.add(pk, Matched.SERIAL if is_equal else Matched.SIMILAR_SERIAL, _EQUAL if is_equal else _SIMILAR)


def _serial_parts(user: User, text: str, hits: _Hits) -> None:
    plain = _plain(text)
    if not _is_part_of_number(plain):
        return
    rows = Firearm.objects.alias(parts=_parts_of("serial_key")).exclude(serial_key="")
    rows = rows.filter(_has_parts(plain), order__in=_seen(user, "firearm", "serial"))
    for pk, serial in rows.order_by("-pk").values_list("order", "serial_key")[:_CANDIDATES]:
        if plain in _plain(serial):
            hits.add(pk, Matched.SERIAL, _PART)
