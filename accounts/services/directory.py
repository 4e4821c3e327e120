"""Agencies and towns as an administrator keeps them."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Agency, Town


@transaction.atomic
def record(*, row: Agency | Town) -> None:
    """The agency or town, new or changed, is stored as given; a later load of the reference files keeps it.

    Raises ValidationError when it contradicts another.
    """
    row.full_clean()
    row.save()


@transaction.atomic
def remove(*, row: Agency | Town) -> None:
    """The row is gone. Raises ProtectedError while anything still names it."""
    row.delete()
