"""One scene for each state: a court and its places are loaded, an order is entered by the form, and every
alert until the last one goes to agencies of that state, in its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from accounts.dates import format_instant
from accounts.models import Agency, Role, Town, User
from accounts.services.agencies.state_file import load_state
from notifications.models import Alert, PendingAcknowledgment
from notifications.services.escalation.escalation import escalate, load_steps
from notifications.services.firing.fire import Firer
from orders.forms.entry import EnterOrderForm
from orders.models import Checkpoint, CheckpointState, Deadline, DeadlineState, Order
from orders.rules.vocabulary import Purpose
from orders.services.firearms.requests import record_custody_request
from orders.services.orders import case_events
from orders.services.orders.entry import enter_order
from orders.services.orders.legal_checks import filers_of
from orders.services.planning.rulebooks import bundled
from orders.services.reports.apart import SurrenderStatus
from orders.services.reports.compliance import count_compliance, surrender_rule
from orders.services.service import record_service
from tests import make

pytestmark = pytest.mark.django_db

EAST, CENTRAL, WEST = "America/New_York", "America/Chicago", "America/Los_Angeles"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A state, its clock, and what its law gives for an order of December 2, 2026."""

    state: str
    zone: str = EAST
    county: str = ""
    kind: str = "final_erpo"
    #: Hours from service in hand until the firearms must be surrendered; None if the law sets no time.
    hours: int | None = None
    last_day: date | None = date(2027, 12, 2)
    #: An event of the case that starts a duty of the police, where nothing else does.
    event: str = ""


SCENES = [
    Scene(state="us_ca", zone=WEST, hours=24, last_day=date(2031, 12, 2)),
    Scene(state="us_ct", kind="restraining_order", hours=24),
    Scene(state="us_de", hours=24, last_day=date(2031, 12, 2)),
    Scene(state="us_fl", zone=CENTRAL, county="Bay", hours=0),
    Scene(state="us_il", zone=CENTRAL),
    Scene(state="us_in", zone=CENTRAL, county="Lake", last_day=None, event="release_ordered"),
    Scene(state="us_ma", hours=0),
    Scene(state="us_md"),
    Scene(state="us_nj", last_day=None, event="return_requested"),
    Scene(state="us_or", zone="America/Boise", county="Malheur", hours=24),
    Scene(state="us_ri", hours=0),
    Scene(state="us_vt", hours=0, last_day=date(2027, 6, 2)),
    Scene(state="us_wa", zone=WEST, hours=0),
]

FILE = """
state = "{state}"

[[agency]]
name = "{state} State Police"
kind = "state_police"
serves_state = true

[[agency]]
name = "{state} Elm Police"
kind = "police"

[[agency]]
name = "{state} Oak Sheriff"
kind = "police"

[[court]]
name = "{state} Elm Court"
county = "{county}"

[[place]]
name = "Elm"
police = "{state} Elm Police"

[[place]]
name = "Oak County"
police = "{state} Oak Sheriff"
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The court of a state, its clerk, the police of two places and the State Police."""

    court: Agency
    clerk: User
    elm: Town
    oak: Town
    liaison: User
    trooper: User


def load(scene: Scene, folder: Path) -> Place:
    """The rows that an administrator loads, each agency with one member."""
    file = folder / f"{scene.state}.toml"
    file.write_text(FILE.format(state=scene.state, county=scene.county), encoding="utf-8")
    load_state(file)
    court = Agency.objects.get(name=f"{scene.state} Elm Court")
    elm, oak = (
        Town.objects.get(name__startswith=name, jurisdiction=scene.state) for name in ("Elm", "Oak C")
    )
    make.person(Role.LIAISON, oak.police)
    return Place(
        court=court,
        clerk=make.person(Role.CLERK, court),
        elm=elm,
        oak=oak,
        liaison=make.person(Role.LIAISON, elm.police),
        trooper=make.person(Role.LIAISON, Agency.objects.get(name=f"{scene.state} State Police")),
    )


def entered(scene: Scene, place: Place) -> Order:
    """The order, entered in the form two hours after it was issued at 10 a.m. of the court's clock."""
    typed = {
        "court": str(place.court.pk),
        "docket_number": "HHD-FA26-6012345-S" if scene.state == "us_ct" else "26-PR-17",
        "kind": scene.kind,
        "filed_by": filers_of(scene.state)[0].value if scene.state != "us_ct" else "household_member",
        "proof_found": "clear_and_convincing",
        "issued_at_0": "2026-12-02",
        "issued_at_1": "10 a.m.",
        "respondent_name": "Ash Birch",
        "respondent_town": str(place.elm.pk),
        "firearms_indicated": "on",
    }
    courts = Agency.objects.filter(pk=place.court.pk)
    form = EnterOrderForm(typed, courts=courts, clerk=place.clerk)
    assert form.is_valid(), form.errors
    now = datetime(2026, 12, 2, 12, tzinfo=ZoneInfo(scene.zone))
    return enter_order(form.new_order(), by=place.clerk, now=now)


