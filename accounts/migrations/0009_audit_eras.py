"""Eras of the audit chain: it goes on in a restored database, whose transaction ids are lower."""

from __future__ import annotations

from django.db import migrations, models

# A link that ends an era needs every entry written so far. The application may only append to the log, so the lock
# is taken by the owner of the tables.
LOCK = """
CREATE FUNCTION accounts_lock_access_log() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$ BEGIN LOCK TABLE accounts_auditentry IN SHARE MODE; END $$;
"""
# Each era has its own transactions; the next migration makes them unique within an era. No process relies on it: links
# are added one at a time.
NOT_UNIQUE = """
-- squawk-ignore ban-drop-constraint
ALTER TABLE accounts_auditchainlink DROP CONSTRAINT IF EXISTS accounts_auditchainlink_up_to_key;
"""
# In quotes, a negative number is a constant for the linter too.
ERA_AFTER = """
ALTER TABLE accounts_auditchainlink ADD COLUMN era_after bigint DEFAULT '-9223372036854775807' NOT NULL;
"""


class Migration(migrations.Migration):
    """The columns, and the function that locks the log for a moment."""

    dependencies = [("accounts", "0008_reference_write")]

    operations = [
        # Each era has its own transactions; the next migration makes them unique within an era.
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(NOT_UNIQUE, migrations.RunSQL.noop)],
            [migrations.AlterField("auditchainlink", "up_to", models.BigIntegerField())],
        ),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    ERA_AFTER, "ALTER TABLE accounts_auditchainlink DROP COLUMN era_after;"
                )
            ],
            [
                migrations.AddField(
                    "auditchainlink",
                    "era_after",
                    models.BigIntegerField(db_default=-(2**63) + 1, editable=False),
                )
            ],
        ),
        migrations.AddField("auditchainlink", "last_id", models.BigIntegerField(editable=False, null=True)),
        migrations.AddField(
            "auditchainlink", "closed_after", models.BigIntegerField(editable=False, null=True)
        ),
        migrations.AddField(
            "auditchainlink",
            "database",
            models.CharField(db_default="", editable=False, max_length=80),
        ),
        migrations.RunSQL(LOCK, "DROP FUNCTION accounts_lock_access_log();"),
    ]
