"""Pagination: encrypted cursors that are as fast on the last page as on the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.problems import FieldError, Problem
from accounts.api.serializers import InputSerializer
from accounts.crypto import decrypt, encrypt

#: Default and largest number of rows on a page.
PAGE_SIZE, MAX_PAGE_SIZE = 50, 200

#: Index rows to test one by one (a few milliseconds) before falling back to the caller's own orders.
SCAN_LIMIT = 5_000

#: The parameters that may change from page to page.
_OF_PAGE = ("cursor", "limit")


class PageQuery(InputSerializer):
    """The query parameters of every list."""

    cursor = serializers.CharField(
        required=False, max_length=1000, help_text="Where the previous page ended: take it from its `next`."
    )
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_PAGE_SIZE,
        default=PAGE_SIZE,
        help_text="Number of rows on a page.",
    )


class SinglePagePagination(BasePagination):
    """All rows in the form of a page that is the last one."""

    @override
    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return all rows."""
        return list(queryset)

    @override
    def get_paginated_response(self, data: Any) -> Response:
        """Return the rows, without a next page."""
        return Response({"results": data, "next": self.get_next_link()})

    @override
    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the OpenAPI schema of a page. drf-spectacular builds examples from it, too."""
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "The next page; null on the last.",
                    "example": None,
                },
            },
        }

    def get_next_link(self) -> str | None:
        """Return the URL of the next page, or None."""
        return None


class EncryptedCursorPagination(SinglePagePagination):
    """Keyset pagination over `view.ordering`, by the validated `cursor` and `limit` of `view.query_data`.

    DRF's own `CursorPagination` orders by one column and shows its values in the cursor. Here several columns
    decide, and row numbers, from which rows could be counted, are encrypted.
    """

    _request: Request
    _next_cursor: str

    @override
    def paginate_queryset(
        self,
        queryset: Any,
        request: Request,
        view: Any = None,
        *,
        index_scan: QuerySet[Any] | None = None,
        by_agency: QuerySet[Any] | None = None,
    ) -> list[Any]:
        """Return one page of `queryset`. Raises `Problem`.

        `view.ordering` names columns that are never null; the last one is unique. For selective filters pass
        `index_scan`, the rows that the index of that ordering holds, wanted or not, and `by_agency`, the same
        rows as `queryset` by a query that starts from the caller's orders.
        """
        cursor, limit = view.query_data.get("cursor", ""), view.query_data["limit"]
        ordering, asked = list(view.ordering), _asked(request)
        after = _decode(cursor, ordering, asked) if cursor else Q()
        try:
            if index_scan is None or by_agency is None:
                rows = list(queryset.filter(after).order_by(*ordering)[: limit + 1])
            else:
                keys = _keys(queryset, index_scan, by_agency, after=after, ordering=ordering, size=limit + 1)
                rows = list(queryset.filter(pk__in=keys).order_by(*ordering))
        except (ValidationError, ValueError) as error:
            raise _invalid_cursor() from error
        self._request = request
        self._next_cursor = _encode(ordering, asked, rows[limit - 1]) if len(rows) > limit else ""
        return rows[:limit]

    @override
    def get_next_link(self) -> str | None:
        """Return the URL of the next page, or None."""
        if not self._next_cursor:
            return None
        query = self._request.query_params.copy()
        query["cursor"] = self._next_cursor
        return self._request.build_absolute_uri(f"{self._request.path}?{query.urlencode()}")


def _keys(
    queryset: QuerySet[Any],
    index_scan: QuerySet[Any],
    by_agency: QuerySet[Any],
    *,
    after: Q,
    ordering: Sequence[str],
    size: int,
) -> list[Any]:
    """Return the primary keys of the first rows after a position.

    Only `SCAN_LIMIT` rows of the index are tested: without a match, PostgreSQL would walk to its end.
    Selecting keys alone keeps wide joins out of the sort.
    """
    columns = [name.removeprefix("-") for name in ordering]
    scan_end = list(
        index_scan.filter(after).order_by(*ordering).values_list(*columns)[SCAN_LIMIT : SCAN_LIMIT + 1]
    )
    near = queryset.filter(after)
    for position in scan_end:
        near = near.filter(_beyond(ordering, position, is_after=False))
    keys = _first(near, ordering, size)
    if len(keys) == size or not scan_end:
        return keys
    return _first(by_agency.filter(after), ordering, size)


def _first(queryset: QuerySet[Any], ordering: Sequence[str], size: int) -> list[Any]:
    return list(queryset.prefetch_related(None).order_by(*ordering).values_list("pk", flat=True)[:size])


def _asked(request: Request) -> str:
    """Return a digest of who asks for which rows: a cursor from elsewhere would compare rows of two lists."""
    filters = sorted((name, value) for name, value in request.query_params.items() if name not in _OF_PAGE)
    asked = json.dumps([request.user.pk, request.path, filters])
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def _encode(ordering: list[str], asked: str, row: Any) -> str:
    """Return the encrypted cursor of the position of `row`."""
    values = [getattr(row, name.removeprefix("-")) for name in ordering]
    return encrypt(json.dumps([ordering, asked, values], default=str))


def _decode(cursor: str, ordering: list[str], asked: str) -> Q:
    """Return the condition of all rows after the cursor. Raises `Problem`."""
    try:
        cursor_ordering, cursor_asked, values = json.loads(decrypt(cursor))
    except (InvalidToken, ValueError) as error:
        raise _invalid_cursor() from error
    if (cursor_ordering, cursor_asked) != (ordering, asked):
        raise _invalid_cursor()
    return _beyond(ordering, values, is_after=True)


def _beyond(ordering: Sequence[str], values: Sequence[Any], *, is_after: bool) -> Q:
    """Return the condition of the rows after a position, or of those up to and including it."""
    alternatives = []
    names = [name.removeprefix("-") for name in ordering]
    ascending = [name.startswith("-") is not is_after for name in ordering]
    for number, name in enumerate(names):
        same = Q(**dict(zip(names[:number], values[:number], strict=True)))
        is_last = name == names[-1] and not is_after
        comparison = ("gt" if ascending[number] else "lt") + ("e" if is_last else "")
        alternatives.append(same & Q(**{f"{name}__{comparison}": values[number]}))
    # The first column bounds the index scan; the alternatives only decide where exactly it begins or ends.
    bound = "gte" if ascending[0] else "lte"
    return Q(**{f"{names[0]}__{bound}": values[0]}) & reduce(or_, alternatives)


def _invalid_cursor() -> Problem:
    error = FieldError(
        "cursor", "invalid", "Not a cursor of this list with these filters. Take it from your own `next`."
    )
    return Problem("invalid", errors=[error])
