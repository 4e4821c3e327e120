"""A correction of the order or its parties that changes nothing is refused, and is not in the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Role
from orders.models import Capacity, HistoryEntry
from orders.services.orders import extension, vacatur
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db

WHY: dict[str, Any] = {"reason": "Misread."}


@pytest.mark.parametrize(
    "name", ["docket", "service", "vacatur", "extension", "town", "name", "all", "kind", "protected"]
)
def test_a_correction_to_what_is_stored_is_refused(name: str, fixtures: Fixtures, caller: MakeCaller) -> None:
    by: dict[str, Any] = {"by": None, "now": fixtures.now}
    order = fixtures.order
    last_day = order.issued_on + timedelta(days=200)
    if name == "vacatur":
        order = vacatur.vacate_order(order, vacated_at=fixtures.now - timedelta(hours=1), **by, **WHY)
    if name == "extension":
        order = extension.extend_order(order, expires_on=last_day, confirm="So ordered.", **by)
    respondent, protected = order.case.respondent, order.protected_persons.first()
    town = {"town": respondent.town.name}
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "docket": ("docket-corrections", {"docket_number": order.case.docket_number}),
        "service": (
            "service-corrections",
            {"served_at": f"{order.served_at and order.served_at.isoformat()}"},
        ),
        "vacatur": (
            "vacatur-corrections",
            {"vacated_at": f"{order.vacated_at and order.vacated_at.isoformat()}"},
        ),
        "extension": ("extension-corrections", {"expires_on": last_day}),
        "town": ("respondent-corrections", town),
        "name": ("respondent-corrections", {"name": f" {respondent.name} "}),
        "all": ("respondent-corrections", {**town, "name": respondent.name, "address": respondent.address}),
        "kind": ("", {"kind": order.kind}),
        "protected": ("", {"name": protected.name if protected else ""}),
    }
    path, body = bodies[name]
    entries = HistoryEntry.objects.count()
    clerk = caller(make.person(Role.CLERK, fixtures.court))

    answer: Any
    if path:
        answer = clerk.post(f"/orders/{order.public_id}/{path}", {**body, **WHY})
    elif name == "protected" and protected:
        answer = clerk.patch(f"/protected-persons/{protected.public_id}", {**body, **WHY}, If_Match="*")
    else:
        answer = clerk.patch(f"/orders/{order.public_id}", {**body, **WHY}, If_Match="*")

    assert answer.status_code == 409, answer.content
    assert answer.json()["errors"][0]["code"] == "nothing_changed"
    assert HistoryEntry.objects.count() == entries


def test_stored_values_beside_a_changed_one_are_no_correction(fixtures: Fixtures, caller: MakeCaller) -> None:
    order = fixtures.order
    entries = order.history.count()
    body = {"town": order.case.respondent.town.name, "name": "Ash B. Birch", **WHY}

    answer = caller(make.person(Role.CLERK, fixtures.court)).post(
        f"/orders/{order.public_id}/respondent-corrections", body
    )

    assert answer.status_code == 201
    assert order.history.count() == entries + 1
    assert order.order_agencies.filter(capacity=Capacity.RESPONDENT_POLICE).exists()
