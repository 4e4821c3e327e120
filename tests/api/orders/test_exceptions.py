"""Dates beyond the rules through the API: refused, confirmed, and listed as exceptions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from orders.models import Hearing, Order
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures

WHY = "Good cause was shown."


@pytest.fixture
def clerk(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.CLERK, fixtures.court))


def sunday() -> str:
    today = timezone.localdate()
    return (today + timedelta(days=7 + 6 - today.weekday())).isoformat()


def codes(answer: Any) -> tuple[int, list[tuple[str, str]]]:
    return answer.status_code, [(one["field"], one["code"]) for one in answer.json()["errors"]]


def test_a_hearing_needs_a_reason_and_becomes_an_exception(
    fixtures: Fixtures, clerk: Caller, caller: MakeCaller
) -> None:
    path = f"/orders/{fixtures.unserved.public_id}"
    body = {"purpose": "compliance", "scheduled_on": sunday()}

    assert codes(clerk.post(f"{path}/hearings", body)) == (409, [("scheduled_on", "court_closed")])
    assert not Hearing.objects.filter(order=fixtures.unserved).exists()
    assert clerk.post(f"{path}/hearings", {**body, "confirm": WHY}).status_code == 201

    (shown,) = clerk.get(f"{path}/exceptions").json()["results"]
    assert (shown["limit"], shown["day"], shown["reason"]) == ("hearing_on_closed_day", sunday(), WHY)
    assert (shown["purpose"], shown["rule"]) == ("compliance", "TIME-06")
    police = caller(make.person(Role.LIAISON, fixtures.police))
    (seen,) = police.get(f"{path}/exceptions").json()["results"]
    assert "reason" not in seen
    stranger = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    assert stranger.get(f"{path}/exceptions").status_code == 404


def test_an_order_within_the_rules_has_no_exception(fixtures: Fixtures, clerk: Caller) -> None:
    answer = clerk.get(f"/orders/{fixtures.unserved.public_id}/exceptions")

    assert answer.json() == {"results": [], "next": None}


def test_entry_names_each_field_and_takes_one_reason(fixtures: Fixtures, clerk: Caller) -> None:
    body = {
        "docket_number": "HHD-FA26-99-S",
        "court": fixtures.court.name,
        "kind": "ex_parte_restraining_order",
        "respondent_name": "Ash Birch",
        "respondent_town": fixtures.town.name,
        "issued_on": "2025-12-04",
        "expires_on": "2026-12-04",
        "hearing_on": "2025-12-22",
    }

    refused = clerk.post("/orders", body)
    assert codes(refused) == (409, [("hearing_on", "beyond_the_rule"), ("expires_on", "beyond_the_rule")])

    assert clerk.post("/orders", {**body, "confirm": WHY}).status_code == 201
    assert Order.objects.filter(case__docket_number="HHD-FA26-99-S").count() == 1


def test_an_extension_beyond_the_hearing(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/orders/{fixtures.unserved.public_id}"
    day = fixtures.unserved.issued_on
    while day.weekday() != 1 or day <= fixtures.unserved.issued_on:
        day += timedelta(days=1)
    clerk.post(
        f"{path}/hearings", {"purpose": "application", "scheduled_on": day.isoformat(), "confirm": WHY}
    )
    body = {"expires_on": (day + timedelta(days=60)).isoformat()}

    assert codes(clerk.post(f"{path}/extensions", body)) == (409, [("expires_on", "beyond_the_rule")])
    assert clerk.post(f"{path}/extensions", {**body, "confirm": WHY}).status_code == 201
