"""Note which rows of the lists were written after their order had ended, and index those that were not."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

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
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS order_urgency_to_end "
                    "ON orders_orderurgency (ends_on, order_id) WHERE ends_on IS NOT NULL AND NOT is_ended;",
                    "DROP INDEX CONCURRENTLY IF EXISTS order_urgency_to_end;",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name='orderurgency',
                    index=models.Index(
                        condition=models.Q(('ends_on__isnull', False), ('is_ended', False)),
                        fields=['ends_on', 'order'],
                        name='order_urgency_to_end',
                    ),
                ),
            ],
        ),
    ]
