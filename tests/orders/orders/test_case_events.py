"""Case events: each fact is recorded in one way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.errors import InvalidFact
from orders.models import CaseEvent
from orders.services.firearms.inventory import hand_in_permit, record_permit
from orders.services.orders.case_events import events_of, record_case_event
from orders.services.planning.load_facts import load_facts
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["permit_handed_in", "transferred", "destroyed", "returned"])
def test_what_happens_to_a_permit_or_a_firearm_is_no_case_event(kind: str) -> None:
    order = make.served_order()

    assert kind not in events_of(order)
    with pytest.raises(InvalidFact) as refused:
        record_case_event(order, kind=kind, occurred_at=NOW - timedelta(hours=1), by=None, now=NOW)

    assert refused.value.code == "unknown_case_event"
    assert not CaseEvent.objects.exists()


def test_a_permit_is_handed_in_on_its_own_row() -> None:
    order = make.served_order()
    permit = record_permit(order, kind="Pistol permit", by=None, now=NOW)

    hand_in_permit(permit, handed_in_on=NOW.date(), agency=make.agency(), by=None, now=NOW)

    events = load_facts([order])[order.pk].events
    assert [one.on for one in events if one.kind == "permit_handed_in"] == [NOW.date()]
