"""Delete data past its retention period, by the classes of `retention.toml`, in small batches."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from notifications.models import (
    Alert,
    Callback,
    DeliveryState,
    Finding,
    Heartbeat,
    SafeContact,
    Via,
    WebhookDelivery,
)
from notifications.services.watch.isolation import each_isolated, parked_rows
from orders.models import ImportFile, ImportPiece, ImportState

#: Rows of one transaction.
BATCH = 1000
#: Seconds after which the rest is left to the next run.
TIME_LIMIT = 300.0
#: The minimum days of retention for the access log.
MIN_ACCESS_LOG_DAYS = 365

#: The value of `by` for classes that this module deletes.
BY_PURGE = "purge"


class RetentionError(ValueError):
    """An invalid class in the file. The message names the class and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """The retention of one class. `days`: None if the file gives no number."""

    name: str
    what: str
    why: str
    by: str
    days: int | None = None


@dataclass(frozen=True)
class _PurgeMethod:
    """How to purge a class: the expired rows, and the function that deletes or blanks a batch by id."""

    rows: Callable[[timedelta], QuerySet[Any]]
    delete: Callable[[Sequence[Any]], object]


def shipped() -> list[Retention]:
    """Return the classes of the shipped file."""
    return read(resources.files("notifications.data").joinpath("retention.toml").read_text(encoding="utf-8"))


def read(text: str) -> list[Retention]:
    """Parse the classes of a TOML text. Raises `RetentionError`."""
    found = [Retention(**one) for one in tomllib.loads(text)["class"]]
    for one in found:
        if one.name == "access_log" and one.days is not None and one.days < MIN_ACCESS_LOG_DAYS:
            raise RetentionError(
                f"access_log: {one.days} days are too few. "
                f"Set {MIN_ACCESS_LOG_DAYS} or more, or leave days out."
            )
        if one.by == BY_PURGE and (one.name not in _METHODS or one.days is None):
            raise RetentionError(
                f"{one.name}: the purge needs days and one of these names: {', '.join(_METHODS)}."
            )
    return found


def purge(
    classes: Sequence[Retention] | None = None, *, is_dry_run: bool = False, seconds: float = TIME_LIMIT
) -> dict[str, int]:
    """Delete expired rows; return the number for each class. A dry run only counts them.

    What is left after `seconds` is deleted by the next run. Safe to interrupt and to run concurrently.
    """
    ends = time.monotonic() + seconds
    return {
        one.name: _count(one) if is_dry_run else _purge_class(one, ends)
        for one in classes or shipped()
        if one.by == BY_PURGE
    }


def _count(kept: Retention) -> int:
    return _rows(kept).count()


def _purge_class(kept: Retention, ends: float) -> int:
    total, kind = 0, f"old {kept.name}"
    while time.monotonic() < ends:
        with transaction.atomic():
            rows = (
                _rows(kept)
                .exclude(pk__in=parked_rows(kind))
                .select_for_update(skip_locked=True, of=("self",))
            )
            chosen = [row.pk for row in rows.only("pk")[:BATCH]]
            each_isolated(kind, chosen, _METHODS[kept.name].delete, key=_key)
        total += len(chosen)
        if len(chosen) < BATCH:
            break
    return total


def _key(row: object) -> int:
    """Return the key of a row; 0 for heartbeats, whose key is a name and on which nothing depends."""
    return row if isinstance(row, int) else 0


def _rows(kept: Retention) -> QuerySet[Any]:
    return _METHODS[kept.name].rows(timedelta(days=kept.days or 0))


def _alerts_with_refs(keep: timedelta) -> QuerySet[Any]:
    return Alert.objects.filter(created_at__lt=Now() - keep).exclude(provider_ref="").order_by("created_at")


def _finished_deliveries(keep: timedelta) -> QuerySet[Any]:
    over = (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.WITHDRAWN)
    old = WebhookDelivery.objects.filter(state__in=over, occurred_at__lt=Now() - keep)
    return old.order_by("occurred_at")


def _old_files(keep: timedelta) -> QuerySet[Any]:
    is_over = Q(job__ended_at__lt=Now() - keep)
    was_left = Q(job__state=ImportState.OPEN, job__created_at__lt=Now() - keep)
    return ImportFile.objects.filter(is_over | was_left).order_by("id")


def _ended_contacts(keep: timedelta) -> QuerySet[Any]:
    ended = SafeContact.objects.filter(ended_at__lte=Now() - keep)
    return ended.exclude(encrypted_address="", encrypted_phrase="", encrypted_pin="").order_by("id")


def _delete_files(ids: Sequence[int]) -> None:
    ImportPiece.objects.filter(file__in=ids).delete()
    ImportFile.objects.filter(pk__in=ids).delete()


def _delete_findings(ids: Sequence[int]) -> None:
    Alert.objects.filter(finding__in=ids).delete()
    Finding.objects.filter(pk__in=ids).delete()


_METHODS: Mapping[str, _PurgeMethod] = {
    "heartbeats": _PurgeMethod(
        lambda keep: Heartbeat.objects.filter(last_pulse_at__lt=Now() - keep).order_by("last_pulse_at"),
        lambda names: Heartbeat.objects.filter(pk__in=names).delete(),
    ),
    "canary_alerts": _PurgeMethod(
        lambda keep: Alert.objects.filter(via=Via.CANARY, created_at__lt=Now() - keep).order_by("id"),
        lambda ids: Alert.objects.filter(pk__in=ids).delete(),
    ),
    "callbacks": _PurgeMethod(
        lambda keep: Callback.objects.filter(received_at__lt=Now() - keep).order_by("received_at"),
        lambda ids: Callback.objects.filter(pk__in=ids).delete(),
    ),
    "webhook_deliveries": _PurgeMethod(
        _finished_deliveries, lambda ids: WebhookDelivery.objects.filter(pk__in=ids).delete()
    ),
    "provider_refs": _PurgeMethod(
        _alerts_with_refs, lambda ids: Alert.objects.filter(pk__in=ids).update(provider_ref="")
    ),
    "import_files": _PurgeMethod(_old_files, _delete_files),
    "findings": _PurgeMethod(
        lambda keep: Finding.objects.filter(resolved_at__lt=Now() - keep).order_by("id"), _delete_findings
    ),
    "safe_contacts": _PurgeMethod(
        _ended_contacts,
        lambda ids: SafeContact.objects.filter(pk__in=ids).update(
            encrypted_address="", encrypted_phrase="", encrypted_pin=""
        ),
    ),
}
