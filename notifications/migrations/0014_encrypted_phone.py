"""Encrypt telephone numbers. `manage.py rotate_keys` encrypts those that are stored, after the old processes end."""

import accounts.encrypted_fields
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

SMS_HAS_A_PHONE = models.CheckConstraint(
    condition=models.Q(
        ('by_sms', False), ('phone__isnull', False), models.Q(('open_phone', ''), _negated=True), _connector='OR'
    ),
    name='preference_sms_has_a_phone',
    violation_error_message='Give the number that text messages go to.',
)


class Migration(migrations.Migration):
    """The column `phone` of the version before becomes the field `open_phone`, which saving empties."""

    dependencies = [('notifications', '0013_fell_back')]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name='preference', name='preference_phone_once'),
                migrations.RemoveConstraint(model_name='preference', name='preference_sms_needs_a_phone'),
                migrations.RenameField('preference', 'phone', 'open_phone'),
                migrations.AlterField(
                    model_name='preference',
                    name='open_phone',
                    field=accounts.encrypted_fields.FormerField(
                        blank=True, db_column='phone', db_default='', default='', max_length=16
                    ),
                ),
                migrations.AddField(
                    model_name='preference',
                    name='phone',
                    field=accounts.encrypted_fields.EncryptedTextField(
                        db_column='encrypted_phone',
                        former='open_phone',
                        help_text='In the form +18605550100, encrypted.',
                        max_length=16,
                    ),
                ),
                migrations.AddConstraint(
                    model_name='preference',
                    constraint=models.UniqueConstraint(
                        condition=models.Q(('open_phone', ''), _negated=True),
                        fields=('open_phone',),
                        name='preference_phone_once',
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    """
                    ALTER TABLE notifications_preference ADD COLUMN encrypted_phone bytea NULL;
                    ALTER TABLE notifications_preference ALTER COLUMN phone SET DEFAULT '';
                    """,
                    "ALTER TABLE notifications_preference DROP COLUMN encrypted_phone;",
                ),
                # The next operation adds it again, for either column.
                migrations.RunSQL(
                    [
                        "-- squawk-ignore ban-drop-constraint\n"
                        "ALTER TABLE notifications_preference DROP CONSTRAINT preference_sms_needs_a_phone;"
                    ],
                    migrations.RunSQL.noop,
                ),
            ],
        ),
        AddConstraintNotValid('preference', SMS_HAS_A_PHONE),
        migrations.AddField(
            model_name='preference',
            name='phone_digest',
            field=accounts.encrypted_fields.DigestField(of='phone', purpose='phone'),
        ),
        migrations.AddField(
            model_name='optedoutnumber',
            name='key_id',
            field=models.CharField(
                blank=True, db_default='', help_text='The key of the digest; empty: unknown.', max_length=8
            ),
        ),
        migrations.AlterField(
            model_name='preference',
            name='encrypted_service',
            field=accounts.encrypted_fields.EncryptedTokenField(
                blank=True, help_text='The encrypted address of another service.'
            ),
        ),
        migrations.AlterField(
            model_name='safecontact',
            name='encrypted_address',
            field=accounts.encrypted_fields.EncryptedTokenField(blank=True),
        ),
        migrations.AlterField(
            model_name='safecontact',
            name='encrypted_phrase',
            field=accounts.encrypted_fields.EncryptedTokenField(
                blank=True,
                help_text='Words that the person chose, so that the person knows the message comes from us.',
            ),
        ),
        migrations.AlterField(
            model_name='webhooksubscription',
            name='encrypted_secret',
            field=accounts.encrypted_fields.EncryptedTokenField(),
        ),
    ]
