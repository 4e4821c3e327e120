"""Administrators send failed alerts again through the API; they see no case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from notifications.models import Alert, AlertState
from tests import make
from tests.api.conftest import MakeCaller
from tests.notifications.fixtures import set_up

pytestmark = pytest.mark.django_db


def test_one_and_all_of_a_time(caller: MakeCaller) -> None:
    set_up().fire()
    Alert.objects.update(state=AlertState.FAILED)
    one, *others = Alert.objects.order_by("id")
    system = caller(make.person(Role.ADMINISTRATOR))

    answer = system.post("/alert-resendings", {"alert": str(one.public_id)})
    assert (answer.status_code, answer.json()) == (201, {"failed": 1, "in_doubt": 0})
    answer = system.post("/alert-resendings", {})
    assert answer.json() == {"failed": len(others), "in_doubt": 0}
    assert set(Alert.objects.values_list("state", flat=True)) == {AlertState.READY}

    now = timezone.now()
    slip = {"created_after": now.isoformat(), "created_before": (now - timedelta(hours=1)).isoformat()}
    refused = system.post("/alert-resendings", slip)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["code"] == "too_early"


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR])
def test_no_one_else_may(role: Role, caller: MakeCaller) -> None:
    person = make.person(role, make.agency(AgencyKind.COURT) if role == Role.CLERK else None)

    assert caller(person).post("/alert-resendings", {}).status_code == 403
