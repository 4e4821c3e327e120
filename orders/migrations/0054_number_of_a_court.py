"""A registry number is known once in a court, however it is written.

Two courts may have stored the same number: what one of them can store shows nothing of the other.
"""

from __future__ import annotations

from django.db import migrations, models

# No index can read the court of the case, and a process of the version before knows no key.
KEY = """
CREATE FUNCTION orders_registry_key(number text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(
    ltrim(upper(replace(number, ' ', '') COLLATE "C"), ''''), '^([0-9]+)[.]0$', '\\1'
  )
$$;
CREATE FUNCTION orders_order_number_of_a_court() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.number_key := orders_registry_key(NEW.por_number);
  NEW.number_court := (SELECT court_id FROM orders_case WHERE id = NEW.case_id);
  RETURN NEW;
END $$;
CREATE TRIGGER orders_order_number_of_a_court
  BEFORE INSERT OR UPDATE OF por_number, case_id, number_key, number_court ON orders_order
  FOR EACH ROW EXECUTE FUNCTION orders_order_number_of_a_court();
CREATE FUNCTION orders_case_numbers_of_a_court() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE orders_order SET number_court = NEW.court_id WHERE case_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER orders_case_numbers_of_a_court AFTER UPDATE OF court_id ON orders_case
  FOR EACH ROW WHEN (OLD.court_id IS DISTINCT FROM NEW.court_id)
  EXECUTE FUNCTION orders_case_numbers_of_a_court();
"""

REVERSE = """
DROP TRIGGER orders_case_numbers_of_a_court ON orders_case;
DROP FUNCTION orders_case_numbers_of_a_court();
DROP TRIGGER orders_order_number_of_a_court ON orders_order;
DROP FUNCTION orders_order_number_of_a_court();
DROP FUNCTION orders_registry_key(text);
"""


class Migration(migrations.Migration):
    """Two columns, and the triggers that fill them."""

    dependencies = [("orders", "0053_police_work")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="number_key",
            field=models.CharField(
                blank=True, db_collation="C", db_default="", default="", editable=False, max_length=40
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="number_court",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(KEY, REVERSE),
    ]
