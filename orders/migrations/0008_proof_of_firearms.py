"""What accounts for firearms besides receipts; alleged counts, ammunition, and where items are believed to be."""

from __future__ import annotations

import django.core.validators
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_database_rules'),
        ('orders', '0007_order_withdrawn'),
    ]

    operations = [
        migrations.CreateModel(
            name='FirearmDisposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('destroyed', 'Destroyed'), ('transferred', 'Transferred to a dealer or an eligible person')], max_length=20)),
                ('disposed_at', models.DateTimeField()),
                ('disposed_offset', models.SmallIntegerField(help_text='UTC offset in minutes, as entered.', validators=[django.core.validators.MinValueValidator(-840), django.core.validators.MaxValueValidator(840)])),
                ('officer', models.CharField(max_length=120)),
                ('authority', models.CharField(help_text='What allows it, such as a court order with its date, or the law.', max_length=200)),
                ('dealer_license', models.CharField(blank=True, max_length=20)),
                ('taker_name', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ['disposed_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='FirearmFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('count', models.PositiveSmallIntegerField(default=1)),
                ('finding', models.CharField(choices=[('surrendered_elsewhere', 'Surrendered elsewhere'), ('never_possessed', 'Does not exist, or was never possessed'), ('destroyed', 'Destroyed'), ('lost_or_stolen', 'Lost or stolen'), ('still_held', 'Still held by the respondent')], max_length=30)),
                ('note', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='StatementVerification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('verified_at', models.DateTimeField(help_text='When the check was complete.')),
                ('verified_offset', models.SmallIntegerField(help_text='UTC offset in minutes, as entered.', validators=[django.core.validators.MinValueValidator(-840), django.core.validators.MaxValueValidator(840)])),
                ('verified_by', models.CharField(help_text='The person who checked.', max_length=120, verbose_name='checked by')),
                ('method', models.CharField(choices=[('records', 'Permit, registration and sales records searched'), ('home', 'Home searched, with consent or a warrant'), ('household', 'Members of the household interviewed'), ('court_record', "Testimony or evidence on the court's record"), ('other', 'Another way, described in the note')], max_length=20)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('unlisted', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['verified_at', 'id'],
            },
        ),
        migrations.AddField(
            model_name='firearm',
            name='believed_on',
            field=models.DateField(blank=True, null=True, verbose_name='reported'),
        ),
        migrations.AddField(
            model_name='firearm',
            name='believed_place',
            field=models.CharField(blank=True, max_length=200, verbose_name='believed to be'),
        ),
        migrations.AddField(
            model_name='firearm',
            name='believed_source',
            field=models.CharField(blank=True, max_length=120, verbose_name='according to'),
        ),
        migrations.AddField(
            model_name='firearm',
            name='description',
            field=models.CharField(blank=True, help_text='Of ammunition or magazines.', max_length=120),
        ),
        migrations.AddField(
            model_name='firearm',
            name='item_kind',
            field=models.CharField(choices=[('firearm', 'Firearm'), ('ammunition', 'Ammunition'), ('magazines', 'Magazines')], default='firearm', max_length=20, verbose_name='kind of item'),
        ),
        migrations.AddField(
            model_name='firearm',
            name='officer_notes',
            field=models.CharField(blank=True, max_length=500, verbose_name='notes for officers'),
        ),
        migrations.AddField(
            model_name='firearm',
            name='quantity',
            field=models.PositiveIntegerField(blank=True, help_text='Of ammunition or magazines.', null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='firearms_alleged_count',
            field=models.PositiveSmallIntegerField(blank=True, help_text='How many firearms the application alleges, if it gives a number.', null=True, validators=[django.core.validators.MaxValueValidator(999)]),
        ),
        migrations.AddField(
            model_name='order',
            name='firearms_answer',
            field=models.CharField(blank=True, choices=[('yes', 'Yes, has firearms'), ('no', 'No firearms'), ('refused', 'Refused to answer'), ('not_asked', 'Not asked')], help_text='What the respondent answered at service when asked about firearms. Empty: not stated.', max_length=20, verbose_name='spoken answer about firearms'),
        ),
        migrations.AddField(
            model_name='permit',
            name='handed_in_to',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency'),
        ),
        migrations.AddField(
            model_name='permit',
            name='receipt',
            field=models.ForeignKey(blank=True, help_text='The receipt by which it was handed in, if there is one.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='permits', to='orders.receipt'),
        ),
        migrations.AddField(
            model_name='statement',
            name='firearms',
            field=models.ManyToManyField(blank=True, help_text='The firearms that are out of reach.', related_name='statements', to='orders.firearm'),
        ),
        migrations.AlterField(
            model_name='firearm',
            name='status',
            field=models.CharField(choices=[('alleged', 'Believed held'), ('unreachable', 'Declared out of reach'), ('surrendered', 'In police custody'), ('sold', 'Sold to a dealer'), ('transferred', 'Transferred from custody'), ('returned', 'Returned'), ('destroyed', 'Destroyed'), ('not_held', 'Checked: not held'), ('found_by_court', 'Accounted for by the court')], default='alleged', max_length=20),
        ),
        migrations.AddConstraint(
            model_name='firearm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('item_kind', 'firearm'), ('quantity', None)), models.Q(models.Q(('item_kind', 'firearm'), _negated=True), ('quantity__gte', 1), ('serial_key', '')), _connector='OR'), name='firearm_lots_have_a_quantity'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('firearms_alleged_count', None), ('firearms_alleged_count', 0), models.Q(('firearms_alleged_count__lte', 999), ('firearms_indicated', True)), _connector='OR'), name='order_alleged_count_indicates_firearms'),
        ),
        migrations.AddField(
            model_name='firearmdisposal',
            name='agency',
            field=models.ForeignKey(help_text='The agency that had custody.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency'),
        ),
        migrations.AddField(
            model_name='firearmdisposal',
            name='firearm',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='disposals', to='orders.firearm'),
        ),
        migrations.AddField(
            model_name='firearmdisposal',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='firearm_disposals', to='orders.order'),
        ),
        migrations.AddField(
            model_name='firearmfinding',
            name='firearm',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='orders.firearm'),
        ),
        migrations.AddField(
            model_name='firearmfinding',
            name='hearing',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='orders.hearing'),
        ),
        migrations.AddField(
            model_name='firearmfinding',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='firearm_findings', to='orders.order'),
        ),
        migrations.AddField(
            model_name='statementverification',
            name='agency',
            field=models.ForeignKey(help_text='The court or police agency that checked.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency'),
        ),
        migrations.AddField(
            model_name='statementverification',
            name='firearms',
            field=models.ManyToManyField(blank=True, related_name='verifications', to='orders.firearm'),
        ),
        migrations.AddField(
            model_name='statementverification',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statement_verifications', to='orders.order'),
        ),
        migrations.AddField(
            model_name='statementverification',
            name='statement',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='verifications', to='orders.statement'),
        ),
        migrations.AddConstraint(
            model_name='firearmdisposal',
            constraint=models.UniqueConstraint(fields=('firearm', 'disposed_at'), name='firearm_disposed_once'),
        ),
        migrations.AddConstraint(
            model_name='firearmdisposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('dealer_license', ''), ('kind', 'destroyed'), ('taker_name', '')), models.Q(('kind', 'transferred'), models.Q(models.Q(('dealer_license', ''), _negated=True), models.Q(('taker_name', ''), _negated=True), _connector='XOR')), _connector='OR'), name='firearm_disposal_names_who_took_it'),
        ),
        migrations.AddConstraint(
            model_name='firearmdisposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('officer', ''), _negated=True), models.Q(('authority', ''), _negated=True)), name='firearm_disposal_says_by_whom'),
        ),
        migrations.AddConstraint(
            model_name='firearmfinding',
            constraint=models.UniqueConstraint(fields=('hearing', 'firearm'), name='firearm_finding_once_per_hearing', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='firearmfinding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('count__gte', 1), ('firearm', None)), models.Q(('count', 1), ('firearm__isnull', False)), _connector='OR'), name='firearm_finding_counts_the_unlisted'),
        ),
        migrations.AddConstraint(
            model_name='statementverification',
            constraint=models.UniqueConstraint(fields=('statement', 'verified_at'), name='statement_verified_once'),
        ),
        migrations.AddConstraint(
            model_name='statementverification',
            constraint=models.CheckConstraint(condition=models.Q(('verified_by', ''), _negated=True), name='verification_names_who_checked'),
        ),
        migrations.AddConstraint(
            model_name='statementverification',
            constraint=models.CheckConstraint(condition=models.Q(('method', 'other'), ('note', ''), _negated=True), name='verification_other_has_a_note'),
        ),
    ]
