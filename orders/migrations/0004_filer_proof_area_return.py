"""Who filed, what was proven, where the court sits; the respondent's address; firearms given back."""

from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

SAME_CASE = """
CREATE FUNCTION orders_firearmreturn_is_of_its_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM orders_order ro
    JOIN orders_firearm f ON f.id = NEW.firearm_id
    JOIN orders_order fo ON fo.id = f.order_id
    WHERE ro.id = NEW.order_id AND ro.case_id = fo.case_id
  ) THEN
    RAISE EXCEPTION 'a return names a firearm of another case' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER orders_firearmreturn_same_case BEFORE INSERT OR UPDATE ON orders_firearmreturn
  FOR EACH ROW EXECUTE FUNCTION orders_firearmreturn_is_of_its_case();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_audit_and_tokens'),
        ('orders', '0003_release'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='area',
            field=models.CharField(blank=True, help_text='The county that the court sits in, where it keeps another time zone than its state.', max_length=40),
        ),
        migrations.AddField(
            model_name='order',
            name='filed_by',
            field=models.CharField(blank=True, choices=[('intimate_partner', 'An intimate partner'), ('household_member', 'A family or household member'), ('law_enforcement', 'Law enforcement'), ('states_attorney', "State's attorney"), ('attorney_general', 'Attorney general'), ('health_worker', 'Physician or other health worker'), ('school', 'School or college'), ('licensing_authority', 'Licensing authority'), ('other_person', 'Another person')], help_text='Who asked for the order; empty: not stated.', max_length=20),
        ),
        migrations.AddField(
            model_name='order',
            name='proof_found',
            field=models.CharField(blank=True, choices=[('reasonable_grounds', 'Reasonable grounds'), ('reasonable_cause', 'Reasonable cause'), ('probable_cause', 'Probable cause'), ('preponderance', 'Preponderance of the evidence'), ('clear_and_convincing', 'Clear and convincing evidence')], help_text='The standard that the court found met; empty: not stated.', max_length=20),
        ),
        migrations.AddField(
            model_name='respondent',
            name='address',
            field=models.CharField(blank=True, help_text='Street and number, for police who look for firearms.', max_length=200),
        ),
        migrations.CreateModel(
            name='FirearmReturn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('returned_at', models.DateTimeField()),
                ('returned_offset', models.SmallIntegerField(help_text='Minutes from UTC, as the instant was given.', validators=[django.core.validators.MinValueValidator(-840), django.core.validators.MaxValueValidator(840)])),
                ('officer', models.CharField(help_text='Who gave it back.', max_length=120)),
                ('confirmed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('requested', 'The respondent asked for it'), ('background_check', 'The background check was passed'), ('eligible', 'It was checked that the respondent may lawfully hold it'), ('court_confirmation', 'The court confirmed that the order has ended'), ('court_release', 'The court directed its release'), ('not_dangerous', 'The court found the respondent no longer dangerous'), ('family_told', 'Family or household members were told, so far as they must be'), ('state_application', 'The application to the state was granted')], max_length=20), blank=True, default=list, size=None)),
                ('agency', models.ForeignKey(help_text='Whose custody it came from.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency')),
                ('firearm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='orders.firearm')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='firearm_returns', to='orders.order')),
            ],
            options={
                'ordering': ['returned_at', 'id'],
                'constraints': [models.UniqueConstraint(fields=('firearm', 'returned_at'), name='firearm_returned_once'), models.CheckConstraint(condition=models.Q(('officer', ''), _negated=True), name='firearm_return_says_by_whom')],
            },
        ),
        migrations.RunSQL(
            SAME_CASE,
            """
            DROP TRIGGER orders_firearmreturn_same_case ON orders_firearmreturn;
            DROP FUNCTION orders_firearmreturn_is_of_its_case();
            """,
        ),
    ]
