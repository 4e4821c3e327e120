"""Dispositions: list the cases past their retention period, have the list approved, and delete them.

Nothing is deleted without an approved list, nor in the three days after the approval: in that time a clerk
can still place a hold. Each batch is one transaction, and checks each case again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from accounts.dates import court_date
from accounts.isolation import each_alone, isolated
from accounts.models import AuditAction, EntryPoint, User
from accounts.services.access.access_log import record, record_for
from orders.errors import InvalidFact
from orders.models import Disposition, DispositionCase, DispositionOutcome
from orders.services.person_cases import lock_cases
from orders.services.retention.classes import RetentionClass, classes
from orders.services.retention.due import NOT_OVER, DueCase, Rehearsed, due_among, due_cases
from orders.services.retention.tables import delete_cases
from orders.services.validation import need_reason

#: Between the approval and the first deletion. The database has the same number in its rule of the history.
WAIT = timedelta(days=3)
#: Cases of one transaction.
BATCH = 50
#: The most cases of one list: more than a person can look at.
MOST = 1000


#: The kinds of a list that cannot be carried out, and of a case of it that cannot be deleted.
KIND, CASE_KIND = "disposition", "case to delete"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The cases past their period, by class, and why some are kept. Nothing is stored of it."""

    to_list: dict[str, int]
    kept: dict[str, int]


def survey(*, now: datetime, rehearsed: Collection[Rehearsed]) -> Survey:
    """Count what a list would hold now."""
    to_list, kept = Counter[str](), Counter[str]()
    for one in due_cases(classes(), today=court_date(now), rehearsed=rehearsed):
        if one.kept_because:
            kept[one.kept_because] += 1
        else:
            to_list[one.retention_class] += 1
    return Survey(to_list=dict(to_list), kept=dict(kept))


@transaction.atomic
def list_due(
    *,
    now: datetime,
    rehearsed: Collection[Rehearsed],
    by: User | None = None,
    request: HttpRequest | None = None,
) -> list[Disposition]:
    """Make a list for each class with cases past their period, of at most `MOST` cases; return the lists.

    Cases that wait on an open list are left out.
    """
    known, today = classes(), court_date(now)
    waiting = set(_listed().values_list("case", flat=True))
    chosen: dict[str, list[DueCase]] = {}
    for one in due_cases(known, today=today, rehearsed=rehearsed):
        rows = chosen.setdefault(one.retention_class, [])
        if not one.kept_because and one.pk not in waiting and len(rows) < MOST:
            rows.append(one)
    made = [_make(kind, chosen[kind.name], today, now, by) for kind in known if chosen.get(kind.name)]
    for disposition in made:
        _log(disposition, "disposition_listed", by=by, request=request)
    return made


def _make(
    kind: RetentionClass, rows: Sequence[DueCase], today: date, now: datetime, by: User | None
) -> Disposition:
    period = kind.period(today)
    if period is None:
        raise AssertionError("a case is due by a class without a period")
    made = Disposition.objects.create(
        retention_class=kind.name,
        period=period.words,
        source=period.source[:300],
        ended_before=period.ended_before(today),
        listed_at=now,
        listed_by=by,
    )
    DispositionCase.objects.bulk_create(
        DispositionCase(
            disposition=made,
            case_id=row.pk,
            case_public_id=row.public_id,
            court_id=row.court,
            orders=row.orders,
            ended_on=row.ended_on,
        )
        for row in rows
    )
    return made


@transaction.atomic
def approve(disposition: Disposition, *, by: User, request: HttpRequest | None = None) -> Disposition:
    """Approve the list: its cases are deleted after `WAIT`. Raises `InvalidFact`."""
    row = _open(disposition)
    if row.approved_at is not None:
        raise InvalidFact("body", "approved", "This list is approved already. Nothing is left to do.")
    row.approved_at, row.approved_by = Now(), by
    row.save(update_fields=["approved_at", "approved_by"])
    row.refresh_from_db(fields=["approved_at"])
    _log(row, "disposition_approved", by=by, request=request)
    return row


@transaction.atomic
def cancel(
    disposition: Disposition, *, reason: str, by: User, now: datetime, request: HttpRequest | None = None
) -> Disposition:
    """Close the list and delete nothing more of it. Raises `InvalidFact`."""
    row = _open(disposition)
    row.closing_reason = need_reason(reason)
    row.closed_at = now
    row.save(update_fields=["closing_reason", "closed_at"])
    row.cases.filter(outcome=DispositionOutcome.LISTED).update(
        outcome=DispositionOutcome.KEPT, kept_because="canceled", decided_at=now
    )
    _log(row, "disposition_canceled", by=by, request=request)
    return row


