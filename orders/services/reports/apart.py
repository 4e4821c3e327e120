"""Count by the planner the orders whose firearms a court or a check accounted for.

They are few beside all orders of a state; where the one statement cannot count the state's rule, they are
all. The statement counts receipts; what a finding or a check accounts for depends on its order, its time and
what else is open, which only the inventory decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic
from typing import Any

from django.db import OperationalError
from django.db.models import DateField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from orders.models import (
    Case,
    CaseEvent,
    Firearm,
    FirearmFinding,
    FirearmReturn,
    HearingOutcome,
    Order,
    StatementVerification,
)
from orders.models.hearings import Hearing
from orders.rules.facts import DutyProof, Facts
from orders.rules.model import Rule
from orders.rules.plan import plan
from orders.rules.planned import PlannedDeadline, Status
from orders.services.court_days import is_before_issue
from orders.services.planning.load_facts import load_facts
from orders.services.planning.load_inventories import ABOUT_COMPLIANCE, REPORTED, load_inventories
from orders.services.planning.rulebooks import current_rulebook

#: Cases planned at once.
BATCH = 200


class SurrenderStatus(StrEnum):
    """The status of an order's surrender duty."""

    NOT_STARTED = "not_started"
    NOT_INDICATED = "not_indicated"
    OPEN = "open"
    MET_ON_TIME = "met_on_time"
    MET_LATE = "met_late"
    OVERDUE = "overdue"
    UNVERIFIED_DENIAL = "unverified_denial"


def cases_apart(jurisdiction: str, courts: Collection[int] | None) -> list[int]:
    """The cases (by key) of the state with a finding about a firearm, a check of a statement, or an outcome.

    The outcome is that of compliance. Also those with a report of firearms, those with a return that may have
    been made while an order was in force, and those of a person with several cases at a court if one of them
    lists an item: they share their inventory.
    """
    kept: dict[str, Any] = {"order__jurisdiction": jurisdiction}
    if courts is not None:
        kept["order__case__court__in"] = courts
    compliant = {"outcome": HearingOutcome.COMPLIANT, "purpose__in": ABOUT_COMPLIANCE}
    sources = (
        FirearmFinding.objects.filter(**kept),
        StatementVerification.objects.filter(**kept),
        Hearing.objects.filter(**compliant, **kept),
        CaseEvent.objects.filter(kind=REPORTED, **kept),
        _returned_in_force().filter(**kept),
    )
    found = {case for rows in sources for case in rows.values_list("order__case", flat=True)}
    return sorted(found | set(_sharing(jurisdiction, courts)))


def _sharing(jurisdiction: str, courts: Collection[int] | None) -> QuerySet[Case, int]:
    """The keys of the cases whose person has another case at the court, if one of them lists an item."""
    cases = Case.objects.filter(court__jurisdiction=jurisdiction)
    if courts is not None:
        cases = cases.filter(court__in=courts)
    same = Case.objects.filter(court=OuterRef("court"), respondent__person=OuterRef("respondent__person"))
    listed = Firearm.objects.filter(
        order__case__court=OuterRef("court"), order__case__respondent__person=OuterRef("respondent__person")
    )
    some = cases.filter(Exists(same.exclude(pk=OuterRef("pk"))), Exists(listed))
    return some.values_list("pk", flat=True)


def all_cases(jurisdiction: str, courts: Collection[int] | None) -> list[int]:
    """The cases (by key) of the state."""
    orders = Order.objects.filter(jurisdiction=jurisdiction)
    if courts is not None:
        orders = orders.filter(case__court__in=courts)
    return sorted(set(orders.values_list("case", flat=True)))


def _returned_in_force() -> QuerySet[FirearmReturn]:
    """The returns beside which an order of the case may have been in force, by a day more at both ends."""
    orders = Order.objects.filter(
        Q(vacated_at=None) | Q(vacated_at__gt=OuterRef("returned_at")),
        Q(expires_on=None) | Q(expires_on__gte=OuterRef("day_before")),
        case=OuterRef("order__case"),
        issued_on__lte=OuterRef("returned_at__date"),
    )
    return FirearmReturn.objects.alias(
        day_before=ExpressionWrapper(TruncDate("returned_at") - timedelta(days=1), output_field=DateField())
    ).filter(Exists(orders))


def count_apart(cases: Collection[int], as_of: datetime, rule: Rule, *, seconds: float) -> Counter[str]:
    """The counts of these cases at `as_of`, by status and by the names of the counts of firearms.

    Raises `OperationalError`, as the database does, if counting takes longer than `seconds`.
    """
    found: Counter[str] = Counter()
    keys, end = list(cases), monotonic() + seconds
    for start in range(0, len(keys), BATCH):
        if monotonic() > end:
            raise OperationalError("counting was canceled: it took too long")
        _count(keys[start : start + BATCH], as_of, rule, found)
    return found


def _count(cases: Collection[int], as_of: datetime, rule: Rule, found: Counter[str]) -> None:
    rulebook = current_rulebook()
    orders = [
        one
        for one in Order.objects.filter(case__in=cases, jurisdiction=rule.jurisdiction).order_by("id")
        if not is_before_issue(one, as_of)
    ]
    facts = load_facts(orders)
    inventories = load_inventories(cases)
    due_by_case: set[int] = set()
    last = {one.case_id: one for one in orders}
    for one in orders:
        zone = rulebook.jurisdiction_of(facts[one.pk]).zone
        known = facts[one.pk].known_by(as_of, zone)
        for planned in plan(known, rulebook):
            if planned.rule.id == rule.id and (status := _status(planned, known, as_of)):
                found[status] += 1
                if planned.due_at is not None and planned.due_at < as_of:
                    due_by_case.add(one.case_id)
    for case, order in last.items():
        balance = inventories[case].at(as_of).balance_for(order)
        found["firearms_alleged"] += balance.alleged or 0
        found["firearms_listed"] += balance.listed
        found["firearms_accounted"] += balance.accounted
        found["firearms_whole"] += balance.whole
        if case in due_by_case:
            found["firearms_outstanding"] += len(balance.open_items)


def _status(planned: PlannedDeadline, facts: Facts, as_of: datetime) -> SurrenderStatus | None:
    match planned.status(as_of):
        case Status.NOT_STARTED | Status.CANNOT_COMPUTE:
            is_vacated = any(one.kind == "vacated" for one in facts.events)
            return None if is_vacated else SurrenderStatus.NOT_STARTED
        case Status.MET_ON_TIME:
            return SurrenderStatus.MET_ON_TIME
        case Status.MET_LATE:
            return SurrenderStatus.MET_LATE
        case status:
            if planned.proof in (DutyProof.SWORN, DutyProof.CONTRADICTED):
                return SurrenderStatus.UNVERIFIED_DENIAL
            if not facts.armed:
                return SurrenderStatus.NOT_INDICATED
            return SurrenderStatus.OVERDUE if status is Status.OVERDUE else SurrenderStatus.OPEN
