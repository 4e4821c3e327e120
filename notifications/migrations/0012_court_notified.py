from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0011_audit_digests'),
    ]

    operations = [
        migrations.AddField(
            model_name='alert',
            name='court_notified_at',
            field=models.DateTimeField(blank=True, help_text='For an alert that fell back: when it was decided whether the court hears of it.', null=True),
        ),
        migrations.AlterField(
            model_name='alert',
            name='note',
            field=models.CharField(blank=True, choices=[('reminded', 'Someone asks you to act on this follow-up'), ('passed', 'The next action has passed'), ('unreached', 'No one at an agency could be notified'), ('no_school', 'No one at the school could be notified')], db_default='', default='', max_length=10),
        ),
    ]
