"""Counts over the whole database, taken every ten minutes: numbers that must be equal, or zero."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from notifications.services.sql import rows_of
from orders.services.planning.replan_stale import mark_uncovered

#: Overdue deadlines, and those whose check fired, so that someone was notified: the two must be equal.
OVERDUE, OVERDUE_ALERTED = "overdue", "overdue_alerted"
#: These three must be zero.
OVERDUE_UNOWNED = "overdue_without_follow_up"
UNOWNED = "follow_ups_without_owner"
WITHOUT_DEADLINES = "orders_without_deadlines"
#: Registry numbers that orders of more than one court have.
SHARED_NUMBERS = "registry_numbers_of_several_courts"
#: The counters on the health page, in order.
PUBLISHED = (OVERDUE, OVERDUE_ALERTED, UNOWNED, OVERDUE_UNOWNED, WITHOUT_DEADLINES)

#: How long two counts that must be equal may differ before the health page reports it.
MAY_DIFFER = timedelta(days=1)
#: Seconds that one count may take, over millions of rows.
COUNT_TIMEOUT = 240

# One statement, so that all counts are of the same instant.
_COUNT = """
SELECT count(*),
       count(*) FILTER (WHERE EXISTS (
         SELECT FROM orders_checkpoint c
         WHERE c.deadline_id = d.id AND c.revision = d.revision AND c.purpose = 'check'
           AND c.state = %(checkpoint_fired)s)),
       count(*) FILTER (WHERE NOT EXISTS (
         SELECT FROM orders_followup f WHERE f.deadline_id = d.id AND f.closed_at IS NULL)),
       (SELECT count(*) FROM orders_followup
        WHERE closed_at IS NULL AND (owner_id IS NULL OR next_action_at IS NULL)),
       (SELECT count(*) FROM (
          SELECT FROM orders_order WHERE number_key <> '' AND withdrawn_at IS NULL
          GROUP BY number_key HAVING count(*) > 1) shared)
FROM orders_deadline d WHERE d.state = %(deadline_overdue)s
"""

_KEEP = """
INSERT INTO notifications_counter AS t (name, value, counted_at, differs_since)
SELECT name, value, statement_timestamp(), CASE WHEN differs THEN statement_timestamp() END
FROM unnest(%(names)s::text[], %(values)s::bigint[], %(differ)s::boolean[]) AS mine (name, value, differs)
ON CONFLICT (name) DO UPDATE
SET value = excluded.value, counted_at = excluded.counted_at,
    differs_since = CASE WHEN excluded.differs_since IS NOT NULL
                         THEN COALESCE(t.differs_since, excluded.differs_since) END
RETURNING name
"""


def take() -> dict[str, int]:
    """Take and store all counts; mark orders that should have deadlines and have none for replanning."""
    with transaction.atomic():
        rows_of("SELECT set_config('statement_timeout', %(limit)s, true)", {"limit": f"{COUNT_TIMEOUT}s"})
        overdue, alerted, unfollowed, unowned, shared = rows_of(_COUNT, {})[0]
    # Outside the transaction: marked rows must not stay locked while the search runs.
    bare = mark_uncovered()
    counts = {
        OVERDUE: overdue,
        OVERDUE_ALERTED: alerted,
        UNOWNED: unowned,
        OVERDUE_UNOWNED: unfollowed,
        WITHOUT_DEADLINES: bare,
        SHARED_NUMBERS: shared,
    }
    rows_of(
        _KEEP,
        {
            "names": list(counts),
            "values": list(counts.values()),
            "differ": [name == OVERDUE_ALERTED and alerted != overdue for name in counts],
        },
    )
    return counts
