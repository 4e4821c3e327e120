"""Lists, a page at a time, as fast on the last page as on the first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers

from accounts.api.body import Given
from accounts.api.problems import Fault, Problem
from accounts.crypto import seal, unseal

Row = TypeVar("Row", bound=Model)

#: Rows on a page, unless the caller asks for fewer or more, and the most.
PAGE, MOST = 50, 200

#: Rows of an index that are tested one by one, some milliseconds' worth, before another way is taken.
TRIED = 5_000


class Paged(Given):
    """What every list can be asked for."""

    cursor = serializers.CharField(
        required=False, max_length=1000, help_text="Where the page before ended: taken from its `next`."
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST, default=PAGE, help_text="Rows on a page."
    )


def page(
    rows: QuerySet[Row],
    order: Sequence[str],
    *,
    cursor: str = "",
    limit: int = PAGE,
    along: QuerySet[Row] | None = None,
    among: QuerySet[Row] | None = None,
) -> tuple[list[Row], str]:
    """So many rows after the cursor, and the cursor of the page after; empty when there is none.

    `order` names columns that are never null, the last of them unique. Where it may be that few of the rows
    along the index of that order are wanted, `along` is what the index holds, wanted or not, and `among` are
    the same rows as `rows`, by a query that does not come along the index. Raises `Problem`.
    """
    after = _opened(cursor, order) if cursor else Q()
    try:
        if along is None or among is None:
            found = list(rows.filter(after).order_by(*order)[: limit + 1])
        else:
            keys = _keys(rows, along, among, after=after, order=order, most=limit + 1)
            found = list(rows.filter(pk__in=keys).order_by(*order))
    except (ValidationError, ValueError) as error:
        raise _wrong_cursor() from error
    if len(found) <= limit:
        return found, ""
    last = found[limit - 1]
    values = [getattr(last, name.removeprefix("-")) for name in order]
    return found[:limit], _sealed([*order], values)


def _keys(
    rows: QuerySet[Row],
    along: QuerySet[Row],
    among: QuerySet[Row],
    *,
    after: Q,
    order: Sequence[str],
    most: int,
) -> list[Any]:
    """The keys of the first rows after that place.

    Along the index only so many are tried: where none is wanted, PostgreSQL would walk to its end.
    Keys alone, so that nothing wide is joined and sorted to be dropped again.
    """
    columns = [name.removeprefix("-") for name in order]
    ends = list(along.filter(after).order_by(*order).values_list(*columns)[TRIED : TRIED + 1])
    near = rows.filter(after)
    for end in ends:
        near = near.filter(_beside(order, end, is_after=False))
    keys = _first(near, order, most)
    if len(keys) == most or not ends:
        return keys
    return _first(among.filter(after), order, most)


def _first(rows: QuerySet[Row], order: Sequence[str], most: int) -> list[Any]:
    return list(rows.prefetch_related(None).order_by(*order).values_list("pk", flat=True)[:most])


def _sealed(order: list[str], values: list[Any]) -> str:
    """Encrypted: it holds row numbers, and those can be counted."""
    return seal(json.dumps([order, values], default=str))


def _opened(cursor: str, order: Sequence[str]) -> Q:
    """Everything that comes after, in that order."""
    try:
        ordered_by, values = json.loads(unseal(cursor))
    except (InvalidToken, ValueError) as error:
        raise _wrong_cursor() from error
    if ordered_by != [*order]:
        raise _wrong_cursor()
    return _beside(order, values, is_after=True)


def _beside(order: Sequence[str], values: Sequence[Any], *, is_after: bool) -> Q:
    """Everything that comes after that place; or else up to it and with it."""
    ways = []
    names = [name.removeprefix("-") for name in order]
    upwards = [name.startswith("-") is not is_after for name in order]
    for number, name in enumerate(names):
        same = Q(**dict(zip(names[:number], values[:number], strict=True)))
        is_last = name == names[-1] and not is_after
        comparison = ("gt" if upwards[number] else "lt") + ("e" if is_last else "")
        ways.append(same & Q(**{f"{name}__{comparison}": values[number]}))
    # The first column bounds the walk along the index; the ways after it only decide where it begins or ends.
    bound = "gte" if upwards[0] else "lte"
    return Q(**{f"{names[0]}__{bound}": values[0]}) & reduce(or_, ways)


def _wrong_cursor() -> Problem:
    fault = Fault("cursor", "invalid", "Not a cursor of this list. Take it from `next` of the page before.")
    return Problem("invalid", faults=[fault])
