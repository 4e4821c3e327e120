"""Alerts about releases, a second way to a protected person, and words in the calendar of an advocate."""

import accounts.encrypted_fields
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

ENDS = """
CREATE OR REPLACE FUNCTION notifications_safecontact_ends_with_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE notifications_safecontact
  SET ended_at = statement_timestamp(), encrypted_address = '', encrypted_phrase = '', encrypted_pin = ''{second},
      hours_from = NULL, hours_until = NULL
  WHERE release_id = NEW.id AND ended_at IS NULL;
  RETURN NULL;
END
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0020_districts_checked'),
        ('notifications', '0021_answers_indexed'),
        ('orders', '0051_desks_checked'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveConstraint(model_name='alert', name='alert_is_about_one_thing')],
            # The last operation adds it again, with one more form.
            database_operations=[
                migrations.RunSQL(
                    [
                        "-- squawk-ignore ban-drop-constraint\n"
                        "ALTER TABLE notifications_alert DROP CONSTRAINT alert_is_about_one_thing;"
                    ],
                    migrations.RunSQL.noop,
                ),
            ],
        ),
        migrations.AddField(
            model_name='alert',
            name='release_request',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text="The client's release that an advocate asked a court to record.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='orders.releaserequest'),
        ),
        migrations.AddField(
            model_name='calendarfeed',
            name='shows_aliases',
            field=models.BooleanField(db_default=False, default=False, help_text='Entries begin with the word that the advocate gave the client, where there is one.'),
        ),
        migrations.AddField(
            model_name='safecontact',
            name='encrypted_second_address',
            field=accounts.encrypted_fields.EncryptedTokenField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='safecontact',
            name='second_channel',
            field=models.CharField(blank=True, choices=[('email', 'Email'), ('sms', 'Text message'), ('relay', 'Through the advocate')], db_default='', default='', help_text='Used if a message by the first way failed. Empty: the person chose one way.', max_length=10),
        ),
        migrations.AlterField(
            model_name='alert',
            name='note',
            field=models.CharField(blank=True, choices=[('reminded', 'Someone asks you to act on this follow-up'), ('passed', 'The next action has passed'), ('unreached', 'No one at an agency could be notified'), ('no_client', 'A message to your client did not arrive'), ('no_answer', 'Your client did not answer a message'), ('stopped', 'Your client asked to stop the messages'), ('second', 'Sent by the second way, because the first one failed'), ('ending', 'A release ends soon'), ('no_school', 'No one at the school could be notified')], db_default='', default='', max_length=10),
        ),
        migrations.RunSQL(
            'ALTER TABLE notifications_alert ADD CONSTRAINT notifications_alert_release_request_fk '
            'FOREIGN KEY (release_request_id) REFERENCES orders_releaserequest (id) '
            'DEFERRABLE INITIALLY DEFERRED NOT VALID;',
            'ALTER TABLE notifications_alert DROP CONSTRAINT notifications_alert_release_request_fk;',
        ),
        migrations.RunSQL(ENDS.replace("{second}", ", encrypted_second_address = ''"), ENDS.replace("{second}", "")),
        AddConstraintNotValid('alert', models.CheckConstraint(condition=models.Q(models.Q(('follow_up', None), ('weekly_report', None), models.Q(models.Q(('checkpoint__isnull', False), ('finding', None), ('order__isnull', False), ('transfer', None)), models.Q(('checkpoint', None), ('finding', None), ('order__isnull', False), ('transfer__isnull', False)), models.Q(('checkpoint', None), ('finding__isnull', False), ('order', None), ('transfer', None)), _connector='OR')), models.Q(('follow_up__isnull', False), ('order__isnull', False), ('checkpoint', None), ('finding', None), ('transfer', None), ('weekly_report', None), ('note__in', ['reminded', 'passed'])), models.Q(('follow_up', None), ('order', None), ('weekly_report__isnull', False), ('checkpoint', None), ('finding', None), ('transfer', None)), models.Q(models.Q(('release_request__isnull', False), models.Q(('note', 'ending'), ('release__isnull', False)), _connector='OR'), ('follow_up', None), ('order', None), ('weekly_report', None), ('checkpoint', None), ('finding', None), ('transfer', None)), _connector='OR'), name='alert_is_about_one_thing')),
    ]
