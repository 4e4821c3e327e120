"""The protected persons of an order are listed as they were entered."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0066_since_when_known")]

    operations = [
        migrations.AlterModelOptions(name="protectedperson", options={"ordering": ["id"]}),
    ]
