from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_accounts_read'),
    ]

    operations = [
        migrations.AlterField(
            model_name='apitoken',
            name='scopes',
            field=ArrayField(base_field=models.CharField(choices=[('orders:read', 'Read orders'), ('orders:write', 'Enter orders and record actions'), ('alerts:read', 'Read alerts'), ('alerts:write', 'Acknowledge alerts'), ('reports:read', 'Read reports'), ('reference:read', 'Read agencies, towns and rules'), ('reference:write', 'Change agencies and who is a backup'), ('imports:write', 'Import in bulk'), ('webhooks:write', 'Manage webhook subscriptions'), ('audit:read', 'Read the access log')], max_length=20), size=None),
        ),
    ]
