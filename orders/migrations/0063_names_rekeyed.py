"""Make the search keys of stored names again: an apostrophe that is a letter (U+02BC) no longer counts."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from orders.services.parties.name_keys import rekey_names


def rekey(apps: Any, schema_editor: Any) -> None:
    """Write the keys that differ, in batches that are committed one by one."""
    rekey_names(schema_editor.connection)


class Migration(migrations.Migration):
    """It runs beside running processes."""

    atomic = False

    dependencies = [("orders", "0062_urgency_filled")]

    operations = [migrations.RunPython(rekey, migrations.RunPython.noop, elidable=False)]
