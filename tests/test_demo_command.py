"""The command that loads the demonstration: what it prints, and where it refuses."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from accounts.models import User
from accounts.services.agencies.reference import load_reference

pytestmark = pytest.mark.django_db


def test_the_command_prints_one_line() -> None:
    load_reference()
    printed = StringIO()

    call_command("demo", stdout=printed)

    assert printed.getvalue() == (
        "Demonstration: 18 people and 12 orders added; 2 orders whose 24 hours end within two minutes "
        "added.\n"
    )


def test_it_wants_the_reference_data_first() -> None:
    with pytest.raises(CommandError, match="no reference data yet"):
        call_command("demo")


def test_it_never_writes_to_a_real_database(settings: Settings) -> None:
    settings.IS_LOCAL = False

    with pytest.raises(CommandError, match="embedded database only"):
        call_command("demo")
    assert not User.objects.exists()
