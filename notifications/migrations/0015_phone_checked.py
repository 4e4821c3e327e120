"""Check the rows that were stored before: text messages need a number."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """The constraint of 0014, for all rows."""

    dependencies = [('notifications', '0014_encrypted_phone')]

    operations = [ValidateConstraint('preference', 'preference_sms_has_a_phone')]
