"""An item that is withdrawn on the court's page and entered again leaves the plan as it was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from orders.forms.acts import ACTS
from tests.orders.corrections.fixtures import difference, state_of
from tests.orders.test_admin import test_items as items
from tests.orders.test_admin.conftest import Enter, page_of
from tests.orders.test_admin.test_undo import earlier, form_at, send

pytestmark = pytest.mark.django_db

#: For a withdrawn item: the fields of the form that enters it and that its correction does not show.
MORE: dict[str, Callable[[Any], dict[str, Any]]] = {
    "return": lambda row: {"firearms": [row.firearm_id]},
    "disposal": lambda row: {"firearms": [row.firearm_id], "confirm": items.SITS},
    "custody-request": lambda row: {"kind": row.kind, "firearms": [one.pk for one in row.firearms.all()]},
    "return-check": lambda row: {"request": row.request_id},
    "return-hold": lambda row: {"request": row.request_id},
    "return-decision": lambda row: {"request": row.request_id},
    "hand-in": lambda row: {
        "permit": row.pk,
        "handed_in_on": f"{row.handed_in_on}",
        "agency": row.handed_in_to_id,
    },
    "verification": lambda row: {"statement": row.statement_id},
    # The order is served before it here, so the desk asks for a reason.
    "attempt": lambda row: {"reason": row.reason, "confirm": "Tried again after the service."},
    "outcome": lambda row: {"hearing": row.pk, "held_on": f"{row.held_on}", "outcome": row.outcome},
    "continuance": lambda row: {
        "hearing": row.pk,
        "scheduled_on": f"{row.continuances.get().following.scheduled_on}",
        "confirm": items.SITS,
    },
    "satisfaction": lambda row: {
        "condition": row.pk,
        "satisfied_at_0": f"{row.satisfied_on}",
        "satisfied_at_1": "",
    },
    "hearing": lambda row: {"confirm": items.SITS},
}


#: Entered before service alone. No plan depends on them.
BEFORE_SERVICE = ("coming-service", "presence")


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", [one for one in items.WITHDRAWN if one not in BEFORE_SERVICE])
def test_withdrawn_item_that_is_entered_again_leaves_everything_as_it_was(
    name: str, enter: Enter, now: datetime, desk: Client
) -> None:
    place = items.place_of(earlier(enter, now), now)
    row = items.CASES[name].row(place)
    row = type(row).objects.get(pk=row.pk)
    act = ACTS[f"withdraw-{name}"]
    before = state_of(place.order)
    sheet = {}
    if f"correct-{name}" in ACTS:
        shown = form_at(desk, items.address(f"correct-{name}", row))
        sheet = {key: value for key, value in shown.items() if key not in ("reason", "seen")}
    if name in MORE:
        sheet |= MORE[name](row)
    if name == "receipt":
        sheet["firearms"] = [one.pk for one in row.firearms.all()]

    send(desk, items.address(act.name, row), {"reason": "A slip."})
    send(desk, f"{page_of(place.order)}{act.undo}/", sheet)

    assert difference(state_of(place.order), before) == []
