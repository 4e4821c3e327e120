"""No way to write or change an alert gets out of a rehearsal, and no address leads around it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, Role, User
from notifications.models import Alert, AlertState, Rehearsal, Via
from notifications.services.delivery import sending
from notifications.services.delivery.resend import resend
from orders.models import Checkpoint
from tests import make
from tests.ledger import Ledger
from tests.notifications.fixtures import OrderFixture, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> OrderFixture:
    return set_up()


@pytest.fixture
def rehearsal() -> Rehearsal:
    now = timezone.now()
    return Rehearsal.objects.create(
        addresses=["trainer@agency.example"],
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=1),
        reason="Training.",
        started_by=make.person(Role.ADMINISTRATOR),
    )


def alert(order: OrderFixture, key: str, **given: object) -> Alert:
    """An alert that some code writes by itself."""
    return Alert.objects.create(
        checkpoint=Checkpoint.objects.filter(deadline__order=order.order).latest("pk"),
        order=order.order,
        agency=order.police,
        recipient=order.liaison,
        via=Via.PERSON,
        idem_key=key,
        **given,
    )


def test_whatever_writes_it_an_alert_is_marked(order: OrderFixture, rehearsal: Rehearsal) -> None:
    assert alert(order, "one").is_rehearsal
    assert alert(order, "two", is_rehearsal=False).is_rehearsal, "not even if the code denies it"
    assert all(one.is_rehearsal for one in Alert.objects.all())


def test_the_mark_cannot_be_taken_off(order: OrderFixture, rehearsal: Rehearsal) -> None:
    alert(order, "one")

    with pytest.raises(IntegrityError, match="stays one"), transaction.atomic():
        Alert.objects.update(is_rehearsal=False)


def test_sending_again_after_the_end_reaches_no_one(
    order: OrderFixture, rehearsal: Rehearsal, ledger: Ledger
) -> None:
    alert(order, "one", state=AlertState.FAILED)
    Rehearsal.objects.update(
        ended_at=timezone.now(), ended_by=rehearsal.started_by, end_reason="Over.", reason="Training."
    )

    resend(Alert.objects.all(), by=rehearsal.started_by, now=timezone.now())
    sending.drain(worker="test")

    assert ledger.lines() == []
    assert Alert.objects.get().state == AlertState.WITHDRAWN


@pytest.mark.parametrize("role", [Role.CLERK, Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR])
def test_no_one_else_silences_an_agency(role: Role) -> None:
    kind = AgencyKind.COURT if role is Role.CLERK else AgencyKind.POLICE
    client = Client()
    client.force_login(_person(role, kind))
    sheet = {
        "addresses": "mine@evil.example",
        "reason": "Quiet.",
        "ends_at_0": "2026-12-24",
        "ends_at_1": "4 pm",
    }

    for page in ("/admin/notifications/rehearsal/add/", "/admin/notifications/rehearsal/1/end/"):
        assert client.post(page, sheet).status_code in (302, 403, 404)
    assert not Rehearsal.objects.exists()


def _person(role: Role, kind: AgencyKind) -> User:
    return make.person(role, None if role is Role.AUDITOR else make.agency(kind))
