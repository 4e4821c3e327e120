"""Answers of protected persons by PIN: the PIN is erased with the contact."""

import accounts.encrypted_fields
from django.db import migrations, models


ENDS = """
CREATE OR REPLACE FUNCTION notifications_safecontact_ends_with_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE notifications_safecontact
  SET ended_at = statement_timestamp(), encrypted_address = '', encrypted_phrase = ''{pin},
      hours_from = NULL, hours_until = NULL
  WHERE release_id = NEW.id AND ended_at IS NULL;
  RETURN NULL;
END
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0019_protected_messages'),
    ]

    operations = [
        migrations.AddField(
            model_name='safecontact',
            name='answered_at',
            field=models.DateTimeField(blank=True, help_text='When the person last answered; it answers all that was sent before.', null=True),
        ),
        migrations.AddField(
            model_name='safecontact',
            name='asked_at',
            field=models.DateTimeField(blank=True, help_text='When the advocate was last asked to reach the person, unanswered.', null=True),
        ),
        migrations.AddField(
            model_name='safecontact',
            name='encrypted_pin',
            field=accounts.encrypted_fields.EncryptedTokenField(blank=True, db_default='', default='', help_text='Digits that the person chose, to answer a message. Without them no message asks.'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='note',
            field=models.CharField(blank=True, choices=[('reminded', 'Someone asks you to act on this follow-up'), ('passed', 'The next action has passed'), ('unreached', 'No one at an agency could be notified'), ('no_client', 'A message to your client did not arrive'), ('no_answer', 'Your client did not answer a message'), ('no_school', 'No one at the school could be notified')], db_default='', default='', max_length=10),
        ),
        migrations.RunSQL(ENDS.replace("{pin}", ", encrypted_pin = ''"), ENDS.replace("{pin}", "")),
    ]
