"""One protected person of a name in an order, by the digest of the name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The index becomes the constraint, in place of the one of the open column."""

    dependencies = [('orders', '0024_name_digest_index')]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name='protectedperson',
                    constraint=models.UniqueConstraint(
                        fields=('order', 'name_digest'), name='protected_person_once_an_order'
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE orders_protectedperson ADD CONSTRAINT protected_person_once_an_order "
                    "UNIQUE USING INDEX protected_person_once_an_order;",
                    "ALTER TABLE orders_protectedperson DROP CONSTRAINT protected_person_once_an_order;",
                ),
                migrations.RunSQL(
                    [
                        "-- squawk-ignore ban-drop-constraint\n"
                        "ALTER TABLE orders_protectedperson DROP CONSTRAINT protected_person_once_per_order;"
                    ],
                    migrations.RunSQL.noop,
                ),
            ],
        ),
    ]
