"""A person behind the respondents of several cases."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

BATCH = 2000


def fill(apps: Any, _editor: Any) -> None:
    """Join stored respondents with equal folded names and dates of birth; each other one is alone."""
    respondents = apps.get_model("orders", "Respondent").objects
    person = apps.get_model("orders", "Person")
    known: dict[tuple[str, Any], int] = {}
    rows = respondents.order_by("pk").iterator(chunk_size=BATCH)
    while some := list(islice(rows, BATCH)):
        keys = [
            (one.name_key, one.date_of_birth) if one.date_of_birth and one.name_key else ("", one.pk)
            for one in some
        ]
        new = list(dict.fromkeys(key for key in keys if key not in known))
        made = person.objects.bulk_create([person() for _ in new])
        known.update({key: row.pk for key, row in zip(new, made, strict=True)})
        for one, key in zip(some, keys, strict=True):
            one.person_id = known[key]
        respondents.bulk_update(some, ["person"])


class Migration(migrations.Migration):
    """Persons, and clerks' decisions about them."""

    # The foreign key is checked at the end of each transaction; an index cannot wait for it.
    atomic = False

    dependencies = [
        ("orders", "0009_return_lawful_at_surrender"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            "respondent",
            "person",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="respondents",
                to="orders.person",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "respondent",
            "person",
            models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="respondents",
                to="orders.person",
            ),
        ),
        migrations.CreateModel(
            name="PersonDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("is_same", models.BooleanField()),
                ("reason", models.CharField(max_length=500)),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.respondent",
                    ),
                ),
                (
                    "respondent",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.respondent",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("respondent", "other"), name="person_decision_once_per_pair"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("respondent__lt", models.F("other"))),
                        name="person_decision_in_order_of_keys",
                    ),
                ],
            },
        ),
    ]
