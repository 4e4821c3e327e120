"""Keep when the last test message went to a safe contact, and what became of it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('notifications', '0026_alert_state_words')]

    operations = [
        migrations.AddField(
            model_name='safecontact',
            name='tested_at',
            field=models.DateTimeField(
                blank=True, help_text='When the last test message was sent.', null=True
            ),
        ),
        migrations.AddField(
            model_name='safecontact',
            name='tested_as',
            field=models.SmallIntegerField(
                blank=True,
                choices=[
                    (0, 'Created'),
                    (1, 'Next to be sent'),
                    (2, 'Sending'),
                    (3, 'Accepted'),
                    (4, 'Delivered'),
                    (5, 'In doubt'),
                    (6, 'Permanent failure'),
                    (7, 'Withdrawn'),
                    (8, 'Temporary failure'),
                    (9, 'On the page only'),
                ],
                help_text='What became of it, as far as the provider knows.',
                null=True,
            ),
        ),
    ]
