"""Hearings are scheduled, continued and held."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orders.errors import InvalidFact
from orders.models import (
    DeadlineState,
    Hearing,
)
from orders.services import hearings
from orders.services.firearms.findings import NewFinding
from tests import make
from tests.make import NOW, deadline, pending

pytestmark = pytest.mark.django_db


def test_continued_hearing_moves_what_counts_from_it() -> None:
    order = make.order(hearing_on=date(2026, 12, 9))
    before = deadline(order, "CT-SVC-02").due_on

    hearings.continue_hearing(Hearing.objects.get(), scheduled_on=date(2026, 12, 16), by=None, now=NOW)

    assert (before, deadline(order, "CT-SVC-02").due_on) == (date(2026, 12, 6), date(2026, 12, 13))
    assert Hearing.objects.count() == 2


def test_compliance_hearing_reminds_at_its_offsets_until_it_is_held() -> None:
    order = make.served_order()
    hearing = hearings.schedule_hearing(
        order, purpose="compliance", scheduled_on=date(2026, 12, 18), by=None, now=NOW
    )
    assert pending(order, "CT-CMP-01") == {"remind-7d", "remind-1d", "check"}

    later = NOW + timedelta(days=14)
    hearings.record_hearing(hearing, outcome="partial", held_on=date(2026, 12, 18), by=None, now=later)

    assert deadline(order, "CT-CMP-01").state == DeadlineState.MET
    assert pending(order, "CT-CMP-01") == set()


def test_a_canceled_hearing_was_not_held_and_can_be_set_again() -> None:
    on = date(2026, 12, 9)
    order = make.order(hearing_on=on)
    hearing = Hearing.objects.get()

    hearings.record_hearing(hearing, outcome="vacated", held_on=NOW.date(), by=None, now=NOW)

    assert deadline(order, "CT-HRG-07").state != DeadlineState.MET
    assert hearings.schedule_hearing(order, purpose="application", scheduled_on=on, by=None, now=NOW) == (
        Hearing.objects.get(outcome="", held_on=None)
    )
    assert deadline(order, "CT-HRG-07").state == DeadlineState.MET


def test_the_court_finds_nothing_at_a_canceled_hearing() -> None:
    make.served_order(hearing_on=date(2026, 12, 9))
    found = [NewFinding(finding="lost_or_stolen")]

    with pytest.raises(InvalidFact, match="found nothing"):
        hearings.record_hearing(
            Hearing.objects.get(), outcome="vacated", held_on=NOW.date(), findings=found, by=None, now=NOW
        )
