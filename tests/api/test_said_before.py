"""A fact that is sent twice with two keys is stored once: the second is refused, or asked about."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import (
    Attempt,
    CaseEvent,
    Caution,
    ConfidentialityRelease,
    CustodyStep,
    LicensingReport,
    NoticeSent,
    OrderCondition,
    Receipt,
    ServiceAttempt,
    Statement,
)
from tests import make
from tests.api import test_acts as acts
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db

#: The acts that ask, with their model and the field of the question.
ASKED: dict[str, tuple[Any, str]] = {
    "attempts": (Attempt, "attempted_at"),
    "case-events": (CaseEvent, "occurred_at"),
    "cautions": (Caution, "words"),
    "conditions": (OrderCondition, "condition"),
    "confidentiality-releases": (ConfidentialityRelease, "begins_at"),
    "custody-steps": (CustodyStep, "moved_at"),
    "licensing-reports": (LicensingReport, "occurred_at"),
    "notices-sent": (NoticeSent, "sent_at"),
    "receipts": (Receipt, "received_at"),
    "service-attempts": (ServiceAttempt, "attempted_at"),
    "statements": (Statement, "sworn_at"),
}
#: Acts that set one value, which the second time stays the same, and two that are of their own moment: a
#: card for the protected person, and a request to an agency outside.
ONE_VALUE = {"assignments", "cards", "next-actions", "outside-transfers", "presences", "respondent-names"}


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", sorted(acts.ACTS))
def test_a_fact_that_is_sent_twice_is_stored_once(name: str, fixtures: Fixtures, caller: MakeCaller) -> None:
    act = acts.ACTS[name]
    act.ready(fixtures)
    person = caller(make.person(act.by, act.place(fixtures)))
    path, body = act.path(fixtures), act.body(fixtures)
    assert person.post(path, body).status_code == 201

    again = person.post(path, body)

    if name in ONE_VALUE:
        return
    assert again.status_code in (404, 409), again.content
    codes = [(one["field"], one["code"], one["confirmable"]) for one in again.json().get("errors", [])]
    asked = ASKED.get(name)
    assert asked is None or codes == [(asked[1], "already_recorded", True)]
    assert asked is not None or ("already_recorded" not in again.content.decode())


@pytest.mark.parametrize("name", ASKED)
def test_it_is_stored_again_with_a_reason_that_the_history_keeps(
    name: str, fixtures: Fixtures, caller: MakeCaller
) -> None:
    act, model = acts.ACTS[name], ASKED[name][0]
    act.ready(fixtures)
    person = caller(make.person(act.by, act.place(fixtures)))
    path, body = act.path(fixtures), act.body(fixtures)
    first = person.post(path, body).json()["id"]
    stored = model.objects.count()
    assert person.post(path, body).status_code == 409
    assert model.objects.count() == stored

    second = person.post(path, body | {"confirm": "It happened twice."})

    assert second.status_code == 201, second.content
    assert second.json()["id"] != first
    assert model.objects.count() == stored + 1
    order = model.objects.get(public_id=first).order
    assert order.history.latest("id").reason == "It happened twice."
