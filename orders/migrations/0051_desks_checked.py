from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0050_indexes_of_desks'),
    ]

    operations = [
        ValidateConstraint(model_name='serviceattempt', name='service_attempt_code_known'),
        ValidateConstraint(model_name='ordercondition', name='condition_without_a_day_has_no_time'),
        migrations.RunSQL(
            'ALTER TABLE orders_ordercondition VALIDATE CONSTRAINT orders_ordercondition_ended_by_fk',
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            'ALTER TABLE orders_ordercondition VALIDATE CONSTRAINT orders_ordercondition_set_by_fk',
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            'ALTER TABLE orders_receipt VALIDATE CONSTRAINT orders_receipt_town_fk',
            migrations.RunSQL.noop,
        ),
    ]
