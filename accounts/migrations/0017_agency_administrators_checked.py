from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_agency_administrators'),
    ]

    operations = [
        ValidateConstraint(model_name='membership', name='membership_role_known'),
    ]
