"""Block users and addresses that try many ids they may not see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from accounts.models import AuditAction, AuditEntry, EntryPoint, User
from accounts.services.access.access_log import record

#: This many distinct ids refused within `WINDOW` block the user for `WINDOW` from every address with an id.
LIMIT = 20
WINDOW = timedelta(minutes=10)

#: Rows of the list of recent blocks.
SHOWN = 20


@transaction.atomic
def log_refusal(user: User, *, requested: str, **facts: Any) -> None:
    """Log a refusal, and the block if it reaches the limit.

    `requested` is the refused id, or empty if the request named none; `facts` are the entry's other fields.
    """
    detail = facts.pop("detail", {}) | ({"requested": requested} if requested else {})
    record(AuditAction.REFUSED, succeeded=False, detail=detail, **facts)
    if not requested:
        return
    # The lock serializes a user's refusals: of two at once, both could otherwise reach the limit and log it.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if count_refused_ids(user) >= LIMIT and not is_blocked(user):
        record(AuditAction.ENUMERATION, succeeded=False, **{**facts, "cases": []})


def log_anonymous_refusal(*, requested: str, **facts: Any) -> None:
    """Log a refusal of someone not signed in, once per `WINDOW` for each requested item.

    A program that repeats one request therefore cannot fill the log. `requested` is a digest of the requested
    item; `facts` are the entry's other fields.
    """
    known = _anonymous_refusals(facts["entry_point"], facts["address"])
    if not known.filter(detail__requested=requested).exists():
        record(AuditAction.REFUSED, succeeded=False, detail={"requested": requested}, **facts)


def is_anonymous_blocked(entry_point: EntryPoint, address: str | None) -> bool:
    """Return True while the network address has reached the limit at this entry point without signing in."""
    refused = _anonymous_refusals(entry_point, address).values("detail__requested").distinct()[:LIMIT]
    return refused.count() >= LIMIT


def count_refused_ids(user: User) -> int:
    """Return how many distinct ids this user was refused within `WINDOW`, by the database's clock."""
    refused = _recent(AuditAction.REFUSED).filter(actor=user.pk, detail__has_key="requested")
    return refused.aggregate(distinct=Count("detail__requested", distinct=True))["distinct"] or 0


def is_blocked(user: User) -> bool:
    """Return True for `WINDOW` after the user reached the limit."""
    return _recent(AuditAction.ENUMERATION).filter(actor=user.pk).exists()


def recent_blocks(since: timedelta = timedelta(days=7)) -> QuerySet[AuditEntry]:
    """Return the newest block entries within `since`, for administrators."""
    found = AuditEntry.objects.filter(action=AuditAction.ENUMERATION, at__gt=Now() - since)
    return found.select_related("actor").order_by("-at", "-id")[:SHOWN]


def _anonymous_refusals(entry_point: EntryPoint, address: str | None) -> QuerySet[AuditEntry]:
    refused = _recent(AuditAction.REFUSED).filter(
        actor=None, entry_point=entry_point, detail__has_key="requested"
    )
    return refused.filter(address__isnull=True) if address is None else refused.filter(address=address)


def _recent(action: AuditAction) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(action=action, at__gt=Now() - WINDOW)
