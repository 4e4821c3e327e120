"""Index the alerts that fell back, for the sweep that alerts their court."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The index is built beside running processes."""

    atomic = False

    dependencies = [('notifications', '0012_court_notified')]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    model_name='alert',
                    index=models.Index(
                        condition=models.Q(('court_notified_at', None), ('via__in', ['fallback', 'missing'])),
                        fields=['id'],
                        name='alert_fell_back',
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS alert_fell_back ON notifications_alert (id) "
                    "WHERE court_notified_at IS NULL AND via IN ('fallback', 'missing');",
                    "DROP INDEX CONCURRENTLY IF EXISTS alert_fell_back;",
                ),
            ],
        ),
    ]
