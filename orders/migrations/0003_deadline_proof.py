"""What a duty about firearms rests on."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add `proof` to deadlines. The hourly sweep plans every order again and fills it."""

    dependencies = [("orders", "0002_database_rules")]

    operations = [
        migrations.AddField(
            model_name="deadline",
            name="proof",
            field=models.CharField(
                blank=True,
                choices=[
                    ("proven", "Proven"),
                    ("found_by_court", "Found by the court"),
                    ("sworn_not_verified", "Sworn, not verified"),
                ],
                default="",
                help_text="What a duty about firearms rests on. A denial that does not meet it is sworn too.",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.RunSQL("UPDATE orders_order SET planned_with = ''", migrations.RunSQL.noop),
    ]
