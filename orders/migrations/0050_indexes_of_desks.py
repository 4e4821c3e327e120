"""Index rows that end, and the foreign keys of modifications and of the town of a receipt."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [('orders', '0049_coming_service')]

    operations = [
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
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_ordercondition_ended_by ON orders_ordercondition (ended_by_id);",
            "DROP INDEX CONCURRENTLY IF EXISTS orders_ordercondition_ended_by;",
        ),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_ordercondition_set_by ON orders_ordercondition (set_by_id);",
            "DROP INDEX CONCURRENTLY IF EXISTS orders_ordercondition_set_by;",
        ),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_receipt_town ON orders_receipt (town_id);",
            "DROP INDEX CONCURRENTLY IF EXISTS orders_receipt_town;",
        ),
    ]
