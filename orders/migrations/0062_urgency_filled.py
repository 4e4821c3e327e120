"""Fill the judge and the day of issue of each stored order, in batches that are committed one by one.

Then index both, and the day on which orders end, by the court.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

_BATCH = 10_000
_FILL = """
UPDATE orders_orderurgency u
SET issued_on = o.issued_on, judge = coalesce(latest.judge, ''), heard_on = latest.scheduled_on
FROM orders_order o
LEFT JOIN LATERAL (
  SELECT h.judge, h.scheduled_on FROM orders_hearing h
  WHERE h.order_id = o.id AND h.judge <> '' AND o.withdrawn_at IS NULL
  ORDER BY h.scheduled_on DESC, h.id DESC LIMIT 1
) latest ON true
WHERE u.order_id = o.id AND o.id > %s AND o.id <= %s
"""

#: The indexes: name, columns in the database, condition in the database, and the index of the model.
_INDEXES = (
    (
        "order_urgency_judge",
        "court_id, judge, heard_on",
        " WHERE NOT judge = ''",
        models.Index(
            condition=models.Q(("judge", ""), _negated=True),
            fields=["court", "judge", "heard_on"],
            name="order_urgency_judge",
        ),
    ),
    (
        "order_urgency_issued",
        "court_id, issued_on",
        "",
        models.Index(fields=["court", "issued_on"], name="order_urgency_issued"),
    ),
    (
        "order_urgency_ends",
        "court_id, ends_on",
        "",
        models.Index(fields=["court", "ends_on"], name="order_urgency_ends"),
    ),
)


def fill(apps: Any, schema_editor: Any) -> None:
    """Fill the columns batch by batch."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(order_id), 0) FROM orders_orderurgency")
        last = cursor.fetchone()[0]
        for first in range(0, last, _BATCH):
            cursor.execute(_FILL, [first, first + _BATCH])


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [("orders", "0061_urgency_judge")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} "
                    f"ON orders_orderurgency ({columns}){condition};",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {name};",
                )
                for name, columns, condition, _ in _INDEXES
            ],
            state_operations=[
                migrations.AddIndex(model_name="orderurgency", index=index) for *_, index in _INDEXES
            ],
        ),
    ]
