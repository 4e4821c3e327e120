"""Index the messages that wait for an answer by PIN, and the contacts that ask for one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [('notifications', '0020_answers_by_pin')]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS alert_to_person ON notifications_alert "
                    "(release_id, first_sent_at) WHERE first_sent_at IS NOT NULL AND via = 'protected';",
                    "DROP INDEX CONCURRENTLY IF EXISTS alert_to_person;",
                ),
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS safe_contact_asks ON notifications_safecontact "
                    "(id) WHERE ended_at IS NULL AND NOT (encrypted_pin = '');",
                    "DROP INDEX CONCURRENTLY IF EXISTS safe_contact_asks;",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name='alert',
                    index=models.Index(condition=models.Q(('first_sent_at__isnull', False), ('via', 'protected')), fields=['release', 'first_sent_at'], name='alert_to_person'),
                ),
                migrations.AddIndex(
                    model_name='safecontact',
                    index=models.Index(condition=models.Q(('ended_at', None), models.Q(('encrypted_pin', ''), _negated=True)), fields=['id'], name='safe_contact_asks'),
                ),
            ],
        ),
    ]