def surrender_is_overdue(scene: Scene, order: Order, place: Place, served: datetime) -> None:
    """The police of the place are alerted at the hour of the law, and read it by the court's clock."""
    rule = surrender_rule(scene.state)
    if scene.hours is None:
        assert rule is None
        return
    assert rule is not None
    deadline = Deadline.objects.get(order=order, rule_id=rule.id)
    due = served + timedelta(hours=scene.hours)
    assert (deadline.due_at, deadline.state) == (due, DeadlineState.OVERDUE)
    alerts = Alert.objects.filter(checkpoint__deadline=deadline, checkpoint__purpose=Purpose.CHECK)
    alerted = alerts.filter(recipient=place.liaison)
    browser = Client()
    browser.force_login(place.liaison)
    page = browser.get(reverse("notice", args=[alerted.latest("id").public_id])).content.decode()
    assert format_instant(due, ZoneInfo(scene.zone)) in page


def without_an_answer() -> None:
    """Every step of the ladder is taken."""
    for _ in range(4):
        PendingAcknowledgment.objects.filter(next_step_at__isnull=False).update(next_step_at=F("asked_at"))
        escalate()


@pytest.mark.cut(3)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.state)
def test_from_entry_to_the_last_alert(scene: Scene, tmp_path: Path) -> None:
    load_steps()
    elsewhere = load(Scene(state="us_vt" if scene.state == "us_ct" else "us_ct"), tmp_path)
    place, zone, firer = load(scene, tmp_path), ZoneInfo(scene.zone), Firer("test")
    order = entered(scene, place)
    assert (order.jurisdiction, order.area) == (scene.state, scene.county)
    assert order.issued_at == datetime(2026, 12, 2, 10, tzinfo=zone)

    served = datetime(2026, 12, 3, 10, tzinfo=zone)
    later = served + timedelta(days=3)
    record_service(
        order, served_at=served, service_method="in_hand", town=place.oak, by=place.clerk, now=served
    )
    firer.fire(now=later)
    surrender_is_overdue(scene, order, place, served)
    if scene.event == "return_requested":
        record_custody_request(order, kind="return", requested_at=later, by=place.clerk, now=later)
    elif scene.event:
        case_events.record_case_event(
            order, kind=scene.event, occurred_at=later, by=place.clerk, now=later, confirm="Asked today."
        )

    ends = [
        one.due_on for one in Deadline.objects.filter(order=order) if bundled().by_id[one.rule_id].ends_order
    ]
    assert ends == ([scene.last_day] if scene.last_day else [])
    by_day = Checkpoint.objects.filter(deadline__order=order, name__regex=r"^remind-\d+d$")
    assert {one.fires_at.astimezone(zone).hour for one in by_day} <= {9}
    firer.fire(now=later + timedelta(days=6 * 365))

    without_an_answer()
    assert not Checkpoint.objects.filter(deadline__order=order, state=CheckpointState.PENDING).exists()
    alerts = Alert.objects.filter(order=order)
    assert set(alerts.values_list("agency__jurisdiction", flat=True)) == {scene.state}
    assert alerts.filter(agency=place.elm.police, recipient=place.liaison).exists()
    is_escalated = alerts.filter(recipient=place.trooper).exists()
    assert is_escalated == PendingAcknowledgment.objects.filter(order=order).exists()
    assert Order.objects.visible_to(place.liaison).exists()
    for stranger in (elsewhere.clerk, elsewhere.liaison, elsewhere.trooper):
        assert not Order.objects.visible_to(stranger).exists()

    found = count_compliance(later, jurisdiction=scene.state)
    assert found.orders == dict.fromkeys(SurrenderStatus, 0) | (
        {} if scene.hours is None else {SurrenderStatus.OVERDUE: 1}
    )
    assert (found.rule.id if found.rule else None) == getattr(surrender_rule(scene.state), "id", None)
    other = count_compliance(later, jurisdiction=elsewhere.court.jurisdiction)
    assert sum(other.orders.values()) == other.firearms_whole == 0
