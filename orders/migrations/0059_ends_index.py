"""Index what ends, for calendar links."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """The index is built without a lock that others wait for."""

    atomic = False

    dependencies = [("orders", "0058_ends_are_no_duties")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS deadline_ends "
                    "ON orders_deadline (due_at, id) WHERE state = 'ends';",
                    "DROP INDEX CONCURRENTLY IF EXISTS deadline_ends;",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="deadline",
                    index=models.Index(
                        condition=models.Q(("state", "ends")), fields=["due_at", "id"], name="deadline_ends"
                    ),
                ),
            ],
        ),
    ]
