"""The page of an order shows the alert that waits for an answer, not a later notice for information."""

from __future__ import annotations

import pytest

from notifications.models import Alert, AlertState
from notifications.templatetags.alerted import who_was_alerted
from orders.models import Checkpoint
from orders.rules.vocabulary import Purpose
from tests.notifications.fixtures import DUE, set_up

pytestmark = pytest.mark.django_db


def test_a_later_notice_does_not_hide_an_alert_without_an_answer() -> None:
    fixture = set_up()
    alert = fixture.fire_alone(["court"])[0]
    Alert.objects.filter(pk=alert.pk).update(state=AlertState.ACCEPTED, accepted_at=DUE)
    check = alert.checkpoint
    assert check is not None
    notice = Checkpoint.objects.filter(deadline__order=fixture.order).exclude(pk=check.pk).earliest("pk")
    Checkpoint.objects.filter(pk=notice.pk).update(purpose=Purpose.INFORM)
    Alert.objects.create(
        order=fixture.order,
        checkpoint=notice,
        agency=alert.agency,
        recipient=alert.recipient,
        capacity=alert.capacity,
        via=alert.via,
        idem_key="later",
    )

    lines = who_was_alerted(fixture.order, fixture.clerk)["shown"]

    assert [one.badge for one in lines] == ["No answer"]
