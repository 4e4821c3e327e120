"""Orders entered late by the admin site, the API and the import, with their facts in many orders: each
overdue duty has an owner and its alert as soon as it is entered, and the audits find nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, Town, User
from notifications.models import Alert, AlertState
from notifications.services.firing.fire import Firer
from notifications.services.watch import counters
from notifications.services.watch.audits import audit
from orders.models import Deadline, DeadlineState, FollowUp, Order
from orders.rules.vocabulary import Purpose
from orders.services.follow_ups.orphaned import check_orphaned
from orders.services.planning.rulebooks import bundled
from tests import make
from tests.callers import Caller, MakeCaller
from tests.make_export import order_row, write_export
from tests.orders.test_admin.conftest import page_of, signed_in, typed

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("America/New_York")
#: What arrives after the order; ten of its sequences.
FACTS = ("served", "hearing", "motion", "firearm", "revoked")
ORDERS = list(permutations(FACTS))[::12]
#: Respondents with names that are not alike.
NAMES = (
    *("Ash Birch", "Kim Oak", "Lou Vance", "Max Perez", "Ida Stone"),
    *("Uma Hull", "Guy Frost", "Zoe Wick", "Cy Dunn", "Bo Tran"),
)


class Court:
    """A court of the registry with its clerk, at the pages and at the API, and police of a town."""

    def __init__(self, caller: MakeCaller) -> None:
        self.police = make.agency(name="Hamden Police")
        self.town = Town.objects.create(name="Hamden", police=self.police)
        self.court = Agency.objects.create(
            name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD"
        )
        make.person(Role.LIAISON, self.police)
        self.clerk: User = make.person(Role.CLERK, self.court)
        self.api: Caller = caller(self.clerk)
        self.pages: Client = signed_in(self.clerk)
        self.now: datetime = timezone.now()
        self.issued = self.now - timedelta(days=20)

    def ago(self, days: float) -> datetime:
        """That long before the entry, to the second."""
        return (self.now - timedelta(days=days)).replace(microsecond=0)

    def day(self, days: float) -> date:
        """A day at the court that long before the entry."""
        return (self.now - timedelta(days=days)).astimezone(ZONE).date()


def by_page(court: Court, number: int, folder: Path) -> Order:
    sheet = {
        "court": court.court.pk,
        "docket_number": f"HHD-FA26-{number:07}-S",
        "kind": "restraining_order",
        **typed(court.issued, "issued_at"),
        "respondent_name": NAMES[number - 1],
        "respondent_town": court.town.pk,
        "firearms_indicated": "on",
        "confirm": "As the papers show.",
    }
    answer = court.pages.post("/admin/orders/order/add/", sheet)
    assert answer.status_code == 302, answer.context["form"].errors
    return Order.objects.latest("pk")


def by_api(court: Court, number: int, folder: Path) -> Order:
    body = {
        "docket_number": f"HHD-FA26-{number:07}-S",
        "court": court.court.name,
        "kind": "restraining_order",
        "respondent_name": "Ash Birch",
        "respondent_town": court.town.name,
        "issued_at": court.issued.isoformat(),
        "firearms_indicated": True,
        "confirm": "As the papers show.",
    }
    answer = court.api.post("/orders", body)
    assert answer.status_code == 201, answer.content
    return Order.objects.get(public_id=UUID(answer.json()["id"]))


def by_import(court: Court, number: int, folder: Path) -> Order:
    row = order_row(
        number,
        order_kind="restraining_order",
        issued_at=court.issued.astimezone(ZONE).replace(microsecond=0).isoformat(),
        hearing_on="",
        served_at="",
        service_method="",
    )
    call_command("import_por", str(write_export(folder / str(number), [row])), verbosity=0)
    return Order.objects.get(por_number=row["por_number"])


def fact_by_api(court: Court, order: Order, fact: str) -> None:
    served = court.ago(19).isoformat()
    confirm = "As the papers show."
    what, body = {
        "served": ("services", {"served_at": served, "service_method": "in_hand"}),
        "hearing": (
            "hearings",
            {"purpose": "compliance", "scheduled_on": court.day(5).isoformat(), "confirm": confirm},
        ),
        "motion": (
            "case-events",
            {"kind": "contempt_motion_served", "occurred_at": court.ago(15).isoformat(), "confirm": confirm},
        ),
        "firearm": ("firearms", {"serial": f"S-{order.pk}", "source": "application"}),
        "revoked": (
            "case-events",
            {"kind": "revocation_notified", "occurred_at": court.ago(12).isoformat(), "confirm": confirm},
        ),
    }[fact]
    answer = court.api.post(f"/orders/{order.public_id}/{what}", body)
    assert answer.status_code == 201, answer.content


def fact_by_page(court: Court, order: Order, fact: str) -> None:
    if fact not in ("served", "firearm"):
        return fact_by_api(court, order, fact)
    act, sheet = {
        "served": ("serve", {**typed(court.ago(19), "served_at"), "service_method": "in_hand"}),
        "firearm": ("firearm", {"serial": f"S-{order.pk}", "source": "application"}),
    }[fact]
    address = f"{page_of(order)}{act}/"
    hidden = {one.name: one.value() for one in court.pages.get(address).context["form"].hidden_fields()}
    answer = court.pages.post(address, hidden | sheet)
    assert answer.status_code == 302, answer.context["form"].errors
    return None


def fire() -> None:
    firer = Firer("test")
    while firer.fire(budget=60).checkpoints:
        firer.forget()


def unalerted(order: Order) -> list[str]:
    """What is past and not met, without an owner or without the alert of its check."""
    past = Deadline.objects.filter(order=order, due_at__lte=timezone.now(), met_at=None)
    found = []
    for one in past.exclude(state__in=[DeadlineState.WITHDRAWN, DeadlineState.MET]):
        if not bundled().by_id[one.rule_id].has_check:
            continue
        checks = one.checkpoints.filter(purpose=Purpose.CHECK, revision=one.revision)
        is_alerted = Alert.objects.filter(checkpoint__in=checks).exclude(recipient=None).exists()
        is_owned = FollowUp.objects.filter(deadline=one, closed_at=None).exclude(owner=None).exists()
        if not (is_alerted and is_owned and one.state == DeadlineState.OVERDUE):
            found.append(f"{one.rule_id} {one.state}")
    return found


Enter = Callable[[Court, int, Path], Order]
Record = Callable[[Court, Order, str], None]


@pytest.mark.cut(3)
@pytest.mark.parametrize(
    ("enter", "record"),
    [(by_page, fact_by_page), (by_api, fact_by_api), (by_import, fact_by_api)],
    ids=["page", "api", "import"],
)
def test_what_is_past_at_each_step_of_a_late_entry_is_owned_and_alerted(
    enter: Enter, record: Record, caller: MakeCaller, tmp_path: Path
) -> None:
    court = Court(caller)
    make.person(Role.ADMINISTRATOR)
    for number, facts in enumerate(ORDERS, start=1):
        order = enter(court, number, tmp_path)
        if enter is by_import:
            # Of what was past for longer than a week the hourly check alerts (decision 13).
            check_orphaned(now=timezone.now())
        fire()
        assert unalerted(order) == [], facts
        for fact in facts:
            record(court, order, fact)
            fire()
            assert unalerted(order) == [], (facts, fact)
        overdue = Deadline.objects.filter(order=order, state=DeadlineState.OVERDUE)
        assert {"CT-SUR-01", "CT-LE-48", "CT-CMP-01", "CT-CTM-01", "CT-SUR-06"} <= {
            one.rule_id for one in overdue
        }
    Alert.objects.filter(state=AlertState.READY).update(state=AlertState.ACCEPTED)
    counts = counters.take()
    assert counts[counters.OVERDUE] == counts[counters.OVERDUE_ALERTED] > 0
    assert counts[counters.OVERDUE_UNOWNED] == counts[counters.UNOWNED] == 0
    assert audit() == []


@pytest.mark.parametrize(("days", "is_at_once"), [(4, True), (8, True), (20, False)])
def test_an_import_alerts_at_once_of_what_became_past_in_the_last_seven_days(
    days: int, *, is_at_once: bool, caller: MakeCaller, tmp_path: Path
) -> None:
    court = Court(caller)
    court.issued = court.now - timedelta(days=days)

    order = by_import(court, 1, tmp_path)
    fire()

    assert order.deadlines.filter(rule_id="CT-LE-48", state=DeadlineState.OVERDUE).exists()
    assert ("CT-LE-48 overdue" not in unalerted(order)) is is_at_once
    check_orphaned(now=timezone.now())
    fire()
    assert unalerted(order) == []
