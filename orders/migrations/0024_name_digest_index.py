"""Index protected persons by order and digest of the name, beside running processes."""

from django.db import migrations


class Migration(migrations.Migration):
    """It serves look-ups by order before the old index goes: empty names would be equal there."""

    atomic = False

    dependencies = [('orders', '0023_encrypted_names')]

    operations = [
        migrations.RunSQL(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS protected_person_once_an_order "
            "ON orders_protectedperson (order_id, name_digest);",
            "DROP INDEX CONCURRENTLY IF EXISTS protected_person_once_an_order;",
        ),
    ]
