"""Plan once again what older versions planned otherwise."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.db import migrations, models

from orders.matching.serials import is_identifying

BATCH = 2000

# Conditions with a time of day were due at the end of the day. The hourly check plans such orders anew.
STALE = """
UPDATE orders_order SET planned_with = ''
WHERE EXISTS (SELECT FROM orders_ordercondition WHERE order_id = orders_order.id AND due_at IS NOT NULL)
   OR EXISTS (SELECT FROM orders_statementverification WHERE order_id = orders_order.id)
"""


def free_words(apps: Any, _editor: Any) -> None:
    """Take away the keys of serial numbers that identify nothing, and mark their orders to be planned again.

    Two firearms with such a key counted as one.
    """
    firearms, orders = apps.get_model("orders", "Firearm").objects, apps.get_model("orders", "Order").objects
    rows = firearms.exclude(serial_key="").order_by("pk").values_list("pk", "order", "serial_key")
    some = iter(rows.iterator(chunk_size=BATCH))
    while batch := list(islice(some, BATCH)):
        wrong = {pk: order for pk, order, key in batch if not is_identifying(key)}
        firearms.filter(pk__in=wrong).update(serial_key="")
        persons = orders.filter(pk__in=set(wrong.values())).values("case__respondent__person")
        orders.filter(case__respondent__person__in=persons).update(planned_with="")


class Migration(migrations.Migration):
    """Add the state of a checked statement that other facts contradict."""

    dependencies = [("orders", "0017_follow_up_reminders")]

    operations = [
        migrations.AlterField(
            model_name="deadline",
            name="proof",
            field=models.CharField(
                blank=True,
                choices=[
                    ("proven", "Proven"),
                    ("found_by_court", "Found by the court"),
                    ("sworn_not_verified", "Sworn, not verified"),
                    ("sworn_contradicted", "Sworn and checked, contradicted"),
                ],
                help_text="What a duty about firearms rests on. A denial that does not meet it is sworn too.",
                max_length=20,
            ),
        ),
        migrations.RunPython(free_words, migrations.RunPython.noop),
        migrations.RunSQL(STALE, migrations.RunSQL.noop),
    ]
