"""The outcome of a hearing is corrected with the questions that recording it asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, Role
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import DeadlineState, Firearm, FirearmStatus, Hearing, Order
from orders.services import corrections, hearings
from orders.services.firearms import inventory
from orders.services.firearms.findings import NewFinding
from tests import make
from tests.make import NOW, deadline
from tests.orders.test_admin.conftest import page_of, signed_in
from tests.orders.test_admin.forms import as_shown

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {"reason": "Misread.", **BY}


def listed(order: Order) -> Firearm:
    """A firearm on the list."""
    return inventory.list_firearm(order, serial="S1", source="police", **BY)


def held(order: Order, outcome: str, *findings: NewFinding) -> Hearing:
    """A hearing of today."""
    hearing = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=NOW.date(), **BY)
    return hearings.record_hearing(hearing, outcome=outcome, held_on=NOW.date(), findings=findings, **BY)


def state(order: Order) -> str:
    """The state of the surrender duty."""
    return deadline(order, "CT-SUR-01").state


def test_compliant_is_corrected_with_its_findings_and_back() -> None:
    order = make.served_order()
    one = listed(order)
    hearing = held(order, "partial")
    found = [NewFinding(firearm=one, finding="lost_or_stolen", note="Police report")]

    with pytest.raises(InvalidFact, match="Not accounted for"):
        corrections.correct(hearing, {"outcome": "compliant"}, **WHY)
    corrections.correct(hearing, {"outcome": "compliant", "findings": found}, **WHY)
    assert state(order) == DeadlineState.MET
    one.refresh_from_db()
    assert one.status == FirearmStatus.FOUND
    words = order.history.get(kind="hearing_corrected").data["corrected"]
    assert words["What the court found"] == ["not stated", f"{one}: Lost or stolen"]

    with pytest.raises(InvalidFact, match="Not accounted for"):
        corrections.correct(hearing, {"findings": []}, **WHY)
    corrections.correct(hearing, {"outcome": "partial", "findings": []}, **WHY)
    assert state(order) == DeadlineState.OPEN
    assert not hearing.findings.exists()


def test_not_compliant_beside_findings_that_settle_everything_is_doubted() -> None:
    order = make.served_order()
    hearing = held(order, "compliant", NewFinding(finding="never_possessed"))

    with pytest.raises(DoubtfulFact, match="no firearm is left to account for") as asked:
        corrections.correct(hearing, {"outcome": "non_compliant"}, **WHY)
    assert (asked.value.field, asked.value.code) == ("outcome", "nothing_open")
    corrections.correct(hearing, {"outcome": "non_compliant"}, confirm="He was late.", **WHY)
    # Not asked again about what is confirmed.
    later = NOW.replace(hour=22)
    corrections.correct(hearing, {"scheduled_time": later.time()}, reason="A slip.", by=None, now=later)


def test_nothing_is_found_about_what_another_fact_accounts_for() -> None:
    order = make.served_order()
    one = listed(order)
    first = held(order, "partial", NewFinding(firearm=one, finding="destroyed"))
    second = hearings.schedule_hearing(order, purpose="contempt", scheduled_on=NOW.date(), **BY)
    hearings.record_hearing(second, outcome="partial", held_on=NOW.date(), **BY)

    with pytest.raises(InvalidFact, match="it is accounted for"):
        corrections.correct(second, {"findings": [NewFinding(firearm=one, finding="still_held")]}, **WHY)
    corrections.correct(first, {"findings": [NewFinding(firearm=one, finding="lost_or_stolen")]}, **WHY)

    one.refresh_from_db()
    assert one.status == FirearmStatus.FOUND


def test_findings_of_a_hearing_that_was_not_held_are_refused() -> None:
    order = make.served_order()
    hearing = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=NOW.date(), **BY)

    with pytest.raises(InvalidFact, match="no outcome to correct"):
        corrections.correct(hearing, {"findings": [NewFinding(finding="never_possessed")]}, **WHY)


def test_the_form_shows_the_findings_and_sends_them_only_if_changed() -> None:
    now = timezone.now().replace(microsecond=0)
    court = make.agency(AgencyKind.COURT)
    day = (now - timedelta(days=1)).date()
    order = make.served_order(now=now, court=court, ago=timedelta(days=3), issued_at=now - timedelta(days=5))
    today: dict[str, Any] = {"by": None, "now": now}
    one = inventory.list_firearm(order, serial="S1", source="police", **today)
    hearing = hearings.schedule_hearing(
        order, purpose="compliance", scheduled_on=day, confirm="It sits.", **today
    )
    found = [NewFinding(firearm=one, finding="destroyed", note="Fire")]
    facts: dict[str, Any] = {"outcome": "partial", "findings": found, "confirm": "So it was."}
    hearings.record_hearing(hearing, held_on=day, **facts, **today)
    desk: Client = signed_in(make.person(Role.CLERK, court))
    address = f"{page_of(order)}correct-hearing/?item={hearing.public_id}"
    sheet = as_shown(desk.get(address).context["form"])
    sheet |= {"reason": "Misread.", "confirm": "It sits."}
    field = f"finding_{one.pk}"
    assert (sheet[field], sheet[f"note_{field}"]) == ("destroyed", "Fire")

    refused = desk.post(address, {**sheet, "outcome": "compliant", field: ""})
    assert field in refused.context["form"].errors
    assert desk.post(address, {**sheet, "outcome": "compliant"}).status_code == 302
    assert hearing.findings.get().note == "Fire"

    sheet = as_shown(desk.get(address).context["form"]) | {"reason": "Read again.", "confirm": "It sits."}
    assert desk.post(address, {**sheet, field: "lost_or_stolen"}).status_code == 302
    assert hearing.findings.get().finding == "lost_or_stolen"
