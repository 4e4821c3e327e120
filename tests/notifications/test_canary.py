"""A canary goes the whole way to an outside monitor, and is nowhere that people look."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO

import pytest
from django import forms
from django.core.management import call_command
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import CANARY, Agency, AgencyKind, Membership, Role, Town
from notifications.channels import canary as channel
from notifications.channels.canary import CanaryChannel
from notifications.channels.protocol import Message, SendStatus
from notifications.models import Alert, AlertState
from notifications.services.delivery import sending
from notifications.services.firing.fire import Firer
from notifications.services.watch import audits, canary, health
from orders.models import Case, Checkpoint, Deadline, DeadlineState, HistoryEntry, Order
from orders.services.planning.replan_stale import is_any_stale, mark_uncovered, replan_stale
from orders.services.planning.rule_impact import effect_of
from orders.services.planning.rulebooks import current_rulebook
from orders.services.reports.compliance import count_compliance
from tests import make
from tests.make import NOW
from tests.notifications import hook_server

pytestmark = pytest.mark.django_db


@dataclass
class Monitor:
    """An outside monitor: how often it was called, and its response."""

    url: str = ""
    calls: list[str] = field(default_factory=list)
    status: int = 200


@pytest.fixture
def monitor(settings: Settings) -> Iterator[Monitor]:
    found = Monitor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.calls.append(self.path)
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.CANARY_URL = f"http://127.0.0.1:{server.server_port}/ping"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def fly() -> int:
    """Fires what is due and sends what was fired; answers how many alerts firing wrote."""
    written = Firer("test").fire().alerts
    sending.drain(worker="test")
    return written


def test_a_canary_goes_the_whole_way_and_the_monitor_hears_of_it_once(monitor: Monitor) -> None:
    assert canary.plant()

    assert fly() == 1

    assert monitor.calls == ["/ping"]
    alert = Alert.objects.get()
    assert (alert.state, alert.via, alert.recipient) == (AlertState.ACCEPTED, "canary", None)
    age = health.measure().canary_age
    assert age is not None
    assert age < 60
    assert not HistoryEntry.objects.exists(), "it is about no order"
    assert Deadline.objects.get().state == DeadlineState.OPEN


def test_the_next_one_is_planted_when_the_last_has_arrived(monitor: Monitor) -> None:
    for _ in range(3):
        assert canary.plant()
        assert not canary.plant(), "one at a time"
        assert fly() == 1

    assert len(monitor.calls) == 3
    assert len(set(Alert.objects.values_list("idem_key", flat=True))) == 3
    assert Agency.every.filter(name=CANARY).count() == Order.every.count() == 1


def test_a_dead_pipeline_is_not_hidden_by_planting(monitor: Monitor) -> None:
    """Beat runs, and nothing fires or nothing sends: the monitor hears nothing."""
    canary.plant()
    assert not canary.plant()
    Firer("test").fire()
    assert not canary.plant(), "it is still on its way"

    assert monitor.calls == []
    assert health.measure().canary_age is None


def test_one_that_does_not_arrive_in_a_minute_is_given_up_for_the_next(monitor: Monitor) -> None:
    monitor.status = 500
    canary.plant()
    fly()
    assert Alert.objects.get().state == AlertState.TEMPORARY_FAILURE
    assert not canary.plant()
    Checkpoint.objects.update(fired_at=timezone.now() - timedelta(seconds=61))

    assert canary.plant()
    monitor.status = 200
    fly()

    assert sorted(Alert.objects.values_list("state", flat=True)) == [
        AlertState.ACCEPTED,
        AlertState.WITHDRAWN,
    ]
    assert len(monitor.calls) == 2


def test_without_a_monitor_a_canary_that_was_sent_has_arrived(settings: Settings) -> None:
    settings.CANARY_URL = ""
    canary.plant()
    fly()

    assert health.measure().canary_age is not None


@pytest.fixture
def planted() -> Order:
    canary.plant()
    return Order.every.get()


def test_nothing_that_goes_over_all_orders_meets_it(planted: Order) -> None:
    assert not Order.objects.exists()
    assert not is_any_stale()
    assert replan_stale(now=NOW) == 0
    assert mark_uncovered() == 0
    assert sum(count_compliance(NOW).orders.values()) == 0
    effect = effect_of(current_rulebook())
    assert not effect.orders
    printed = StringIO()
    call_command("rules", "apply", stdout=printed)
    assert CANARY not in printed.getvalue()
    assert not Checkpoint.objects.filter(audience=["canary"], state=2).exists(), "no plan withdrew it"


def test_a_court_rule_or_a_closed_day_leaves_it_alone(planted: Order) -> None:
    make.order()
    Order.objects.update(planned_with="")

    replan_stale(now=NOW)

    planted.refresh_from_db()
    assert planted.planned_with == ""
    assert Deadline.objects.filter(order=planted, state=DeadlineState.OPEN).count() == 1


def test_its_agency_and_town_cannot_be_chosen(planted: Order) -> None:
    assert not Agency.objects.filter(name=CANARY).exists()
    assert not Town.objects.filter(name=CANARY).exists()
    # As every form that is made of a model with a link to an agency asks.
    of_a_membership = forms.models.fields_for_model(Membership, ["agency"])["agency"]
    assert isinstance(of_a_membership, forms.ModelChoiceField)
    assert isinstance(of_a_membership.queryset, QuerySet)
    assert not of_a_membership.queryset.filter(name=CANARY).exists()


@pytest.mark.parametrize("role", [one for one in Role if one != Role.ADMINISTRATOR])
def test_no_user_sees_it(planted: Order, role: Role) -> None:
    person = make.person(role, make.agency())

    assert not Order.objects.visible_to(person).exists()
    assert not Deadline.objects.visible_to(person).exists()
    fly()
    assert not Alert.objects.visible_to(person).exists()


@pytest.mark.parametrize(
    "address", ["reference/agencies", "reference/towns", "orders", "deadlines", "alerts", "follow-ups"]
)
def test_no_list_of_the_api_has_it(planted: Order, client: Client, address: str) -> None:
    fly()
    client.force_login(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    answer = client.get(f"/api/v1/{address}")

    assert answer.status_code == 200
    assert CANARY not in answer.content.decode()
    assert str(planted.public_id) not in answer.content.decode()


def test_no_page_for_administrators_names_it(planted: Order, client: Client) -> None:
    fly()
    client.force_login(make.person(Role.ADMINISTRATOR))

    pages = ["/", "/admin/accounts/agency/", "/admin/accounts/town/", "/admin/accounts/membership/add/"]
    for page in pages:
        assert CANARY not in client.get(page, follow=True).content.decode()


def test_its_firings_are_no_finding(planted: Order, monitor: Monitor) -> None:
    fly()
    canary.plant()
    fly()

    assert audits.audit() == []


def test_preparing_makes_it_and_leaves_it_at_rest() -> None:
    call_command("prepare", stdout=StringIO(), stderr=StringIO())

    assert Case.objects.filter(court__name=CANARY).count() == 1
    assert Firer("test").fire().checkpoints == 0


@pytest.mark.parametrize(("trickle", "flood"), [(0.05, 0), (0.0, 200_000)])
def test_a_monitor_that_answers_without_end_holds_no_sender(
    trickle: float, flood: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "TIMEOUT", 0.5)
    with hook_server.running() as hooks:
        hooks.trickle, hooks.flood = trickle, flood
        settings.CANARY_URL = hooks.url
        began = time.monotonic()

        [result] = CanaryChannel().send([Message(key="1", address="", subject="", body="")])

    assert time.monotonic() - began < 5
    assert (result.status, result.is_provider_fault) == (SendStatus.UNREACHABLE, True)