def carry_out(*, now: datetime, rehearsed: Collection[Rehearsed], seconds: float) -> Counter[str]:
    """Delete the cases of approved lists, in batches; return how many were deleted and how many kept.

    What is left after `seconds` is left to the next run. Safe to stop and to run in parallel.
    """
    total, ends = Counter[str](), time.monotonic() + seconds
    ready = Disposition.objects.filter(closed_at=None, approved_at__lte=Now() - WAIT).order_by("pk")

    def carry_out_one(disposition: Disposition) -> None:
        failed: set[int] = set()
        while time.monotonic() < ends:
            done = _carry_out_batch(disposition, now, rehearsed, failed)
            if not done:
                break
            total.update(done)

    each_alone(KIND, ready, carry_out_one)
    return total


@transaction.atomic
def _carry_out_batch(
    disposition: Disposition, now: datetime, rehearsed: Collection[Rehearsed], failed: set[int]
) -> Counter[str]:
    """Decide the next cases of the list; close the list if it is done. Return the outcomes.

    A case that cannot be deleted stops no other: it is added to `failed`, and the next run tries it again.
    """
    row = Disposition.objects.select_for_update(no_key=True).get(pk=disposition.pk)
    if row.closed_at is not None:
        return Counter()
    listed = row.cases.filter(outcome=DispositionOutcome.LISTED)
    items = list(listed.exclude(pk__in=failed).order_by("pk")[:BATCH])
    if not items and listed.exists():
        return Counter()
    if not items:
        row.closed_at = now
        row.save(update_fields=["closed_at"])
        _log(row, "disposition_carried_out")
        return Counter()
    keys = [one.case_id for one in items if one.case_id is not None]
    # No order of these people is entered, and no hold placed, until the end of this transaction.
    lock_cases(keys)
    found = {one.pk: one for one in due_among(keys, classes(), today=court_date(now), rehearsed=rehearsed)}
    by_key = {one.pk: one for one in items}
    done = isolated(
        CASE_KIND, list(by_key), lambda some: _decide(row, [by_key[pk] for pk in some], found, now)
    )
    left = listed.filter(pk__in=by_key)
    failed.update(left.values_list("pk", flat=True))
    total = Counter[str]()
    for one in done:
        total.update(one)
    return total


def _decide(
    row: Disposition, items: Sequence[DispositionCase], found: Mapping[int, DueCase], now: datetime
) -> Counter[str]:
    """Delete what may be deleted; keep the rest."""
    kept: dict[str, list[DispositionCase]] = {}
    gone: list[DispositionCase] = []
    for item in items:
        row_found = found.get(item.case_id or 0)
        why = row_found.kept_because if row_found else NOT_OVER
        (kept.setdefault(why, []) if why else gone).append(item)
    for why, some in kept.items():
        _keep(some, why, now)
    delete_cases([one.case_id for one in gone if one.case_id is not None], now=now)
    if gone:
        _log(row, "cases_deleted", cases=[one.case_public_id for one in gone])
    return Counter({"deleted": len(gone), "kept": len(items) - len(gone)})


def _keep(items: Sequence[DispositionCase], why: str, now: datetime) -> None:
    rows = DispositionCase.objects.filter(pk__in=[one.pk for one in items])
    rows.update(outcome=DispositionOutcome.KEPT, kept_because=why, decided_at=now)


def _listed() -> QuerySet[DispositionCase]:
    return DispositionCase.objects.filter(outcome=DispositionOutcome.LISTED)


def _open(disposition: Disposition) -> Disposition:
    row = Disposition.objects.select_for_update(no_key=True).get(pk=disposition.pk)
    if row.closed_at is not None:
        raise InvalidFact("body", "ended", "This list is closed. Nothing is left to do.")
    return row


def _log(
    disposition: Disposition,
    act: str,
    *,
    by: User | None = None,
    request: HttpRequest | None = None,
    cases: Sequence[UUID] = (),
) -> None:
    """Write what was done into the access log, which keeps the cases' ids and nothing of their content."""
    facts: dict[str, Any] = {
        "cases": list(cases),
        "detail": {
            "act": act,
            "disposition": str(disposition.public_id),
            "class": disposition.retention_class,
        },
    }
    if request is None:
        entry_point = EntryPoint.SYSTEM if by is None else EntryPoint.COMMAND
        record(AuditAction.DONE, entry_point, actor=by, **facts)
    else:
        record_for(request, AuditAction.DONE, **facts)
