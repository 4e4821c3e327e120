"""Index the hearings that wait, by their day."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """The index is built without a lock that others wait for."""

    atomic = False

    dependencies = [("orders", "0059_ends_index")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS hearing_waiting "
                    "ON orders_hearing (scheduled_on, id) WHERE outcome = '';",
                    "DROP INDEX CONCURRENTLY IF EXISTS hearing_waiting;",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="hearing",
                    index=models.Index(
                        condition=models.Q(("outcome", "")),
                        fields=["scheduled_on", "id"],
                        name="hearing_waiting",
                    ),
                ),
            ],
        ),
    ]
