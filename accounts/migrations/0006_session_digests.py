from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_absences'),
    ]

    operations = [
        # The keys of the sessions in use are known to their browsers only from here on.
        migrations.RunSQL(
            "UPDATE accounts_session SET session_key = "
            "left(encode(sha256(convert_to(session_key, 'UTF8')), 'hex'), 40)",
            "DELETE FROM accounts_session",
        ),
    ]
