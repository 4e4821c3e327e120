"""A release that is taken back takes its safe contact with it."""

from django.db import migrations

# Releases are taken back in the admin, by the API and on a page, by code that does not know that there are
# safe contacts. Whichever it was, in the same transaction nothing is left by which the person could be found.
# One that ended by its own time is tidied by notifications.services.contacts.end_lapsed.
ENDS = """
CREATE FUNCTION notifications_safecontact_ends_with_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE notifications_safecontact
  SET ended_at = statement_timestamp(), sealed_address = '', sealed_phrase = '',
      hours_from = NULL, hours_until = NULL
  WHERE release_id = NEW.id AND ended_at IS NULL;
  RETURN NULL;
END
$$;
CREATE TRIGGER notifications_safecontact_ends AFTER UPDATE OF revoked_at ON orders_release
  FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL)
  EXECUTE FUNCTION notifications_safecontact_ends_with_release();
"""

UNDO = """
DROP TRIGGER notifications_safecontact_ends ON orders_release;
DROP FUNCTION notifications_safecontact_ends_with_release();
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_operations"), ("orders", "0008_capacities")]

    operations = [migrations.RunSQL(ENDS, UNDO)]
