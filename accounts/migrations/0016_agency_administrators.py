import django.contrib.postgres.operations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0015_temporary_accounts'),
    ]

    operations = [
        # The constraint comes back below, with one role more. Old processes never write another role.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        '-- squawk-ignore ban-drop-constraint\n'
                        'ALTER TABLE accounts_membership DROP CONSTRAINT membership_role_known'
                    ],
                    migrations.RunSQL.noop,
                )
            ],
            state_operations=[
                migrations.RemoveConstraint(model_name='membership', name='membership_role_known')
            ],
        ),
        migrations.AlterField(
            model_name='membership',
            name='role',
            field=models.CharField(choices=[('clerk', 'Court clerk'), ('judge', 'Judge'), ('liaison', 'Law-enforcement liaison'), ('supervisor', 'Law-enforcement supervisor'), ('marshal', 'Marshal'), ('prosecutor', 'Prosecutor'), ('licensing', 'Firearms licensing officer'), ('school', 'School official'), ('advocate', 'Advocate'), ('auditor', 'Auditor'), ('administrator', 'Administrator'), ('agency_administrator', 'Agency administrator')], max_length=20),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['clerk', 'judge', 'liaison', 'supervisor', 'marshal', 'prosecutor', 'licensing', 'school', 'advocate', 'auditor', 'administrator', 'agency_administrator'])), name='membership_role_known'),
        ),
    ]
