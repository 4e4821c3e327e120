from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0019_scope_of_downloads'),
    ]

    operations = [
        ValidateConstraint(model_name='agency', name='agency_district_of_courts_and_prosecutors'),
        ValidateConstraint(model_name='agency', name='agency_docket_prefixes_only_for_courts'),
    ]
