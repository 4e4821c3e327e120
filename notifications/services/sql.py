"""Running SQL that Django's query API cannot express."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Choices
from django.db.utils import Error

from accounts.isolation import may_pass
from notifications.models import AlertState, DeliveryState, SubscriptionState
from orders.models import CheckpointState, DeadlineState

logger = logging.getLogger(__name__)

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


Result = TypeVar("Result")

#: Seconds between two tries to record results while the database is away.
RETRY = 0.5


def retried(record: Callable[[], Result], seconds: float) -> Result:
    """Call `record`, again and again for as many seconds while the database cannot: away, or read-only.

    For what a sender knows and must not forget. Raises what `record` raises for any other reason, inside a
    transaction, and when the time is over.
    """
    ends = monotonic() + seconds
    while True:
        try:
            return record()
        except Error as error:
            if not may_pass(error) or connection.in_atomic_block or monotonic() > ends:
                raise
            logger.warning("results are not recorded yet: %s", type(error).__name__)
            connection.close()
            sleep(RETRY)


def rows_of(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return all rows of the statement's result. `STATES` are added to the parameters."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {**STATES, **parameters})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
