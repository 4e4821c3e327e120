"""The compliance report and the report on who saw a case."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, AuditAction, AuditEntry, Role
from orders.services.reports.compliance import count_compliance
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db


@pytest.fixture
def courts() -> list[Any]:
    """Two courts, the first with two orders served, the second with one that is not."""
    now = timezone.now()
    first, second = (make.agency(AgencyKind.COURT) for _ in range(2))
    for hours in (1, 30):
        ago = timedelta(hours=hours)
        make.served_order(now=now, ago=ago, issued_at=now - timedelta(days=3), court=first)
    make.order(now=now, issued_at=now - timedelta(days=3), court=second)
    return [first, second]


@pytest.fixture
def auditor(caller: MakeCaller) -> Caller:
    return caller(make.person(Role.AUDITOR))


def counts(answer: Any) -> dict[str, int]:
    assert answer.status_code == 200, answer.content
    return {name: count for name, count in answer.json()["statuses"].items() if count}


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE])
def test_court_counts_its_own_orders(caller: MakeCaller, courts: list[Any], role: Role) -> None:
    first, second = (caller(make.person(role, court)).get("/reports/compliance") for court in courts)

    assert counts(first) == {"open": 1, "overdue": 1}
    assert (first.json()["courts"], first.json()["orders"]) == ([courts[0].name], 2)
    assert counts(second) == {"not_started": 1}


def test_auditor_counts_all_orders_like_the_command(auditor: Caller, courts: list[Any]) -> None:
    as_of = timezone.now()

    answer = auditor.get("/reports/compliance", as_of=as_of.isoformat())

    assert counts(answer) == {"not_started": 1, "open": 1, "overdue": 1}
    assert answer.json()["courts"] is None
    assert answer.json()["statuses"] == count_compliance(as_of).orders


def test_report_is_as_of_the_requested_instant(auditor: Caller, courts: list[Any]) -> None:
    earlier = timezone.now() - timedelta(hours=20)

    answer = auditor.get("/reports/compliance", as_of=earlier.isoformat())

    assert counts(answer) == {"not_started": 2, "open": 1}
    assert auditor.get("/reports/compliance", as_of="yesterday").json()["code"] == "invalid"


@pytest.mark.parametrize("role", [Role.LIAISON, Role.ADVOCATE, Role.ADMINISTRATOR])
def test_other_roles_may_not_read_the_report(caller: MakeCaller, role: Role) -> None:
    kind = {Role.LIAISON: AgencyKind.POLICE, Role.ADVOCATE: AgencyKind.ADVOCACY}.get(role)
    someone = caller(make.person(role, make.agency(kind) if kind else None))

    for path in ("/reports/compliance", f"/reports/who-saw?case={uuid.uuid4()}"):
        assert someone.get(path).json()["code"] == "not_permitted"


def test_who_saw_report_is_itself_logged(auditor: Caller, caller: MakeCaller) -> None:
    now, court = timezone.now(), make.agency(AgencyKind.COURT)
    order = make.order(now=now, issued_at=now - timedelta(days=1), court=court)
    person = make.person(Role.CLERK, court)
    for _ in range(2):
        caller(person).get(f"/orders/{order.public_id}")

    answer = auditor.get("/reports/who-saw", case=str(order.case.public_id))

    assert answer.status_code == 200, answer.content
    (one,) = answer.json()["results"]
    assert (one["name"], one["times"]) == (person.name, 2)
    assert one["first"] < one["last"]
    entry = AuditEntry.objects.get(action=AuditAction.LOG_READ)
    assert entry.cases == [order.case.public_id]
    assert (entry.entry_point, entry.detail["people"]) == ("api", 1)
    assert auditor.get("/reports/who-saw", case=str(uuid.uuid4())).json()["results"] == []


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({}, "case", "invalid"),
        ({"case": "HHD-FA26-1-S"}, "case", "invalid"),
        ({"since": "2025-01-01T00:00:00Z", "until": "2026-06-01T00:00:00Z"}, "since", "refused"),
        ({"since": "2026-06-02T00:00:00Z", "until": "2026-06-01T00:00:00Z"}, "since", "refused"),
    ],
)
def test_wrong_period_is_refused(auditor: Caller, query: dict[str, str], field: str, code: str) -> None:
    given = query if field == "case" else {"case": str(uuid.uuid4()), **query}

    answer = auditor.get("/reports/who-saw", **given)

    assert answer.json()["code"] == code
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert not AuditEntry.objects.filter(action=AuditAction.LOG_READ).exists()
