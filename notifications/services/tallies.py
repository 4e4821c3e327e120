"""Counts over everything there is, taken every ten minutes: what must be equal, and what must be none."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from notifications.services.statements import rows_of
from orders.services.upkeep import mark_uncovered

#: Overdue deadlines; those of them whose check fired, so that somebody was told: the two must be equal.
OVERDUE, OVERDUE_ALERTED = "overdue", "overdue_alerted"
#: None there may be.
OVERDUE_UNOWNED = "overdue_without_follow_up"
UNOWNED = "follow_ups_without_owner"
WITHOUT_DEADLINES = "orders_without_deadlines"
#: What the health page publishes, in this order.
PUBLISHED = (OVERDUE, OVERDUE_ALERTED, UNOWNED, OVERDUE_UNOWNED, WITHOUT_DEADLINES)

#: How long two counts that must be equal may differ before the health page says so.
MAY_DIFFER = timedelta(days=1)
#: Seconds that one count may take, over millions of rows.
PATIENCE = 240

# One look for all, so that they are of one instant.
_COUNT = """
SELECT count(*),
       count(*) FILTER (WHERE EXISTS (
         SELECT FROM orders_checkpoint c
         WHERE c.deadline_id = d.id AND c.revision = d.revision AND c.purpose = 'check' AND c.state = 1)),
       count(*) FILTER (WHERE NOT EXISTS (
         SELECT FROM orders_followup f WHERE f.deadline_id = d.id AND f.closed_at IS NULL)),
       (SELECT count(*) FROM orders_followup
        WHERE closed_at IS NULL AND (owner_id IS NULL OR next_action_at IS NULL))
FROM orders_deadline d WHERE d.state = 'overdue'
"""

_KEEP = """
INSERT INTO notifications_tally AS t (name, value, counted_at, differs_since)
SELECT name, value, statement_timestamp(), CASE WHEN differs THEN statement_timestamp() END
FROM unnest(%(names)s::text[], %(values)s::bigint[], %(differ)s::boolean[]) AS mine (name, value, differs)
ON CONFLICT (name) DO UPDATE
SET value = excluded.value, counted_at = excluded.counted_at,
    differs_since = CASE WHEN excluded.differs_since IS NOT NULL
                         THEN COALESCE(t.differs_since, excluded.differs_since) END
RETURNING name
"""


def take() -> dict[str, int]:
    """Counts everything anew and keeps it. Orders that have no deadlines and should are planned anew."""
    with transaction.atomic():
        rows_of("SELECT set_config('statement_timeout', %(limit)s, true)", {"limit": f"{PATIENCE}s"})
        overdue, alerted, unfollowed, unowned = rows_of(_COUNT, {})[0]
    # Not inside: what it marks must not stay locked for as long as it looks.
    bare = mark_uncovered()
    counts = {
        OVERDUE: overdue,
        OVERDUE_ALERTED: alerted,
        UNOWNED: unowned,
        OVERDUE_UNOWNED: unfollowed,
        WITHOUT_DEADLINES: bare,
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
