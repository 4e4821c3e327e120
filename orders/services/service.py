"""Service of the order on the respondent: failed attempts, service, and its correction."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from accounts.access import MATRIX
from accounts.dates import at_the_end, format_instant
from accounts.models import Membership, Town, User
from accounts.text import clean
from orders.errors import DoubtfulFact
from orders.models import (
    AttemptReason,
    Capacity,
    FirearmsAnswer,
    Order,
    OrderAgency,
    ServiceAttempt,
    ServiceMethod,
)
from orders.querysets import OrderAgencyQuerySet
from orders.services.change import Change, changing
from orders.services.correctable import (
    ChoiceColumn,
    Column,
    Correctable,
    InstantColumn,
    before_correction,
)
from orders.services.court_days import check_not_after_last_day, check_not_before_issue, zone_of
from orders.services.limits import within_limits
from orders.services.one_round import doubt, refuse
from orders.services.parties.visibility import roles_over
from orders.services.said_before import ask_if_recorded
from orders.services.validation import check_instant, need_one_of, need_reason

#: The town of service stays as it is recorded.
KEEP: Final = "keep"
#: The key of the town of service in the history.
_TOWN = "service_town"


def record_service(
    order: Order,
    *,
    served_at: datetime,
    service_method: str,
    by: User | None,
    now: datetime,
    service_officer: str = "",
    served_in_custody: bool = False,
    firearms_answer: str = "",
    town: Town | Literal["keep"] | None = KEEP,
    confirm: str = "",
) -> Order:
    """Record service at `served_at`, an instant with its offset, and plan what is counted from service.

    The police of `town`, the place of service, are added to the order, in place of those that a notice of
    service named; those stay unless another town or None is given. Raises `InvalidFact`, and
    `DoubtfulFact` for service after the last day that a rule gives, after a vacatur or before a failed
    attempt, unless `confirm` gives the reason.
    """
    with changing(order, "served", by=by, now=now, occurred_at=served_at, reason=clean(confirm)) as change:
        if change.order.served_at is not None:
            refuse(
                "served_at",
                "already_served",
                f"Service is already recorded ({format_instant(change.order.served_at, zone_of(order))}). "
                "Correct it instead.",
            )
        with within_limits(change, confirm=confirm, doubts=_doubts(change.order, served_at)):
            _set_service(change, served_at, service_method, now)
        change.set("service_officer", clean(service_officer))
        change.set("served_in_custody", served_in_custody)
        _set_answer(change, firearms_answer)
        if town != KEEP:
            set_town(change, town)
    return change.order


def correct_service(
    order: Order,
    *,
    served_at: datetime,
    by: User | None,
    now: datetime,
    reason: str,
    service_method: str | None = None,
    service_officer: str | None = None,
    served_in_custody: bool | None = None,
    firearms_answer: str | None = None,
    town: Town | Literal["keep"] | None = KEEP,
    confirm: str = "",
) -> Order:
    """Correct the return of service and move every deadline counted from the time of service.

    The police of another `town` replace those of the former town of service; without a town they are removed.
    Raises `InvalidFact`, and `DoubtfulFact` as `record_service` does.
    """
    with changing(
        order, "service_corrected", by=by, now=now, occurred_at=served_at, reason=need_reason(reason)
    ) as change:
        if change.order.served_at is None:
            refuse("served_at", "not_served", "No service is recorded yet. Record it first.")
        check_recorder(change.order, by)
        doubts = _doubts(change.order, served_at) if served_at != change.order.served_at else []
        with within_limits(
            change, confirm=confirm, doubts=[*doubts, *_contradicted(change.order, firearms_answer)]
        ):
            _set_service(change, served_at, service_method or change.order.service_method, now)
        if service_officer is not None:
            change.set("service_officer", clean(service_officer))
        if served_in_custody is not None:
            change.set("served_in_custody", served_in_custody)
        if firearms_answer is not None:
            _set_answer(change, firearms_answer)
        if town != KEEP:
            set_town(change, town)
    return change.order


def may_correct(order: Order, by: User) -> bool:
    """True if the person may correct or withdraw the service: the court always, others what they recorded.

    A colleague of the same agency counts as the person who recorded it.
    """
    if MATRIX.may(roles_over(by, {order.pk})[order.pk], "correct_any", "service"):
        return True
    entries = order.history.filter(kind__in=("served", "service_corrected")).order_by("-pk")
    actors = list(entries.values_list("actor", flat=True)[:1])
    own = by.agencies_for("serve", "service")
    return Membership.objects.filter(user__in=[one for one in actors if one], agency__in=own).exists()


def check_recorder(order: Order, by: User | None) -> None:
    """Raise `InvalidFact` unless the person may correct or withdraw the service."""
    if by is not None and not may_correct(order, by):
        refuse(
            "served_at",
            "recorded_by_others",
            "Another agency or the court recorded this service. Ask the clerk of the court to correct it.",
        )


def withdraw_service(order: Order, *, by: User | None, now: datetime, reason: str) -> Order:
    """Withdraw a wrong return of service: the order is not served, and deadlines from service stop.

    Raises `InvalidFact`.
    """
    with changing(order, "service_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        if change.order.served_at is None:
            refuse("order", "not_served", "No service is recorded. Open the order again.")
        check_recorder(change.order, by)
        for name, value in (
            ("served_at", None),
            ("served_offset", None),
            ("service_method", ""),
            ("service_officer", ""),
            ("served_in_custody", False),
            ("firearms_answer", ""),
        ):
            change.set(name, value)
        set_town(change, None)
    return change.order


def town_of_service(order: Order) -> Town | None:
    """Return the recorded town of service, if its police are in the order."""
    police = _service_police(order).values("agency")
    entry = order.history.filter(data__changes__has_key=_TOWN).order_by("-pk").first()
    if entry is None:
        return None
    return Town.objects.filter(name=entry.data["changes"][_TOWN][1], police__in=police).first()


def set_town(change: Change, town: Town | None) -> None:
    """Set the town of service: its police replace those of the former one. The history has both names."""
    former = _service_police(change.order)
    known = sorted(one.agency.name for one in former.select_related("agency"))
    if not known and town is None:
        return
    recorded = town_of_service(change.order)
    # Before the history had the town, only its police were recorded.
    old, new = recorded.name if recorded else "; ".join(known), town.name if town else ""
    if old != new:
        change.data.setdefault("changes", {})[_TOWN] = [old, new]
    if town is None:
        former.delete()
        return
    former.exclude(agency=town.police_id).delete()
    OrderAgency.objects.get_or_create(
        order=change.order, agency=town.police, capacity=Capacity.SERVICE_POLICE
    )


def record_failed_attempt(
    order: Order,
    *,
    attempted_at: datetime,
    method: str,
    reason: str,
    by: User | None,
    now: datetime,
    officer: str = "",
    code: str = "",
    place: str = "",
    confirm: str = "",
) -> ServiceAttempt:
    """Record a failed attempt at service, where it was and why it failed.

    Raises `InvalidFact`, and `DoubtfulFact` for an attempt that is recorded or after service, unless
    `confirm` gives the reason.
    """
    with changing(
        order, "service_failed", by=by, now=now, occurred_at=attempted_at, reason=clean(confirm)
    ) as change:
        attempt = ServiceAttempt(
            order=change.order,
            attempted_at=attempted_at,
            method=method,
            officer=officer,
            reason=reason,
            code=code,
            place=place,
        )
        check_attempt(attempt, now=now, confirm=confirm)
        attempt.save()
        ATTEMPT.note(change, attempt)
    return attempt


def check_attempt(attempt: ServiceAttempt, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved failed attempt and set its offset. Raises `InvalidFact` and `DoubtfulFact`."""
    order, at = attempt.order, attempt.attempted_at
    attempt.attempted_offset = check_instant("attempted_at", at, now=now, zone=zone_of(order))
    check_not_before_issue("attempted_at", order, at, "attempted_before_issued")
    attempt.officer, attempt.reason = clean(attempt.officer), clean(attempt.reason)
    attempt.place = clean(attempt.place)
    if not attempt.reason:
        refuse("reason", "required", "Enter why the attempt failed.")
    if attempt.code:
        need_one_of("code", "unknown_code", attempt.code, AttemptReason.values)
    need_one_of("method", "unknown_method", attempt.method, ServiceMethod.values)
    if not clean(confirm):
        _doubt_after_service(attempt)
    told = ("attempted_at", "place", "officer", "code")
    ask_if_recorded(attempt, told, words=ATTEMPT.words, confirm=confirm)


