from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('notifications', '0012_court_notified'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='alert',
            index=models.Index(condition=models.Q(('court_notified_at', None), ('via__in', ['fallback', 'missing'])), fields=['id'], name='alert_fell_back'),
        ),
    ]
