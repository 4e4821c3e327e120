"""Continuances: which hearing was moved to which day."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep each continuance, so that it can be undone."""

    dependencies = [("orders", "0003_deadline_proof")]

    operations = [
        migrations.CreateModel(
            name="Continuance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "following",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="set_by",
                        to="orders.hearing",
                    ),
                ),
                (
                    "hearing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="continuances",
                        to="orders.hearing",
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
    ]
