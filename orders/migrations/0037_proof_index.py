"""Index deadlines by what they rest on: a court's list filters by it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [('orders', '0036_import_mappings')]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS deadline_proof "
                    "ON orders_deadline (proof, order_id) INCLUDE (rule_id, state) WHERE proof <> '';",
                    "DROP INDEX CONCURRENTLY IF EXISTS deadline_proof;",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name='deadline',
                    index=models.Index(
                        condition=models.Q(('proof', ''), _negated=True),
                        fields=['proof', 'order'],
                        include=['rule_id', 'state'],
                        name='deadline_proof',
                    ),
                ),
            ],
        ),
    ]
