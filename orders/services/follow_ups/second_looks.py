"""A second look at checks that found a sworn denial true: a sample of each month, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Prefetch, Q, QuerySet

from accounts.access import MATRIX
from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import LookResult, Order, SecondLook, StatementVerification
from orders.querysets import order_visibility
from orders.services.change import changing
from orders.services.firearms.statements import VERIFICATION
from orders.services.follow_ups.actions import check_for
from orders.services.validation import need_one_of, need_reason

#: The smallest sample of checked denials, and one of how many is looked at.
SMALLEST, ONE_OF = 3, 10
#: How long a look is listed, and how many are.
LISTED_FOR, MOST_LISTED = timedelta(days=365), 50

_POLICE = MATRIX.resources["attempt"].actions["add"]


@dataclass(frozen=True, kw_only=True)
class LookFigures:
    """How many checks were looked at again in the last year, and how many did not hold."""

    looked: int
    reopened: int


def sample_of_denials(person: User, month: tuple[datetime, datetime]) -> list[StatementVerification]:
    """Return a sample of the sworn denials that the person's agencies found true in a month.

    It is the same whenever it is read: one of ten, and three at least. What was looked at stays in it.
    """
    seen = order_visibility(person, roles=_POLICE).by_agency("order_id")
    rows = StatementVerification.objects.filter(
        seen,
        agency__in=person.agencies_for("add", "attempt"),
        verified_at__gte=month[0],
        verified_at__lt=month[1],
    )
    wanted = max(SMALLEST, rows.count() // ONE_OF)
    looks = SecondLook.objects.select_related("looked_by").order_by("-looked_at", "-pk")
    # A public id is random, so this order picks no case on purpose.
    found = rows.select_related("order__case__respondent", "statement").order_by(F("public_id").asc())
    return list(found.prefetch_related(Prefetch("second_looks", looks))[:wanted])


def record_look(
    verification: StatementVerification, *, result: str, note: str, by: User, now: datetime
) -> SecondLook:
    """Record what a second look found. A doubtful check is withdrawn, which opens the duty again.

    Raises `InvalidFact`, and `NotYours` for a check of another agency.
    """
    check_for(verification.agency_id, by, "add", "second_look")
    need_one_of("result", "unknown_result", result, LookResult.values)
    why = clean(note)
    if not why:
        raise InvalidFact("note", "required", "Enter what you read again, or who you asked.")
    with transaction.atomic():
        with changing(verification.order, "second_look", by=by, now=now) as change:
            row = StatementVerification.objects.filter(pk=verification.pk, order=change.order).first()
            if row is None:
                raise InvalidFact(
                    "result", "withdrawn", "Someone has withdrawn this check. Open the page again."
                )
            look = SecondLook.objects.create(
                verification=row,
                order=change.order,
                agency_id=row.agency_id,
                checked_at=row.verified_at,
                result=result,
                note=why,
                looked_at=now,
                looked_by=by,
            )
            change.data["result"] = result
        if result == LookResult.REOPENED:
            VERIFICATION.withdraw(row, by=by, now=now, reason=why)
            look.refresh_from_db()
    return look


def withdraw_look(look: SecondLook, *, reason: str, by: User, now: datetime) -> Order:
    """Take back a look that was recorded in error, and return its order. The history keeps both.

    A check that the look withdrew stays withdrawn: if it was right, it is recorded again. Raises
    `InvalidFact`, and `NotYours` for a look of another agency.
    """
    check_for(look.agency_id, by, "withdraw", "second_look")
    with changing(look.order, "second_look_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        row = SecondLook.objects.filter(pk=look.pk, order=change.order).first()
        if row is None:
            raise InvalidFact("reason", "withdrawn", "Someone has taken this look back. Open the page again.")
        change.data["result"] = row.result
        row.delete()
    return change.order


def looks_of(person: User, now: datetime) -> QuerySet[SecondLook]:
    """Return the looks of the last year at checks of the person's agencies, the latest first."""
    seen = order_visibility(person, roles=_POLICE).by_agency("order_id")
    mine = person.agencies_for("view", "second_look")
    rows = SecondLook.objects.filter(seen, agency__in=mine, looked_at__gt=now - LISTED_FOR)
    return rows.select_related("order__case__respondent", "looked_by").order_by("-looked_at", "-pk")


def look_figures(looks: QuerySet[SecondLook]) -> LookFigures:
    """Count these looks."""
    found = looks.order_by().aggregate(
        looked=Count("pk"), reopened=Count("pk", filter=Q(result=LookResult.REOPENED))
    )
    return LookFigures(**found)


def listed(looks: QuerySet[SecondLook]) -> Sequence[SecondLook]:
    """Return the latest of them."""
    return list(looks[:MOST_LISTED])
