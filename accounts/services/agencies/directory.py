"""Change agencies and towns."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.models import Agency, AuditAction, Town
from accounts.services.access.access_log import record_for

#: Checks that other apps add. Each raises `ValidationError` for a row that contradicts what they store.
CHECKS: list[Callable[[Agency | Town], None]] = []


def check(row: Agency | Town) -> None:
    """Raise `ValidationError` by field if the row, not saved yet, contradicts others that refer to it."""
    is_agency = isinstance(row, Agency) and row.pk is not None
    if is_agency and Town.every.filter(police=row.pk).exclude(jurisdiction=row.jurisdiction).exists():
        raise ValidationError(
            {"jurisdiction": "It serves places of another state. Give those places other police first."}
        )
    for one in CHECKS:
        one(row)


@transaction.atomic
def record(*, row: Agency | Town, request: HttpRequest | None = None) -> None:
    """Save a new or changed agency or town. A later load of the reference files keeps it.

    Raises ValidationError if it conflicts with another row.
    """
    row.full_clean()
    check(row)
    before = type(row).every.filter(pk=row.pk).first()
    row.save()
    _log(request, row, {"fields": changed} if (changed := _changed(before, row)) else {})


def _changed(before: Agency | Town | None, row: Agency | Town) -> list[str]:
    names = sorted(field.attname for field in row._meta.concrete_fields) if before else []
    return [name for name in names if getattr(before, name) != getattr(row, name)]


@transaction.atomic
def remove(*, row: Agency | Town, request: HttpRequest | None = None) -> None:
    """Delete the row. Raises ProtectedError while other rows refer to it."""
    pk = row.pk
    row.delete()
    row.pk = pk
    _log(request, row, {"deleted": True})


def _log(request: HttpRequest | None, row: Agency | Town, more: dict[str, object]) -> None:
    if request is not None:
        detail = {"kind": type(row).__name__.lower(), "id": row.pk, "name": row.name, **more}
        record_for(request, AuditAction.DIRECTORY_CHANGED, detail=detail)
