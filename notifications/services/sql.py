"""Running SQL that Django's query API cannot express."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Choices

from notifications.models import AlertState, DeliveryState, SubscriptionState
from orders.models import CheckpointState, DeadlineState

_STATES: dict[str, type[Choices]] = {
    "alert": AlertState,
    "checkpoint": CheckpointState,
    "deadline": DeadlineState,
    "delivery": DeliveryState,
    "subscription": SubscriptionState,
}

#: The stored values of states for every statement, such as `%(alert_ready)s` and `%(checkpoint_fired)s`. The
#: driver writes them into the text, so that PostgreSQL still matches them with the conditions of indexes.
STATES: dict[str, Any] = {
    f"{name}_{state.name.lower()}": state.value for name, choices in _STATES.items() for state in choices
}


def rows_of(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of the statement's result. `STATES` are added to the parameters."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {**STATES, **parameters})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