def _doubt_after_service(attempt: ServiceAttempt) -> None:
    """Raise `DoubtfulFact` for a failed attempt later than the recorded service: one of the two is wrong."""
    order, at, stored = attempt.order, attempt.attempted_at, before_correction(attempt)
    if order.served_at is None or at <= order.served_at or (stored and stored.attempted_at == at):
        return
    zone = zone_of(order)
    doubt(
        "attempted_at",
        "attempted_after_service",
        f"{format_instant(at, zone)} is after the recorded service "
        f"({format_instant(order.served_at, zone)}). Correct this time or the service, or give the reason to "
        "continue.",
    )


def _service_police(order: Order) -> OrderAgencyQuerySet[OrderAgency]:
    return OrderAgency.objects.filter(order=order, capacity=Capacity.SERVICE_POLICE)


def _set_answer(change: Change, answer: str) -> None:
    if answer:
        need_one_of("firearms_answer", "unknown_answer", answer, FirearmsAnswer.values)
    change.set("firearms_answer", answer)


def _doubts(order: Order, at: datetime) -> list[DoubtfulFact]:
    """Return doubts about service of an order that the court had ended, or before an attempt that failed."""
    if at.utcoffset() is None:
        return []
    zone, found = zone_of(order), []
    if order.vacated_at is not None and at > order.vacated_at:
        message = (
            f"{format_instant(at, zone)} is after the court ended the order "
            f"({format_instant(order.vacated_at, zone)}). Correct this time or that one, or give the reason "
            "to continue."
        )
        found.append(DoubtfulFact("served_at", "served_after_vacatur", message))
    later = order.service_attempts.filter(attempted_at__gt=at).order_by("attempted_at", "pk").first()
    if later is not None:
        message = (
            f"An attempt at service failed later, on {at_the_end(format_instant(later.attempted_at, zone))} "
            "Correct this time or the attempt, or give the reason to continue."
        )
        found.append(DoubtfulFact("served_at", "served_before_attempt", message))
    return found


