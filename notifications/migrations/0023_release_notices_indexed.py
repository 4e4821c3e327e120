"""Index the alerts about requests for a release."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [('notifications', '0022_release_notices')]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS alert_of_request ON notifications_alert "
                    "(release_request_id) WHERE release_request_id IS NOT NULL;",
                    "DROP INDEX CONCURRENTLY IF EXISTS alert_of_request;",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name='alert',
                    index=models.Index(
                        condition=models.Q(('release_request__isnull', False)),
                        fields=['release_request'],
                        name='alert_of_request',
                    ),
                ),
            ],
        ),
    ]
