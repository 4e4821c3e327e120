"""Fill the key and the court of each stored registry number, and make them unique in place of the number.

The constraint needs every row filled, so this is done here, in batches that are committed one by one.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

_BATCH = 10_000
# The trigger computes both.
_FILL = """
UPDATE orders_order SET number_key = '' WHERE id > %s AND id <= %s AND number_court IS NULL
"""
_UNIQUE = models.UniqueConstraint(
    condition=models.Q(("number_key", ""), _negated=True),
    fields=("number_key", "number_court"),
    name="order_number_once_in_a_court",
)


def fill(apps: Any, schema_editor: Any) -> None:
    """Fill the columns batch by batch."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM orders_order")
        last = cursor.fetchone()[0]
        for first in range(0, last, _BATCH):
            cursor.execute(_FILL, [first, first + _BATCH])


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [("orders", "0054_number_of_a_court")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS order_number_once_in_a_court "
                    "ON orders_order (number_key, number_court) WHERE NOT number_key = '';",
                    "DROP INDEX CONCURRENTLY IF EXISTS order_number_once_in_a_court;",
                ),
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS order_por_number_once;",
                    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS order_por_number_once "
                    "ON orders_order (por_number) WHERE NOT por_number = '';",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(model_name="order", constraint=_UNIQUE),
                migrations.RemoveConstraint(model_name="order", name="order_por_number_once"),
            ],
        ),
    ]
