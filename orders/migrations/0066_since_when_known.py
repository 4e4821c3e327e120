"""When an order came here is set by the service; when a permit became known after entry is a fact too."""

from __future__ import annotations

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0065_custody_keeps_tag")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="entered_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name="order",
            name="permit_indicated_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When it became known here, after entry, that the respondent holds a permit.",
                null=True,
            ),
        ),
    ]
