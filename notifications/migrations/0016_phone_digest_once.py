"""One person for each telephone number, by its digest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index, built beside running processes."""

    atomic = False

    dependencies = [('notifications', '0015_phone_checked')]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name='preference',
                    constraint=models.UniqueConstraint(
                        condition=models.Q(('phone_digest__isnull', False)),
                        fields=('phone_digest',),
                        name='preference_phone_digest_once',
                        violation_error_message='Another person uses this number. Give a different one.',
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS preference_phone_digest_once "
                    "ON notifications_preference (phone_digest) WHERE phone_digest IS NOT NULL;",
                    "DROP INDEX CONCURRENTLY IF EXISTS preference_phone_digest_once;",
                ),
            ],
        ),
    ]
