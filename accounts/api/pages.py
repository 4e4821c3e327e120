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


class Paged(Given):
    """What every list can be asked for."""

    cursor = serializers.CharField(
        required=False, max_length=1000, help_text="Where the page before ended: taken from its `next`."
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST, default=PAGE, help_text="Rows on a page."
    )


def page(
    rows: QuerySet[Row], order: Sequence[str], *, cursor: str = "", limit: int = PAGE
) -> tuple[list[Row], str]:
    """So many rows after the cursor, and the cursor of the page after; empty when there is none.

    `order` names columns that are never null, the last of them unique. Raises `Problem`.
    """
    after = _opened(cursor, order) if cursor else None
    try:
        found = list((rows.filter(after) if after else rows).order_by(*order)[: limit + 1])
    except (ValidationError, ValueError) as error:
        raise _wrong_cursor() from error
    if len(found) <= limit:
        return found, ""
    last = found[limit - 1]
    values = [getattr(last, name.removeprefix("-")) for name in order]
    return found[:limit], _sealed([*order], values)


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
    ways = []
    names = [name.removeprefix("-") for name in order]
    for number, name in enumerate(order):
        same = Q(**dict(zip(names[:number], values[:number], strict=True)))
        comparison = "lt" if name.startswith("-") else "gt"
        ways.append(same & Q(**{f"{names[number]}__{comparison}": values[number]}))
    # The first column bounds the walk along the index; the ways after it only decide where it begins.
    bound = "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{names[0]}__{bound}": values[0]}) & reduce(or_, ways)


def _wrong_cursor() -> Problem:
    fault = Fault("cursor", "invalid", "Not a cursor of this list. Take it from `next` of the page before.")
    return Problem("invalid", faults=[fault])
