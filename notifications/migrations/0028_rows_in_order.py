"""Rows that another row lists come as they were entered."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0027_contact_tests")]

    operations = [
        migrations.AlterModelOptions(name="clientchoice", options={"ordering": ["id"]}),
    ]
