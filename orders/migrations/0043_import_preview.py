"""Keep what the trial of an import found, so that a worker can try a large one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('orders', '0042_ended_urgency')]

    operations = [
        migrations.AddField(
            model_name='importjob',
            name='preview',
            field=models.JSONField(
                blank=True,
                help_text='What a trial found, or its problem; removed when the import ends.',
                null=True,
            ),
        ),
        migrations.AddField(
            model_name='importjob',
            name='preview_asked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
