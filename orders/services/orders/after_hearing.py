"""The decision on an application after its hearing: granted, denied or continued."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.db import transaction

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import (
    Hearing,
    HearingOutcome,
    HearingPurpose,
    HistoryEntry,
    Order,
    OrderCondition,
    OrderKind,
    Permit,
    ServiceMethod,
)
from orders.services import hearings
from orders.services.change import changing
from orders.services.conditions.conditions import available_conditions, set_condition
from orders.services.court_days import court_day, zone_of
from orders.services.firearms.inventory import record_permit
from orders.services.one_round import at_once, refuse
from orders.services.orders.entry import NewOrder, enter_order
from orders.services.orders.vacatur import reinstate_order, vacate_order
from orders.services.orders.withdrawal import withdraw_order
from orders.services.parties.protected_persons import add_protected_person
from orders.services.person_cases import lock_cases
from orders.services.planning.lasting import lasting_conditions
from orders.services.service import record_service
from orders.services.validation import check_instant, need_one_of, need_reason

Given = TypeVar("Given")

#: The kinds of order with an application to decide, and the kind that the court then orders.
AFTER_HEARING = {
    OrderKind.EX_PARTE_RESTRAINING_ORDER.value: OrderKind.RESTRAINING_ORDER.value,
    OrderKind.RESTRAINING_ORDER_APPLICATION.value: OrderKind.RESTRAINING_ORDER.value,
}

#: The decisions that a court can make.
DECISIONS = (HearingOutcome.GRANTED, HearingOutcome.DENIED, HearingOutcome.CONTINUED)

_DECIDED, _TAKEN_BACK = "application_decided", "decision_withdrawn"


def decide_application(
    hearing: Hearing,
    *,
    decision: str,
    by: User | None,
    now: datetime,
    decided_at: datetime | None = None,
    expires_on: date | None = None,
    served_in_court: bool = False,
    scheduled_on: date | None = None,
    scheduled_time: time | None = None,
    confirm: str = "",
) -> Hearing:
    """Record what the court decided on the application, all in one transaction.

    Granted: the order after hearing is entered with the parties, conditions and firearms of this one, which
    ends with the day of the hearing. Denied: an ex parte order is vacated. Continued: the hearing moves.
    Raises `InvalidFact`, and `DoubtfulFact` unless `confirm` gives the reason.
    """
    need_one_of("decision", "unknown_decision", decision, DECISIONS)
    given: dict[str, Any] = {"by": by, "now": now, "confirm": confirm}
    with transaction.atomic():
        lock_cases([hearing.order.case_id])
        order = Order.recorded.select_related("case__court", "case__respondent__town").get(
            pk=hearing.order_id
        )
        _check_decidable(hearing, order)
        following: Order | None = None
        if decision == HearingOutcome.CONTINUED:
            day = _required("scheduled_on", scheduled_on, "Enter the new day of the hearing.")
            hearings.continue_hearing(hearing, scheduled_on=day, scheduled_time=scheduled_time, **given)
        else:
            at = _required("decided_at", decided_at, "Enter when the court decided.")
            # The day of the hearing follows from it, and would be refused too.
            with at_once():
                check_instant("decided_at", at, now=now, zone=zone_of(order))
            hearings.record_hearing(hearing, outcome=decision, held_on=court_day(order, at), **given)
            if decision == HearingOutcome.GRANTED:
                following = _enter_following(order, at, expires_on, **given)
                if served_in_court:
                    method = ServiceMethod.IN_COURT
                    record_service(following, served_at=at, service_method=method, by=by, now=now)
            elif order.kind == OrderKind.EX_PARTE_RESTRAINING_ORDER:
                vacate_order(order, vacated_at=at, by=by, now=now, reason="The application was denied.")
        _note(order, hearing, decision, following, decided_at, by=by, now=now)
    return Hearing.objects.get(pk=hearing.pk)


def withdraw_decision(order: Order, *, by: User | None, now: datetime, reason: str) -> Order:
    """Take back the latest decision on the application: everything is as it was before the hearing.

    Raises `InvalidFact`.
    """
    need_reason(reason)
    with transaction.atomic():
        lock_cases([order.case_id])
        entry = last_decision(order)
        if entry is None:
            raise InvalidFact("order", "not_decided", "No decision on the application is recorded.")
        decided = entry.data["decided"]
        given: dict[str, Any] = {"by": by, "now": now, "reason": reason}
        following = Order.recorded.filter(public_id=decided["order"]).first() if decided["order"] else None
        if following is not None and following.withdrawn_at is None:
            withdraw_order(following, **given)
        stored = Order.recorded.get(pk=order.pk)
        if decided["decision"] == HearingOutcome.DENIED and stored.vacated_at is not None:
            reinstate_order(stored, **given)
        _reopen(Hearing.objects.get(order=order, public_id=decided["hearing"]), **given)
        former = entry.data.get("changes", {}).get("expires_on")
        with changing(order, _TAKEN_BACK, by=by, now=now, reason=need_reason(reason)) as change:
            if former:
                change.set("expires_on", date.fromisoformat(former[0]) if former[0] else None)
    return change.order


def last_decision(order: Order) -> HistoryEntry | None:
    """Return the entry of the latest decision; None if it was taken back, or was never made."""
    entries = HistoryEntry.objects.filter(order=order, kind__in=[_DECIDED, _TAKEN_BACK])
    return decision_among(entries.order_by("-id")[:1])


def decision_among(entries: Iterable[HistoryEntry]) -> HistoryEntry | None:
    """Return the latest decision among these entries, the newest first; None if it was taken back."""
    newest = next((one for one in entries if one.kind in (_DECIDED, _TAKEN_BACK)), None)
    return newest if newest is not None and newest.kind == _DECIDED else None


def _check_decidable(hearing: Hearing, order: Order) -> None:
    if order.kind not in AFTER_HEARING or hearing.purpose != HearingPurpose.APPLICATION:
        refuse(
            "hearing",
            "no_application",
            "Only a hearing on an application is decided so. Record the outcome of this hearing instead.",
        )


def _required(name: str, value: Given | None, message: str) -> Given:
    if value is None:
        raise InvalidFact(name, "required", message)
    return value


def _enter_following(
    order: Order,
    at: datetime,
    expires_on: date | None,
    *,
    confirm: str,
    by: User | None,
    now: datetime,
) -> Order:
    """Enter the order after hearing with what this order has."""
    respondent = order.case.respondent
    protected = list(order.protected_persons.order_by("pk"))
    first = protected[0] if protected else None
    new = NewOrder(
        docket_number=order.case.docket_number,
        court=order.case.court,
        kind=AFTER_HEARING[order.kind],
        respondent_name=respondent.name,
        respondent_dob=respondent.date_of_birth,
        respondent_town=respondent.town,
        respondent_address=respondent.address,
        person=respondent.person,
        issued_at=at,
        expires_on=expires_on,
        protected_person=first.name if first else "",
        address_confidential=first.address_confidential if first else False,
        firearms_indicated=order.firearms_indicated,
        firearms_alleged_count=order.firearms_alleged_count,
        permit_indicated=order.permit_indicated,
        financial_support=order.financial_support,
        filed_by=order.filed_by,
        area=order.area,
    )
    following = enter_order(new, confirm=confirm, by=by, now=now)
    for one in protected[1:]:
        add_protected_person(
            following,
            name=one.name,
            address_confidential=one.address_confidential,
            is_applicant=one.is_applicant,
            reason="Protected by the order before the hearing.",
            by=by,
            now=now,
        )
    _copy_rest(order, following, by=by, now=now)
    return following


#: Two of a kind were confirmed on the order before. They need no second question.
_BEFORE = "Part of the order before the hearing."


def _copy_rest(order: Order, following: Order, *, by: User | None, now: datetime) -> None:
    """Copy open conditions that a judge may set in the new order, and permits that were not handed in."""
    available = {*available_conditions(following), *lasting_conditions(following)}
    for one in OrderCondition.objects.in_force(order):
        is_over = one.due_on is not None and one.due_on < following.issued_on
        if one.condition in available and not is_over:
            set_condition(
                following,
                condition=one.condition,
                due_at=one.due_at,
                due_on=None if one.due_at else one.due_on,
                details=one.details,
                for_police=one.for_police,
                confirm=_BEFORE,
                by=by,
                now=now,
            )
    for permit in Permit.objects.filter(order=order, handed_in_on=None):
        record_permit(following, kind=permit.kind, number=permit.number, confirm=_BEFORE, by=by, now=now)


def _note(
    order: Order,
    hearing: Hearing,
    decision: str,
    following: Order | None,
    decided_at: datetime | None,
    *,
    by: User | None,
    now: datetime,
) -> None:
    """Append the decision to the history. An order that is replaced ends with the day of the hearing."""
    with changing(order, _DECIDED, by=by, now=now, occurred_at=decided_at) as change:
        change.data["decided"] = {
            "hearing": str(hearing.public_id),
            "decision": decision,
            "order": str(following.public_id) if following else "",
        }
        if (
            following is not None
            and change.order.expires_on
            and following.issued_on < change.order.expires_on
        ):
            change.set("expires_on", following.issued_on)


def _reopen(hearing: Hearing, *, by: User | None, now: datetime, reason: str) -> None:
    if hearing.outcome == HearingOutcome.CONTINUED:
        hearings.CONTINUANCE.withdraw(hearing, by=by, now=now, reason=reason)
    elif hearing.outcome:
        hearings.HEARING_OUTCOME.withdraw(hearing, by=by, now=now, reason=reason)
