"""Storage settings of the outbox, and the trigger that ends safe contacts with their release."""

from __future__ import annotations

from django.db import migrations

# Each alert is updated several times before it is sent: leave room on the page and vacuum by row count.
STORAGE = """
            ALTER TABLE notifications_alert SET (
              fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
            ALTER TABLE notifications_heartbeat SET (fillfactor = 10);
            """

# The admin, the API and a page can revoke a release, and none of that code knows about safe contacts. The trigger
# erases the contact in the same transaction. `notifications.services.contacts.contacts.end_lapsed` erases the
# contact of a release that ended on its own date.
ENDS = """
CREATE FUNCTION notifications_safecontact_ends_with_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE notifications_safecontact
  SET ended_at = statement_timestamp(), encrypted_address = '', encrypted_phrase = '',
      hours_from = NULL, hours_until = NULL
  WHERE release_id = NEW.id AND ended_at IS NULL;
  RETURN NULL;
END
$$;
CREATE TRIGGER notifications_safecontact_ends AFTER UPDATE OF revoked_at ON orders_confidentialityrelease
  FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL)
  EXECUTE FUNCTION notifications_safecontact_ends_with_release();
"""

REVERSE = """
DROP TRIGGER notifications_safecontact_ends ON orders_confidentialityrelease;
DROP FUNCTION notifications_safecontact_ends_with_release();
"""


class Migration(migrations.Migration):
    """Storage settings and the safe-contact trigger."""

    dependencies = [("notifications", "0001_initial"), ("orders", "0002_database_rules")]

    operations = [
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(ENDS, REVERSE),
    ]
