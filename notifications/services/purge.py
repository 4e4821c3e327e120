"""What is kept for longer than it may be goes: by class, as one file says, in small batches."""

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
from orders.models import ImportFile, ImportPiece, ImportState

#: Rows of one transaction.
BATCH = 1000
#: Seconds after which the rest is left to the next time.
LASTS = 300.0
#: The least number of days that the access log is kept.
ACCESS_LOG = 365

#: Who takes a class away, where it is this module.
BY_PURGE = "purge"


class RetentionError(ValueError):
    """The file says something that cannot be. The message names the class and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long one class is kept. `days`: None where nothing is said of it."""

    name: str
    what: str
    why: str
    by: str
    days: int | None = None


@dataclass(frozen=True)
class _Way:
    """How a class goes: which rows have been kept for so long, and what is done to some of them."""

    rows: Callable[[timedelta], QuerySet[Any]]
    take: Callable[[Sequence[Any]], object]


def shipped() -> list[Retention]:
    """The classes as the file has them."""
    return read(resources.files("notifications.data").joinpath("retention.toml").read_text(encoding="utf-8"))


def read(text: str) -> list[Retention]:
    """The classes that the text names. Raises `RetentionError`."""
    found = [Retention(**one) for one in tomllib.loads(text)["class"]]
    for one in found:
        if one.name == "access_log" and one.days is not None and one.days < ACCESS_LOG:
            raise RetentionError(
                f"access_log: {one.days} days are too few; say {ACCESS_LOG} or more, or nothing."
            )
        if one.by == BY_PURGE and (one.name not in _WAYS or one.days is None):
            raise RetentionError(
                f"{one.name}: the purge needs a number of days and knows: {', '.join(_WAYS)}."
            )
    return found


def purge(
    classes: Sequence[Retention] | None = None, *, is_dry_run: bool = False, seconds: float = LASTS
) -> dict[str, int]:
    """Takes away what its class keeps no longer; answers how many rows of each, or in a dry run would be.

    What is left after `seconds` goes the next time. Safe to stop, and to run beside itself.
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
    total = 0
    while time.monotonic() < ends:
        with transaction.atomic():
            rows = _rows(kept).select_for_update(skip_locked=True, of=("self",))
            chosen = [row.pk for row in rows.only("pk")[:BATCH]]
            _WAYS[kept.name].take(chosen)
        total += len(chosen)
        if len(chosen) < BATCH:
            break
    return total


def _rows(kept: Retention) -> QuerySet[Any]:
    return _WAYS[kept.name].rows(timedelta(days=kept.days or 0))


def _of_alerts_with_refs(keep: timedelta) -> QuerySet[Any]:
    return Alert.objects.filter(created_at__lt=Now() - keep).exclude(provider_ref="").order_by("created_at")


def _of_deliveries(keep: timedelta) -> QuerySet[Any]:
    over = (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.WITHDRAWN)
    old = WebhookDelivery.objects.filter(state__in=over, occurred_at__lt=Now() - keep)
    return old.order_by("occurred_at")


def _of_files(keep: timedelta) -> QuerySet[Any]:
    is_over = Q(job__ended_at__lt=Now() - keep)
    was_left = Q(job__state=ImportState.OPEN, job__created_at__lt=Now() - keep)
    return ImportFile.objects.filter(is_over | was_left).order_by("id")


def _of_contacts(keep: timedelta) -> QuerySet[Any]:
    ended = SafeContact.objects.filter(ended_at__lte=Now() - keep)
    return ended.exclude(sealed_address="", sealed_phrase="").order_by("id")


def _take_files(ids: Sequence[int]) -> None:
    ImportPiece.objects.filter(file__in=ids).delete()
    ImportFile.objects.filter(pk__in=ids).delete()


def _take_findings(ids: Sequence[int]) -> None:
    Alert.objects.filter(finding__in=ids).delete()
    Finding.objects.filter(pk__in=ids).delete()


_WAYS: Mapping[str, _Way] = {
    "heartbeats": _Way(
        lambda keep: Heartbeat.objects.filter(beat_at__lt=Now() - keep).order_by("beat_at"),
        lambda names: Heartbeat.objects.filter(pk__in=names).delete(),
    ),
    "canary_alerts": _Way(
        lambda keep: Alert.objects.filter(via=Via.CANARY, created_at__lt=Now() - keep).order_by("id"),
        lambda ids: Alert.objects.filter(pk__in=ids).delete(),
    ),
    "callbacks": _Way(
        lambda keep: Callback.objects.filter(received_at__lt=Now() - keep).order_by("received_at"),
        lambda ids: Callback.objects.filter(pk__in=ids).delete(),
    ),
    "webhook_deliveries": _Way(
        _of_deliveries, lambda ids: WebhookDelivery.objects.filter(pk__in=ids).delete()
    ),
    "provider_refs": _Way(
        _of_alerts_with_refs, lambda ids: Alert.objects.filter(pk__in=ids).update(provider_ref="")
    ),
    "import_files": _Way(_of_files, _take_files),
    "findings": _Way(
        lambda keep: Finding.objects.filter(resolved_at__lt=Now() - keep).order_by("id"), _take_findings
    ),
    "safe_contacts": _Way(
        _of_contacts,
        lambda ids: SafeContact.objects.filter(pk__in=ids).update(sealed_address="", sealed_phrase=""),
    ),
}
