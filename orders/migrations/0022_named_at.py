from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0021_search_parts'),
    ]

    operations = [
        migrations.AddField(
            model_name='orderagency',
            name='named_at',
            field=models.DateTimeField(blank=True, help_text='When someone named the agency, such as the marshal who serves.', null=True),
        ),
        migrations.AddField(
            model_name='permit',
            name='recorded_at',
            field=models.DateTimeField(blank=True, help_text='When it was recorded here.', null=True),
        ),
    ]
