"""Index what people recorded lately, for the first page of a court."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [('orders', '0063_names_rekeyed')]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS history_by_actor "
                    "ON orders_historyentry (actor_id, recorded_at) WHERE actor_id IS NOT NULL;",
                    "DROP INDEX CONCURRENTLY IF EXISTS history_by_actor;",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name='historyentry',
                    index=models.Index(
                        condition=models.Q(('actor__isnull', False)),
                        fields=['actor', 'recorded_at'],
                        name='history_by_actor',
                    ),
                ),
            ],
        ),
    ]
