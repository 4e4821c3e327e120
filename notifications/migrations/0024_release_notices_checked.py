"""Check the alerts that were there before."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('notifications', '0023_release_notices_indexed')]

    operations = [
        ValidateConstraint(model_name='alert', name='alert_is_about_one_thing'),
        migrations.RunSQL(
            'ALTER TABLE notifications_alert VALIDATE CONSTRAINT notifications_alert_release_request_fk',
            migrations.RunSQL.noop,
        ),
    ]
