"""Digests of the access log that left this machine."""

from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table."""

    dependencies = [("notifications", "0010_confirmed_database")]

    operations = [
        migrations.CreateModel(
            name="AuditDigest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("destination", models.CharField(blank=True, max_length=200)),
                ("link", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("noted_at", models.DateTimeField()),
                ("database", models.CharField(max_length=80)),
                ("sent_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["destination", "-id"], name="audit_digest_newest")],
            },
        ),
    ]
