"""Drop an index that begins another: a unique constraint answers look-ups by agency."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [('orders', '0030_attempt_notes')]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS orders_storageplace_agency_id_4f809fb3;",
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_storageplace_agency_id_4f809fb3 "
                    "ON orders_storageplace (agency_id);",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='storageplace',
                    name='agency',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='storage_places', to='accounts.agency'),
                ),
            ],
        ),
    ]
