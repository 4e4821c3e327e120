"""Rows that another row lists come as they were entered."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0067_people_in_order")]

    operations = [
        migrations.AlterModelOptions(name="importfile", options={"ordering": ["id"]}),
        migrations.AlterModelOptions(name="orderagency", options={"ordering": ["id"]}),
        migrations.AlterModelOptions(name="permit", options={"ordering": ["id"]}),
        migrations.AlterModelOptions(name="receiptitem", options={"ordering": ["id"]}),
        migrations.AlterModelOptions(name="receiptsignature", options={"ordering": ["id"]}),
    ]
