"""Agencies and towns as an administrator keeps them."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest

from accounts.models import Act, Agency, Town
from accounts.services.audit import record_for


@transaction.atomic
def record(*, row: Agency | Town, request: HttpRequest | None = None) -> None:
    """The agency or town, new or changed, is stored as given; a later load of the reference files keeps it.

    Raises ValidationError when it contradicts another.
    """
    row.full_clean()
    row.save()
    _put(request, row)


@transaction.atomic
def remove(*, row: Agency | Town, request: HttpRequest | None = None) -> None:
    """The row is gone. Raises ProtectedError while anything still names it."""
    gone = row.pk
    row.delete()
    row.pk = gone
    _put(request, row, gone=True)


def _put(request: HttpRequest | None, row: Agency | Town, *, gone: bool = False) -> None:
    if request is not None:
        detail = {"kind": type(row).__name__.lower(), "id": row.pk, "name": row.name} | (
            {"gone": True} if gone else {}
        )
        record_for(request, Act.DIRECTORY_CHANGED, detail=detail)
