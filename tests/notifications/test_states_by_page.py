"""Each state by the pages alone: an administrator makes a court with its places, from a file or by hand; its
clerk enters an order and its service; police of the place hear of it until the last alert."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Agency, Role, State, Town
from notifications.models import Alert
from notifications.services.escalation.escalation import load_steps
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, CheckpointState, Deadline, DeadlineState, Order
from orders.services.orders.legal_checks import filers_of
from orders.services.reports.compliance import surrender_rule
from tests import make
from tests.notifications.test_thirteen_states import FILE, SCENES, Scene, without_an_answer
from tests.orders.test_admin.conftest import page_of, signed_in

pytestmark = pytest.mark.django_db

ADD_AGENCY, ADD_PLACE = "/admin/accounts/agency/add/", "/admin/accounts/town/add/"


def from_a_file(desk: Client, scene: Scene) -> None:
    """Upload the file, read what it would change, and load it."""
    page = "/admin/accounts/agency/load-state/"
    content = FILE.format(state=scene.state, county=scene.county).encode()
    shown = desk.post(page, {"file": SimpleUploadedFile("state.toml", content)}).content.decode()
    found = {name: re.search(rf'name="{name}" value="(.*?)"', shown, re.DOTALL) for name in ("text", "shown")}
    desk.post(page, {name: unescape(match[1]) for name, match in found.items() if match})


def by_hand(desk: Client, scene: Scene) -> None:
    """Add each agency and place on its own page."""
    blank = {"ori": "", "email": "", "judicial_district": "", "docket_prefixes": "", "area": ""}
    for name, kind, more in (
        ("State Police", "state_police", {"answers_for_state": "on"}),
        ("Elm Police", "police", {}),
        ("Oak Sheriff", "police", {}),
        ("Elm Court", "court", {"area": scene.county}),
    ):
        sheet = {**blank, "name": f"{scene.state} {name}", "kind": kind, "jurisdiction": scene.state, **more}
        assert desk.post(ADD_AGENCY, sheet).status_code == 302
    for name, police in (("Elm", "Elm Police"), ("Oak County", "Oak Sheriff")):
        agency = Agency.objects.get(name=f"{scene.state} {police}")
        place = {"name": name, "jurisdiction": scene.state, "within": "", "fips": "", "police": agency.pk}
        assert desk.post(ADD_PLACE, place).status_code == 302


def typed(instant: datetime, name: str, zone: ZoneInfo) -> dict[str, str]:
    local = instant.astimezone(zone)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M}"}


def entered(desk: Client, scene: Scene, court: Agency, elm: Town, issued: datetime) -> Order:
    """Enter the order on the page, after the page has offered what the state's law has."""
    page = desk.get("/admin/orders/order/add/")
    kinds = str(page.context["form"]["kind"])
    assert f'value="{scene.kind}"' in kinds
    assert ("restraining_order" in kinds) == (scene.state == State.CONNECTICUT)
    sheet = {
        "court": court.pk,
        "docket_number": "HHD-FA26-6012345-S" if scene.state == "us_ct" else "26-PR-17",
        "kind": scene.kind,
        "filed_by": filers_of(scene.state)[0].value if scene.state != "us_ct" else "household_member",
        "proof_found": "clear_and_convincing",
        **typed(issued, "issued_at", ZoneInfo(scene.zone)),
        "respondent_name": "Ash Birch",
        "respondent_town": elm.pk,
        "firearms_indicated": "on",
    }
    answer = desk.post("/admin/orders/order/add/", sheet)
    assert answer.status_code == 302, answer.context["form"].errors
    return Order.objects.get()


#: Each state from a file; by hand Connecticut, and those with a county of another clock.
WAYS = [
    *((from_a_file, scene) for scene in SCENES),
    *((by_hand, scene) for scene in SCENES if scene.county or scene.state == State.CONNECTICUT),
]


@pytest.mark.cut(4)
@pytest.mark.parametrize(
    ("make_court", "scene"), WAYS, ids=[f"{way.__name__}-{scene.state}" for way, scene in WAYS]
)
def test_from_the_court_to_the_last_alert(make_court: Callable[[Client, Scene], None], scene: Scene) -> None:
    load_steps()
    make_court(signed_in(make.person(Role.ADMINISTRATOR)), scene)
    court = Agency.objects.get(name=f"{scene.state} Elm Court")
    elm, oak = (
        Town.objects.get(name__startswith=name, jurisdiction=scene.state) for name in ("Elm", "Oak C")
    )
    assert elm.police is not None
    assert oak.police is not None
    liaison, sheriff = make.person(Role.LIAISON, elm.police), make.person(Role.LIAISON, oak.police)
    trooper = make.person(Role.LIAISON, Agency.objects.get(name=f"{scene.state} State Police"))
    desk, zone, now = signed_in(make.person(Role.CLERK, court)), ZoneInfo(scene.zone), timezone.now()
    issued = (now - timedelta(hours=60)).replace(second=0, microsecond=0)
    order = entered(desk, scene, court, elm, issued)
    assert (order.jurisdiction, order.area, order.issued_at) == (scene.state, scene.county, issued)
    Firer("test").fire()
    heard = Alert.objects.filter(order=order, recipient=liaison)
    assert heard.filter(checkpoint__deadline__rule_id="ANN-ORDER").exists()

    served = (now - timedelta(hours=30)).replace(second=0, microsecond=0)
    address = f"{page_of(order)}serve/"
    hidden = {one.name: one.value() for one in desk.get(address).context["form"].hidden_fields()}
    sheet = {**typed(served, "served_at", zone), "service_method": "in_hand", "town": oak.pk}
    answer = desk.post(address, hidden | sheet)
    assert answer.status_code == 302, answer.context["form"].errors
    Firer("test").fire()
    of_service = Alert.objects.filter(order=order, checkpoint__deadline__rule_id="ANN-SERVED")
    assert {liaison.pk, sheriff.pk} <= {one.recipient_id for one in of_service}
    if rule := surrender_rule(scene.state):
        deadline = Deadline.objects.get(order=order, rule_id=rule.id)
        assert deadline.due_at == served + timedelta(hours=scene.hours or 0)
        assert deadline.state == DeadlineState.OVERDUE
        checks = Alert.objects.filter(checkpoint__deadline=deadline, checkpoint__purpose="check")
        assert {liaison.pk, sheriff.pk} <= {one.recipient_id for one in checks}

    firer = Firer("test")
    while firer.fire(now=now + timedelta(days=6 * 365), budget=60).checkpoints:
        firer.forget()
    without_an_answer()
    assert not Checkpoint.objects.filter(deadline__order=order, state=CheckpointState.PENDING).exists()
    alerts = Alert.objects.filter(order=order)
    assert set(alerts.values_list("agency__jurisdiction", flat=True)) == {scene.state}
    if scene.hours is not None:
        assert alerts.filter(recipient=trooper).exists()
    page = desk.get(page_of(order)).content.decode()
    assert State(scene.state).label in page or scene.state == State.CONNECTICUT
