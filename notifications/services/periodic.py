"""Periodic work by the database's clock, for when Celery beat, the broker or a worker's clock fails.

Beat asks for each task through the broker. A task that has not run for longer than twice its period, by the
database's clock, is run by whichever process notices it first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import close_old_connections, connection
from django.db.utils import Error

from notifications.services.sql import rows_of

logger = logging.getLogger(__name__)

#: Seconds added to twice the period of a task.
MARGIN = 2.0

_RECORD = """
INSERT INTO notifications_periodicrun (name, ran_at) VALUES (%(name)s, statement_timestamp())
ON CONFLICT (name) DO UPDATE SET ran_at = statement_timestamp()
RETURNING name
"""

# A task that is new here counts as having run now.
_CLAIM = """
INSERT INTO notifications_periodicrun AS p (name, ran_at)
SELECT name, statement_timestamp() FROM unnest(%(names)s::text[]) AS name
ON CONFLICT (name) DO NOTHING
RETURNING name
"""
_OVERDUE = """
UPDATE notifications_periodicrun p SET ran_at = statement_timestamp()
FROM unnest(%(names)s::text[], %(patience)s::float[]) AS mine (name, patience)
WHERE p.name = mine.name AND p.ran_at < statement_timestamp() - make_interval(secs => mine.patience)
RETURNING p.name
"""


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A task, the seconds between two runs, and what it does."""

    name: str
    seconds: float
    run: Callable[[], object]


def record(name: str) -> None:
    """Record that the task has just run."""
    rows_of(_RECORD, {"name": name})


def overdue(tasks: Sequence[Periodic]) -> list[Periodic]:
    """Return the tasks that no process has run in time; another call does not return them again."""
    names = [one.name for one in tasks]
    rows_of(_CLAIM, {"names": names})
    patience = [2 * one.seconds + MARGIN for one in tasks]
    mine = {name for (name,) in rows_of(_OVERDUE, {"names": names, "patience": patience})}
    return [one for one in tasks if one.name in mine]


def run_overdue(tasks: Sequence[Periodic]) -> list[threading.Thread]:
    """Run overdue tasks, each in its own thread; return the threads."""
    threads = [
        threading.Thread(target=_run, args=[one], name=one.name, daemon=True) for one in overdue(tasks)
    ]
    for one in threads:
        one.start()
    return threads


def _run(task: Periodic) -> None:
    logger.warning("%s is overdue by the database's clock and runs here", task.name)
    try:
        close_old_connections()
        task.run()
        record(task.name)
    except Error as error:
        logger.error("%s failed: %s", task.name, type(error).__name__)
    except Exception:
        logger.exception("%s failed", task.name)
    finally:
        connection.close()
