"""The report on response times."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from notifications.models import PendingAcknowledgment
from notifications.services.escalation.escalation import load_steps
from tests import make
from tests.api.conftest import MakeCaller
from tests.notifications.fixtures import OrderFixture, set_up

pytestmark = pytest.mark.django_db


def asked(minutes: float | None) -> OrderFixture:
    """Police that were alerted 90 minutes ago and acknowledged `minutes` later, or not at all."""
    fixtures = set_up()
    fixtures.fire(["respondent_police"])
    awaited = PendingAcknowledgment.objects.get(agency=fixtures.police)
    awaited.asked_at = timezone.now() - timedelta(minutes=90)
    if minutes is not None:
        awaited.answered_at = awaited.asked_at + timedelta(minutes=minutes)
        awaited.answered_by, awaited.next_step_at = fixtures.liaison, None
    awaited.save()
    return fixtures


def test_auditor_sees_every_agency_and_supervisor_their_own(caller: MakeCaller) -> None:
    load_steps()
    quick, slow, never = asked(10), asked(75), asked(None)
    auditor = caller(make.person(Role.AUDITOR))
    supervisor = caller(make.person(Role.SUPERVISOR, slow.police))

    found = {one["agency"]: one for one in auditor.get("/reports/response-times").json()["results"]}
    own = supervisor.get("/reports/response-times").json()["results"]

    assert found.keys() == {quick.police.name, slow.police.name, never.police.name}
    assert found[quick.police.name] == {
        "agency": quick.police.name,
        "asked": 1,
        "answered": 1,
        "within_the_hour": 1,
        "median_seconds": 600.0,
        "p90_seconds": 600.0,
    }
    assert (found[slow.police.name]["within_the_hour"], found[slow.police.name]["median_seconds"]) == (
        0,
        4500.0,
    )
    assert (found[never.police.name]["answered"], found[never.police.name]["median_seconds"]) == (0, None)
    assert own == [found[slow.police.name]]


def test_report_is_limited_to_the_period(caller: MakeCaller) -> None:
    asked(10)
    auditor = caller(make.person(Role.AUDITOR))
    lately = timezone.now() - timedelta(minutes=30)

    assert auditor.get("/reports/response-times", since=lately.isoformat()).json()["results"] == []
    backwards = {"since": timezone.now().isoformat(), "until": lately.isoformat()}
    answer = auditor.get("/reports/response-times", **backwards)
    assert [fault["field"] for fault in answer.json()["errors"]] == ["since"]


@pytest.mark.parametrize("role", [Role.CLERK, Role.LIAISON, Role.ADMINISTRATOR])
def test_other_roles_may_not_read_the_report(caller: MakeCaller, role: Role) -> None:
    kind = {Role.LIAISON: AgencyKind.POLICE, Role.CLERK: AgencyKind.COURT}.get(role)
    someone = caller(make.person(role, make.agency(kind) if kind else None))

    assert someone.get("/reports/response-times").json()["code"] == "not_permitted"
