"""Give what ends by itself, such as an order on its last day, a state of its own: it was never overdue."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

_BATCH = 10_000
#: The rules that gave an end and no duty when this was written. Planning writes the state from then on.
_RULES = [
    *("CA-TMP", "CA-FIN", "CT-CPO-01-YEAR", "CT-EXP-04", "CT-ORD-01", "CT-ORD-02", "CT-RPO-03", "DE-TMP"),
    *("DE-FIN", "FL-TMP", "FL-FIN", "IL-TMP", "IL-FIN", "IN-TMP", "IN-FIN", "MA-TMP", "MA-FIN", "MD-TMP"),
    *("MD-TMP-MAX", "MD-FIN", "NJ-TMP", "NJ-FIN", "OR-FIN", "RI-TMP", "RI-FIN", "VT-TMP", "VT-FIN"),
    *("WA-TMP", "WA-FIN"),
]
# By key, from the last one on: each row is looked at once, and gaps between keys cost nothing.
_WRITE = """
WITH found AS (
  SELECT id FROM orders_deadline
  WHERE id > %s AND state = %s AND rule_id = ANY(%s)
  ORDER BY id LIMIT %s
), changed AS (
  UPDATE orders_deadline SET state = %s WHERE id IN (SELECT id FROM found)
)
SELECT max(id) FROM found
"""
_STATES = [
    ("not_started", "Not started"),
    ("open", "Open"),
    ("overdue", "Overdue"),
    ("ends", "Ends"),
    ("met", "Met"),
    ("withdrawn", "Withdrawn"),
    ("cannot_compute", "Cannot be computed"),
    ("announced", "For information"),
    ("announced_no_more", "No longer applies"),
]


def _change(schema_editor: Any, was: str, becomes: str) -> None:
    last = 0
    with schema_editor.connection.cursor() as cursor:
        while last is not None:
            cursor.execute(_WRITE, [last, was, _RULES, _BATCH, becomes])
            (last,) = cursor.fetchone()


def end(apps: Any, schema_editor: Any) -> None:
    """Change the state batch by batch."""
    _change(schema_editor, "open", "ends")


def reopen(apps: Any, schema_editor: Any) -> None:
    """Change the state back batch by batch."""
    _change(schema_editor, "ends", "open")


class Migration(migrations.Migration):
    """Each batch is committed alone."""

    atomic = False

    dependencies = [("orders", "0057_filed_returns")]

    operations = [
        migrations.AlterField(
            model_name="deadline",
            name="state",
            field=models.CharField(choices=_STATES, max_length=20),
        ),
        migrations.RunPython(end, reopen, elidable=False),
    ]
