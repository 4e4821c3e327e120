"""The state of an alert that a worker took, in words. The database does not change."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('notifications', '0025_client_choices')]

    operations = [
        migrations.AlterField(
            model_name='alert',
            name='state',
            field=models.SmallIntegerField(
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
                default=0,
            ),
        ),
    ]
