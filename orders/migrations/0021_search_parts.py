"""Indexes that find any part of a name, and of serial, receipt, permit and former numbers."""

from __future__ import annotations

from django.db import migrations

# The numbers that an entry of the history took away, each on its line. The history never changes.
FORMER = """
CREATE FUNCTION orders_former_numbers(data jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT concat_ws(E'\\n', data #>> '{changes,docket_number,0}', data #>> '{changes,por_number,0}',
                   data #>> '{corrected,Serial number,0}', data #>> '{withdrawn,Serial number}')
$$;
CREATE INDEX history_former_parts ON orders_historyentry
  USING gin (orders_docket_parts(orders_former_numbers(data))) WHERE orders_former_numbers(data) <> '';
"""

# As for docket numbers: the parts of three letters and digits.
PARTS = """
CREATE INDEX respondent_inner_parts ON orders_respondent USING gin (orders_docket_parts(name_key));
CREATE INDEX firearm_serial_parts ON orders_firearm USING gin (orders_docket_parts(serial_key))
  WHERE serial_key <> '';
CREATE INDEX receipt_number_parts ON orders_receipt USING gin (orders_docket_parts(receipt_number))
  WHERE receipt_number <> '';
CREATE INDEX permit_number_parts ON orders_permit USING gin (orders_docket_parts(number)) WHERE number <> '';
"""


class Migration(migrations.Migration):
    """Search by parts."""

    dependencies = [("orders", "0020_custody_requests")]

    operations = [
        migrations.RunSQL(
            FORMER, "DROP INDEX history_former_parts; DROP FUNCTION orders_former_numbers(jsonb);"
        ),
        migrations.RunSQL(
            PARTS,
            "DROP INDEX respondent_inner_parts, firearm_serial_parts, receipt_number_parts, "
            "permit_number_parts;",
        ),
    ]
