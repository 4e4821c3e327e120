"""Refuse an order of another state than its court's: the law of that state would bind it."""

from __future__ import annotations

from django.db import migrations

# No check constraint can read the court. Orders are inserted by the hundred, so an insert is checked once a
# statement; the changes of single rows are rare. The canary's order is of no state.
OF_ITS_STATE = """
CREATE FUNCTION orders_order_is_of_its_courts_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM entered o
    JOIN orders_case c ON c.id = o.case_id
    JOIN accounts_agency a ON a.id = c.court_id
    WHERE o.jurisdiction NOT IN (a.jurisdiction, 'xx')
  ) THEN
    RAISE EXCEPTION 'order_of_its_courts_state: an order is of another state than its court'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER orders_order_entered_of_its_state AFTER INSERT ON orders_order
  REFERENCING NEW TABLE AS entered FOR EACH STATEMENT
  EXECUTE FUNCTION orders_order_is_of_its_courts_state();

CREATE FUNCTION orders_change_keeps_the_courts_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM orders_order o
    JOIN orders_case c ON c.id = o.case_id
    JOIN accounts_agency a ON a.id = c.court_id
    WHERE o.jurisdiction NOT IN (a.jurisdiction, 'xx')
      AND CASE TG_TABLE_NAME WHEN 'orders_order' THEN o.id WHEN 'orders_case' THEN c.id ELSE a.id END = NEW.id
  ) THEN
    RAISE EXCEPTION 'order_of_its_courts_state: an order is of another state than its court'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER orders_order_stays_of_its_state AFTER UPDATE OF jurisdiction, case_id ON orders_order
  FOR EACH ROW WHEN ((OLD.jurisdiction, OLD.case_id) IS DISTINCT FROM (NEW.jurisdiction, NEW.case_id))
  EXECUTE FUNCTION orders_change_keeps_the_courts_state();
CREATE TRIGGER orders_case_stays_of_its_state AFTER UPDATE OF court_id ON orders_case
  FOR EACH ROW WHEN (OLD.court_id IS DISTINCT FROM NEW.court_id)
  EXECUTE FUNCTION orders_change_keeps_the_courts_state();
CREATE TRIGGER orders_court_stays_of_its_state AFTER UPDATE OF jurisdiction ON accounts_agency
  FOR EACH ROW WHEN (OLD.jurisdiction IS DISTINCT FROM NEW.jurisdiction)
  EXECUTE FUNCTION orders_change_keeps_the_courts_state();
"""

REVERSE = """
DROP TRIGGER orders_court_stays_of_its_state ON accounts_agency;
DROP TRIGGER orders_case_stays_of_its_state ON orders_case;
DROP TRIGGER orders_order_stays_of_its_state ON orders_order;
DROP FUNCTION orders_change_keeps_the_courts_state();
DROP TRIGGER orders_order_entered_of_its_state ON orders_order;
DROP FUNCTION orders_order_is_of_its_courts_state();
"""


class Migration(migrations.Migration):
    """Triggers on orders, cases and agencies."""

    dependencies = [("orders", "0015_return_requirements"), ("accounts", "0004_state_of_agencies")]

    operations = [migrations.RunSQL(OF_ITS_STATE, REVERSE)]
