"""Unique indexes of the chain, built while it is in use."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

NO_FORK = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS audit_chain_has_no_fork
ON accounts_auditchainlink (era_after, up_to) WHERE closed_after IS NULL;
"""
ENDS_ONCE = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS audit_era_ends_once
ON accounts_auditchainlink (era_after) WHERE closed_after IS NOT NULL;
"""


class Migration(migrations.Migration):
    """One chain without forks, and one end for each era."""

    atomic = False

    dependencies = [("accounts", "0009_audit_eras")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(NO_FORK, "DROP INDEX IF EXISTS audit_chain_has_no_fork;"),
                migrations.RunSQL(ENDS_ONCE, "DROP INDEX IF EXISTS audit_era_ends_once;"),
            ],
            [
                migrations.AddConstraint(
                    "auditchainlink",
                    models.UniqueConstraint(
                        fields=["era_after", "up_to"],
                        condition=Q(closed_after=None),
                        name="audit_chain_has_no_fork",
                    ),
                ),
                migrations.AddConstraint(
                    "auditchainlink",
                    models.UniqueConstraint(
                        fields=["era_after"], condition=~Q(closed_after=None), name="audit_era_ends_once"
                    ),
                ),
            ],
        ),
    ]