def _contradicted(order: Order, answer: str | None) -> list[DoubtfulFact]:
    """Return a doubt about a corrected answer that a check of a denial contradicts."""
    check = order.statement_verifications.order_by("id").first()
    if check is None or answer != FirearmsAnswer.YES or order.firearms_answer == FirearmsAnswer.YES:
        return []
    message = (
        f"A check confirmed on {format_instant(check.verified_at, zone_of(order))} that there are no "
        "firearms. Withdraw that check first, or give the reason to continue."
    )
    return [DoubtfulFact("firearms_answer", "contradicts_check", message)]


def _set_service(change: Change, at: datetime, method: str, now: datetime) -> None:
    offset = check_instant("served_at", at, now=now, zone=zone_of(change.order))
    check_not_before_issue("served_at", change.order, at, "served_before_issued")
    check_not_after_last_day("served_at", change.order, at, "served_after_last_day")
    need_one_of("service_method", "unknown_method", method, ServiceMethod.values)
    change.set("served_at", at)
    change.set("served_offset", offset)
    change.set("service_method", method)


ATTEMPT = Correctable(
    name="service_attempt",
    model=ServiceAttempt,
    noun="failed attempt",
    words=lambda row: f"failed attempt, {format_instant(row.attempted_at, zone_of(row.order))}",
    columns=(
        InstantColumn(name="attempted_at", label="Attempted"),
        ChoiceColumn(name="method", label="How"),
        Column(name="officer", label="Officer"),
        # Free text about a door: it can have an address or a name.
        Column(name="reason", keyword="why_failed", label="Why it failed", is_private=True),
        ChoiceColumn(name="code", label="Reason"),
        Column(name="place", label="Place", is_private=True),
    ),
    check=check_attempt,
)
