"""Columns and indexes for the search by name, date of birth, part of a docket number and serial number."""

from __future__ import annotations

from itertools import islice
from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

from orders.matching.lookup import stored_keys
from orders.matching.names import folded_name

BATCH = 2000

# The three-letter parts of a docket number, without dashes: an index of them finds any part of it. They follow
# from the stored number, so that no entry point can forget them.
DOCKET_PARTS = """
CREATE FUNCTION orders_docket_parts(docket text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT array(
    SELECT DISTINCT substr(plain, place, 3)
    FROM regexp_replace(upper(docket COLLATE "C"), '[^A-Z0-9]', '', 'g') plain,
         generate_series(1, length(plain) - 2) place
  )
$$;
CREATE INDEX case_docket_parts ON orders_case USING gin (orders_docket_parts(docket_number));
"""

# As `near_key` in orders/matching/serials.py: numbers that may be the same one have equal keys.
NEAR_SERIAL = """
CREATE FUNCTION orders_near_serial(serial text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT ltrim(
    translate(regexp_replace(upper(serial COLLATE "C"), '[^A-Z0-9]', '', 'g'), 'OILSB', '01158'), '0'
  )
$$;
CREATE INDEX firearm_near_serial ON orders_firearm (orders_near_serial(serial_key)) WHERE serial_key <> '';
"""


def fill(apps: Any, _editor: Any) -> None:
    """Set the columns of stored respondents."""
    respondents = apps.get_model("orders", "Respondent").objects
    rows = respondents.order_by("pk").iterator(chunk_size=BATCH)
    while some := list(islice(rows, BATCH)):
        for one in some:
            one.name_key, one.name_parts = folded_name(one.name), stored_keys(one.name)
        respondents.bulk_update(some, ["name_key", "name_parts"])


class Migration(migrations.Migration):
    """Search keys of names, dockets and serial numbers."""

    dependencies = [("orders", "0005_extensions")]

    operations = [
        migrations.AddField(
            "respondent", "name_key", models.TextField(db_collation="C", default="", editable=False)
        ),
        migrations.AddField(
            "respondent",
            "name_parts",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, editable=False, size=None
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            "respondent", models.Index(fields=["name_key", "date_of_birth"], name="respondent_name")
        ),
        migrations.AddIndex(
            "respondent",
            django.contrib.postgres.indexes.GinIndex(fields=["name_parts"], name="respondent_name_parts"),
        ),
        migrations.AddIndex(
            "respondent", models.Index(fields=["date_of_birth"], name="respondent_birthday")
        ),
        migrations.RunSQL(
            DOCKET_PARTS, "DROP INDEX case_docket_parts; DROP FUNCTION orders_docket_parts(text);"
        ),
        migrations.RunSQL(
            NEAR_SERIAL, "DROP INDEX firearm_near_serial; DROP FUNCTION orders_near_serial(text);"
        ),
    ]
