"""Legal holds: keep a case, whatever its age, until someone lifts the hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Agency, AgencyKind, AuditAction, EntryPoint, Role, User
from accounts.services.access.access_log import record, record_for
from orders.errors import InvalidFact
from orders.matching.dockets import clean_docket
from orders.models import Case, LegalHold
from orders.services.person_cases import lock_cases
from orders.services.validation import need_reason


def case_to_hold(*, court: Agency, docket_number: str, by: User) -> Case:
    """Return the case with the docket number at the court. Raises `InvalidFact`.

    A clerk finds cases of the own courts only, and gets the same answer for others as for unknown ones.
    """
    found = Case.objects.filter(court=court, docket_number=clean_docket(docket_number)).first()
    if found is None or not _may_hold(found, by):
        raise InvalidFact(
            "docket_number", "not_found", f"{court} has no case with this docket number. Check both."
        )
    return found


def courts_of(by: User) -> QuerySet[Agency]:
    """Return the courts on whose cases the person may place a hold."""
    courts = Agency.objects.filter(kind=AgencyKind.COURT)
    return courts if _is_administrator(by) else courts.filter(pk__in=by.agencies_for("add", "legal_hold"))


def holds_known_to(by: User) -> QuerySet[LegalHold]:
    """Return the holds that the person may see and lift: on cases of the own courts, or all."""
    if _is_administrator(by):
        return LegalHold.objects.all()
    return LegalHold.objects.filter(case__court__in=by.agencies_for("view", "legal_hold"))


@transaction.atomic
def place_hold(
    case: Case, *, reason: str, by: User, now: datetime, request: HttpRequest | None = None
) -> LegalHold:
    """Keep the case from now on. Raises `InvalidFact`."""
    # A disposition that is deleting the case ends first, and then the case is gone.
    if not lock_cases([case.pk]) or not _may_hold(case, by):
        raise InvalidFact("docket_number", "not_found", "This case does not exist.")
    hold = LegalHold.objects.create(case=case, reason=need_reason(reason), placed_at=now, placed_by=by)
    _log(request, by, hold, "legal_hold_placed")
    return hold


@transaction.atomic
def lift_hold(
    hold: LegalHold, *, reason: str, by: User, now: datetime, request: HttpRequest | None = None
) -> LegalHold:
    """End the hold. Raises `InvalidFact`."""
    row = LegalHold.objects.select_for_update(no_key=True, of=("self",)).get(pk=hold.pk)
    if row.lifted_at is not None:
        raise InvalidFact("body", "ended", "This hold was lifted already. Nothing is left to do.")
    row.lift_reason, row.lifted_at, row.lifted_by = need_reason(reason), now, by
    row.save(update_fields=["lift_reason", "lifted_at", "lifted_by"])
    _log(request, by, row, "legal_hold_lifted")
    return row


def _may_hold(case: Case, by: User) -> bool:
    return _is_administrator(by) or case.court_id in by.agencies_for("add", "legal_hold")


def _is_administrator(by: User) -> bool:
    return Role.ADMINISTRATOR in by.roles


def _log(request: HttpRequest | None, by: User, hold: LegalHold, act: str) -> None:
    facts: dict[str, Any] = {
        "cases": [hold.case.public_id],
        "detail": {"act": act, "hold": str(hold.public_id)},
    }
    if request is None:
        record(AuditAction.DONE, EntryPoint.COMMAND, actor=by, **facts)
    else:
        record_for(request, AuditAction.DONE, **facts)
