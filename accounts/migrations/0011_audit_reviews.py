"""Weekly reviews of the access log, which the database refuses to change."""

from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

APPEND_ONLY = """
CREATE TRIGGER accounts_auditreview_no_change BEFORE UPDATE OR DELETE ON accounts_auditreview
  FOR EACH ROW EXECUTE FUNCTION accounts_audit_is_append_only();
CREATE TRIGGER accounts_auditreview_no_truncate BEFORE TRUNCATE ON accounts_auditreview
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_is_append_only();
"""
REVERSE = """
DROP TRIGGER accounts_auditreview_no_truncate ON accounts_auditreview;
DROP TRIGGER accounts_auditreview_no_change ON accounts_auditreview;
"""


class Migration(migrations.Migration):
    """The table and its triggers."""

    dependencies = [("accounts", "0010_audit_era_indexes")]

    operations = [
        migrations.CreateModel(
            name="AuditReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("week", models.DateField(help_text="Its Monday.", unique=True)),
                ("figures", models.JSONField()),
                ("notes", models.TextField()),
                (
                    "is_followed_up",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Something was unusual and needs a follow-up.",
                    ),
                ),
                (
                    "reviewed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["-week"], "verbose_name": "weekly review"},
        ),
        migrations.RunSQL(APPEND_ONLY, REVERSE),
    ]
