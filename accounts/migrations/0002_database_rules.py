"""Make the access log and its chain append-only in the database."""

from __future__ import annotations

from django.db import migrations

# An audit record that someone can change proves nothing. Only tests set `ctc.allow_truncate`.
APPEND_ONLY = """
CREATE FUNCTION accounts_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' AND current_setting('ctc.allow_truncate', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER accounts_auditentry_no_change BEFORE UPDATE OR DELETE ON accounts_auditentry
  FOR EACH ROW EXECUTE FUNCTION accounts_audit_is_append_only();
CREATE TRIGGER accounts_auditentry_no_truncate BEFORE TRUNCATE ON accounts_auditentry
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_is_append_only();
CREATE TRIGGER accounts_auditchainlink_no_change BEFORE UPDATE OR DELETE ON accounts_auditchainlink
  FOR EACH ROW EXECUTE FUNCTION accounts_audit_is_append_only();
CREATE TRIGGER accounts_auditchainlink_no_truncate BEFORE TRUNCATE ON accounts_auditchainlink
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_is_append_only();
"""

REVERSE = """
DROP TRIGGER accounts_auditchainlink_no_truncate ON accounts_auditchainlink;
DROP TRIGGER accounts_auditchainlink_no_change ON accounts_auditchainlink;
DROP TRIGGER accounts_auditentry_no_truncate ON accounts_auditentry;
DROP TRIGGER accounts_auditentry_no_change ON accounts_auditentry;
DROP FUNCTION accounts_audit_is_append_only();
"""


class Migration(migrations.Migration):
    """Triggers that refuse UPDATE, DELETE and TRUNCATE."""

    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(APPEND_ONLY, REVERSE)]
