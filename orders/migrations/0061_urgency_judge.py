"""Keep the judge of an order and its day of issue beside its urgency."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Three columns; the next migration fills them."""

    dependencies = [("orders", "0060_hearing_waiting")]

    operations = [
        migrations.AddField(
            model_name="orderurgency",
            name="judge",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The judge of the latest hearing that names one.",
                max_length=120,
            ),
        ),
        migrations.AddField(
            model_name="orderurgency",
            name="heard_on",
            field=models.DateField(blank=True, help_text="The day of that hearing.", null=True),
        ),
        migrations.AddField(
            model_name="orderurgency",
            name="issued_on",
            field=models.DateField(blank=True, help_text="The day of issue, as the order has it.", null=True),
        ),
    ]
