"""Note which rows of the lists were written after their order had ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('orders', '0041_desks_facts')]

    operations = [
        migrations.AddField(
            model_name='orderurgency',
            name='is_ended',
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text='The order had ended when this row was written: what ended with it is left out.',
            ),
        ),
    ]
