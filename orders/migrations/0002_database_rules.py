"""Database triggers and storage settings for orders."""

from __future__ import annotations

from django.db import migrations

# TRUNCATE is also refused. Only tests set `ctc.allow_truncate`.
APPEND_ONLY = """
CREATE FUNCTION orders_historyentry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' AND current_setting('ctc.allow_truncate', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'orders_historyentry is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER orders_historyentry_no_change BEFORE UPDATE OR DELETE ON orders_historyentry
  FOR EACH ROW EXECUTE FUNCTION orders_historyentry_is_append_only();
CREATE TRIGGER orders_historyentry_no_truncate BEFORE TRUNCATE ON orders_historyentry
  FOR EACH STATEMENT EXECUTE FUNCTION orders_historyentry_is_append_only();
"""

SAME_CASE = """
CREATE FUNCTION orders_receiptitem_is_of_its_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM orders_receipt r
    JOIN orders_order ro ON ro.id = r.order_id
    JOIN orders_firearm f ON f.id = NEW.firearm_id
    JOIN orders_order fo ON fo.id = f.order_id
    WHERE r.id = NEW.receipt_id AND ro.case_id = fo.case_id
  ) THEN
    RAISE EXCEPTION 'a receipt names a firearm of another case' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER orders_receiptitem_same_case BEFORE INSERT OR UPDATE ON orders_receiptitem
  FOR EACH ROW EXECUTE FUNCTION orders_receiptitem_is_of_its_case();
"""

SAME_CASE_RETURN = """
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

# Firing and planning rewrite rows of these two tables. Free space on each page keeps the updates on the same
# page, and vacuum runs by the number of dead rows because both tables only grow.
STORAGE = """
ALTER TABLE orders_checkpoint SET (
  fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
ALTER TABLE orders_deadline SET (
  fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
"""


class Migration(migrations.Migration):
    """Append-only history, receipts and returns within one case, storage of busy tables."""

    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.RunSQL(
            APPEND_ONLY,
            """
            DROP TRIGGER orders_historyentry_no_truncate ON orders_historyentry;
            DROP TRIGGER orders_historyentry_no_change ON orders_historyentry;
            DROP FUNCTION orders_historyentry_is_append_only();
            """,
        ),
        migrations.RunSQL(
            SAME_CASE,
            """
            DROP TRIGGER orders_receiptitem_same_case ON orders_receiptitem;
            DROP FUNCTION orders_receiptitem_is_of_its_case();
            """,
        ),
        migrations.RunSQL(
            SAME_CASE_RETURN,
            """
            DROP TRIGGER orders_firearmreturn_same_case ON orders_firearmreturn;
            DROP FUNCTION orders_firearmreturn_is_of_its_case();
            """,
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
