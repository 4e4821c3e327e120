"""An organization of advocates sees what it reported, and what became of it."""

from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0068_rows_in_order")]

    operations = [
        migrations.AddField(
            model_name="confidentialityrelease",
            name="reported_on",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateField(),
                blank=True,
                help_text="The days on which the organization reported firearms. Only its advocates see them.",
                null=True,
                size=None,
            ),
        ),
    ]
