"""Rehearsals, and the mark of the alerts that are written in one."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Every way to write an alert passes it. Alerts about the system itself, and canaries, stay real.
TRIGGER = """
CREATE FUNCTION notifications_mark_rehearsal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.via NOT IN ('operator', 'canary') AND EXISTS (
    SELECT FROM notifications_rehearsal r
    WHERE r.ended_at IS NULL AND r.starts_at <= statement_timestamp() AND r.ends_at > statement_timestamp()
      AND (r.agency_id IS NULL OR r.agency_id = NEW.agency_id OR r.agency_id = (
        SELECT c.court_id FROM orders_order o JOIN orders_case c ON c.id = o.case_id WHERE o.id = NEW.order_id)))
  THEN
    NEW.is_rehearsal := true;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER notifications_mark_rehearsal BEFORE INSERT ON notifications_alert
FOR EACH ROW EXECUTE FUNCTION notifications_mark_rehearsal();
CREATE FUNCTION notifications_keep_rehearsal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'An alert of a rehearsal stays one.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER notifications_keep_rehearsal BEFORE UPDATE OF is_rehearsal ON notifications_alert
FOR EACH ROW WHEN (OLD.is_rehearsal AND NOT NEW.is_rehearsal) EXECUTE FUNCTION notifications_keep_rehearsal();
"""


class Migration(migrations.Migration):
    """A table, a column and a trigger."""

    dependencies = [
        ('accounts', '0012_encrypted_token'),
        ('notifications', '0016_phone_digest_once'),
        ('orders', '0025_name_digest_once'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rehearsal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('addresses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=254), help_text='The first one also gets what is for anyone else.', size=None)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=500)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.CharField(blank=True, max_length=500)),
                ('agency', models.ForeignKey(blank=True, db_index=False, help_text='Alerts to it and, for a court, about its orders. Empty: the whole installation.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency')),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='rehearsal_has_an_end'),
                    models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), ('addresses__len__gt', 0)), name='rehearsal_has_reason_and_address'),
                    models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at', None), ('ended_by', None)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='rehearsal_ended_by_someone'),
                ],
            },
        ),
        migrations.AddField(
            model_name='alert',
            name='is_rehearsal',
            field=models.BooleanField(db_default=False, editable=False, help_text='Written in a rehearsal: it reaches the list or no one.'),
        ),
        migrations.RunSQL(
            TRIGGER,
            """
            DROP TRIGGER notifications_mark_rehearsal ON notifications_alert;
            DROP FUNCTION notifications_mark_rehearsal();
            DROP TRIGGER notifications_keep_rehearsal ON notifications_alert;
            DROP FUNCTION notifications_keep_rehearsal();
            """,
        ),
    ]
