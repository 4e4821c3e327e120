"""Facts to check: another respondent of a docket."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A third kind of fact to check."""

    dependencies = [("orders", "0010_persons")]

    operations = [
        migrations.AlterField(
            "reviewitem",
            "kind",
            models.CharField(
                choices=[
                    ("doubtful", "Doubtful fact"),
                    ("near_match", "Serial number that may match"),
                    ("other_respondent", "Another respondent of the same docket"),
                ],
                max_length=20,
            ),
        ),
    ]
