"""Mark the encrypted text of held forms, so that a rotation of keys finds it. The column stays."""

import accounts.encrypted_fields
from django.db import migrations


class Migration(migrations.Migration):
    """A change of the field alone."""

    dependencies = [('accounts', '0011_audit_reviews')]

    operations = [
        migrations.AlterField(
            model_name='heldform',
            name='typed',
            field=accounts.encrypted_fields.EncryptedTokenField(help_text='Encrypted.'),
        ),
    ]
