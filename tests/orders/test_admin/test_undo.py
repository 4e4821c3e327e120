"""Each act on the court's page has an act that takes it back, and then the plan is as it was before."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Agency, AgencyKind, User
from orders.forms.acts import ACTS
from orders.models import HistoryEntry, Order, Respondent
from tests import make
from tests.orders.corrections.fixtures import difference, state_of
from tests.orders.test_admin import test_acts as acts
from tests.orders.test_admin import test_items as items
from tests.orders.test_admin.conftest import Enter, entering, page_of, typed
from tests.orders.test_admin.forms import as_shown

pytestmark = pytest.mark.django_db


def latest_respondent() -> str:
    """The id of the respondent that a case entered last."""
    return str(Respondent.objects.latest("pk").public_id)


#: What is typed to undo an act with another one that is neither a correction nor needs only a reason.
TYPED: dict[str, Callable[[acts.Fixtures], dict[str, Any]]] = {
    "withdraw-service": lambda s: (
        {
            **typed(s.order.served_at, "served_at"),
            "service_method": s.order.service_method,
        }
        if s.order.served_at
        else {}
    ),
    "withdraw-extension": lambda s: {"expires_on": f"{s.order.expires_on}", "confirm": items.SITS},
    "withdraw-modification": lambda s: {
        **typed(s.now, "modified_at"),
        "expires_on": f"{s.order.expires_on}",
        "confirm": items.SITS,
    },
    "reinstate": lambda s: {**typed(s.now, "vacated_at"), "reason": "It was right."},
    "withdraw-decision": lambda s: {
        "hearing": acts.application(s),
        "decision": "denied",
        **typed(s.now - timedelta(hours=1), "decided_at"),
    },
    "add-agency": lambda s: {
        "agency": s.order.order_agencies.get(capacity="school").pk,
        "reason": "A slip.",
    },
    "remove-agency": lambda s: {"agency": Agency.objects.filter(kind="marshal").latest("pk").pk},
    "revoke-release": acts.released,
    "add-protected-person": lambda s: {
        "person": s.order.protected_persons.latest("pk").pk,
        "reason": "A slip.",
    },
    "withdraw-protected-person": lambda s: {
        "name": "Sky Linden",
        "is_applicant": "on",
        "reason": "It was right.",
    },
    "same-person": lambda s: {"other": latest_respondent(), "reason": "They are two people."},
    "keep-apart": lambda s: {"other": latest_respondent(), "reason": "It is one person."},
    "move": lambda s: {"docket_number": s.docket, "respondent": "keep", "reason": "It was right."},
}


@pytest.fixture(scope="module")
def stored(kept_rows: None) -> acts.Fixtures:
    """Stored once: every act starts from the same order."""
    # People type no fractions of a second.
    now = timezone.now().replace(microsecond=0)
    court = make.agency(AgencyKind.COURT, "Superior Court of Elm")
    return acts.set_up(earlier(entering(court, now), now), now)


@pytest.fixture
def fixtures(stored: acts.Fixtures, db: None) -> acts.Fixtures:
    return copy.deepcopy(stored)


@pytest.fixture
def court(fixtures: acts.Fixtures) -> Agency:
    return fixtures.order.case.court


def earlier(enter: Enter, now: datetime) -> Enter:
    """Enters orders whose deadlines do not end just now."""
    return lambda **given: enter(**{"issued_at": now - timedelta(days=2, hours=1), **given})


def send(desk: Client, address: str, sheet: dict[str, Any]) -> None:
    """Send a form and expect it to be saved."""
    answer = desk.post(address, sheet)
    assert answer.status_code == 302, answer.context["form"].errors


def form_at(desk: Client, address: str) -> dict[str, Any]:
    """The values that the form at an address shows."""
    return as_shown(desk.get(address).context["form"])


def again(order: Order) -> Order:
    """The order as it is stored."""
    return Order.recorded.select_related("case__respondent", "case__court").get(pk=order.pk)


def test_every_act_names_the_act_that_undoes_it() -> None:
    for act in ACTS.values():
        undo = ACTS[act.undo]
        # An act that corrects undoes itself; another one is undone by an act that it undoes in turn.
        assert undo is act or ACTS[undo.undo] in (act, undo) or act.name == "revoke-release", act.name
        assert (undo is act) == (act.name.startswith("correct") or act.name == "move"), act.name


@pytest.mark.cut(3)
@pytest.mark.parametrize("case", acts.CASES, ids=acts.by_name)
def test_act_on_an_order_and_its_undo_leave_everything_as_it_was(
    case: acts.Case, fixtures: acts.Fixtures, desk: Client, clerk: User
) -> None:
    acts.ready(case, fixtures)
    fixtures.order = again(fixtures.order)
    fixtures.docket = fixtures.order.case.docket_number
    act, undo = ACTS[case.act], ACTS[ACTS[case.act].undo]
    sheet = case.sheet(fixtures)
    stored = {}
    if "person" in sheet and undo is act:
        person = fixtures.order.protected_persons.get(pk=sheet["person"])
        stored = {"person": person.pk, "name": person.name, "address_confidential": "no"}
    fixtures.order = again(fixtures.order)
    before, old = state_of(fixtures.order), fixtures.order
    address = f"{page_of(fixtures.order)}{act.name}/"
    shown = form_at(desk, address)
    rows = set(undo.fact.model._default_manager.values_list("pk", flat=True)) if undo.fact else set()

    send(desk, address, sheet | acts.hidden(desk, case, fixtures))
    changed = state_of(again(fixtures.order))
    back = f"{page_of(fixtures.order)}{undo.name}/"
    if undo.fact is not None:
        manager = undo.fact.model._default_manager
        row = manager.exclude(pk__in=rows).last() or manager.get(pk=sheet[act.form.target_field])
        if undo.fact.part_of:
            row = manager.get(pk=sheet[act.form.target_field])
        send(desk, f"{back}?item={row.public_id}", {"reason": "A slip."})
    elif undo is act and case.act != "move":
        seen = {name: value for name, value in form_at(desk, back).items() if name == "seen"}
        send(desk, back, shown | stored | seen | {"reason": "It was right.", "confirm": items.SITS})
    else:
        if case.act in ("withdraw-service", "withdraw-extension", "withdraw-modification"):
            fixtures.order = old
        typed_again = TYPED[case.act](fixtures) if case.act in TYPED else {"reason": "It was right."}
        send(desk, back, typed_again)

    assert difference(state_of(again(fixtures.order)), before) == []
    assert act.resource in NOT_IN_A_PLAN or changed != before
    assert HistoryEntry.objects.filter(actor=clerk).count() >= 2


#: Facts that no rule counts from.
NOT_IN_A_PLAN = {
    "case",
    "caution",
    "coming_service",
    "condition",
    "confidentiality_release",
    "notice_sent",
    "order",
    "order_agency",
    "order_card",
    "permit",
    "person",
    "protected_person",
    "respondent",
    "return_check",
}
