"""How the outbox keeps fit: each alert is rewritten several times on its way."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Room on the page, and vacuum by count."""

    dependencies = [("notifications", "0002_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE notifications_alert SET (
              fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
            ALTER TABLE notifications_heartbeat SET (fillfactor = 10);
            """,
            migrations.RunSQL.noop,
        ),
    ]
