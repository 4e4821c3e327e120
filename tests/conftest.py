"""What every test stands on."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Tests may empty the append-only table between them; nobody else may."""
    connection.settings_dict["OPTIONS"]["options"] += " -c ctc.allow_truncate=on"
