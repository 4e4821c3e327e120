"""Record whether a step of custody keeps the tag of the step before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """It runs beside running processes."""

    dependencies = [('orders', '0064_history_by_actor')]

    operations = [
        migrations.AddField(
            model_name='custodystep',
            name='keeps_tag',
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text='The tag is that of the step before, not a new one.',
            ),
        ),
        migrations.RunSQL(
            "UPDATE orders_custodystep SET keeps_tag = TRUE FROM ("
            "SELECT id, tag = lag(tag) OVER (PARTITION BY firearm_id ORDER BY moved_at, id) AS is_kept "
            "FROM orders_custodystep) AS known "
            "WHERE known.id = orders_custodystep.id AND known.is_kept AND receipt_id IS NULL;",
            migrations.RunSQL.noop,
        ),
    ]
