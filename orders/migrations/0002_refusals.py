"""What the database refuses by itself, and how it keeps the busy tables fit."""

from __future__ import annotations

from django.db import migrations

# TRUNCATE is refused too, except in a session that says it is a test's.
APPEND_ONLY = """
CREATE FUNCTION orders_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' AND current_setting('ctc.allow_truncate', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'orders_event is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER orders_event_no_change BEFORE UPDATE OR DELETE ON orders_event
  FOR EACH ROW EXECUTE FUNCTION orders_event_is_append_only();
CREATE TRIGGER orders_event_no_truncate BEFORE TRUNCATE ON orders_event
  FOR EACH STATEMENT EXECUTE FUNCTION orders_event_is_append_only();
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

# Firing and planning rewrite rows of these two; room on the page keeps the rewrites near, and vacuum comes
# by the count of dead rows, not by a share of a table that only grows.
STORAGE = """
ALTER TABLE orders_checkpoint SET (
  fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
ALTER TABLE orders_deadline SET (
  fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
"""


class Migration(migrations.Migration):
    """Append-only events, receipts within their case, storage of the busy tables."""

    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.RunSQL(
            APPEND_ONLY,
            """
            DROP TRIGGER orders_event_no_truncate ON orders_event;
            DROP TRIGGER orders_event_no_change ON orders_event;
            DROP FUNCTION orders_event_is_append_only();
            """,
        ),
        migrations.RunSQL(
            SAME_CASE,
            """
            DROP TRIGGER orders_receiptitem_same_case ON orders_receiptitem;
            DROP FUNCTION orders_receiptitem_is_of_its_case();
            """,
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
