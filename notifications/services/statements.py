"""Running the statements that Django has no words for."""

from __future__ import annotations

from typing import Any

from django.db import connection


def rows_of(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What the statement answers, whole."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
