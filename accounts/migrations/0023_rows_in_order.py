"""Rows that another row lists come as they were entered."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_telephones_and_maps")]

    operations = [
        migrations.AlterModelOptions(name="membership", options={"ordering": ["id"]}),
    ]
