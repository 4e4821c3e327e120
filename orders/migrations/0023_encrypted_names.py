"""Encrypt names of protected persons and the pieces of import files.

`manage.py rotate_keys` encrypts those that are stored, after the old processes end.
"""

import accounts.encrypted_fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """The columns of the version before become the fields `open_name` and `open_content`."""

    dependencies = [('orders', '0022_named_at')]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint('protectedperson', 'protected_person_once_per_order'),
                migrations.RenameField('protectedperson', 'name', 'open_name'),
                migrations.AlterField(
                    model_name='protectedperson',
                    name='open_name',
                    field=accounts.encrypted_fields.FormerField(
                        blank=True, db_column='name', db_default='', default='', max_length=200
                    ),
                ),
                migrations.AddField(
                    model_name='protectedperson',
                    name='name',
                    field=accounts.encrypted_fields.EncryptedTextField(
                        db_column='encrypted_name', former='open_name', max_length=200
                    ),
                ),
                migrations.RenameField('importpiece', 'content', 'open_content'),
                migrations.AlterField(
                    model_name='importpiece',
                    name='open_content',
                    field=models.BinaryField(db_column='content', db_default=b'', default=b''),
                ),
                migrations.AddField(
                    model_name='importpiece',
                    name='content',
                    field=accounts.encrypted_fields.EncryptedBytesField(
                        db_column='encrypted_content', former='open_content'
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    """
                    ALTER TABLE orders_protectedperson ADD COLUMN encrypted_name bytea NULL;
                    ALTER TABLE orders_protectedperson ALTER COLUMN name SET DEFAULT '';
                    ALTER TABLE orders_importpiece ADD COLUMN encrypted_content bytea NULL;
                    ALTER TABLE orders_importpiece ALTER COLUMN content SET DEFAULT ''::bytea;
                    """,
                    """
                    ALTER TABLE orders_protectedperson DROP COLUMN encrypted_name;
                    ALTER TABLE orders_importpiece DROP COLUMN encrypted_content;
                    """,
                ),
            ],
        ),
        migrations.AddField(
            model_name='protectedperson',
            name='name_digest',
            field=accounts.encrypted_fields.DigestField(of='name', purpose='protected person'),
        ),
    ]
