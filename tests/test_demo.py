"""The demonstration: every person signs in, every state is shown, and a deadline is about to pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import User
from accounts.services.agencies.reference import load_reference
from ctcompliance import demo
from ctcompliance.demo import week
from ctcompliance.demo.people import person
from guidance.models import StatisticsRelease
from notifications.models import Alert, Via
from notifications.services.firing.fire import Firer
from orders.models import Deadline, DeadlineState, FollowUp, HistoryEntry, Order, ReviewItem

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Shown:
    """The demonstration as it was loaded, and when."""

    now: datetime
    first: demo.Loaded


@pytest.fixture(scope="module")
def shown(kept_rows: None) -> Shown:
    """The reference data and the demonstration, stored once for all tests."""
    load_reference()
    now = timezone.now()
    return Shown(now, demo.load(now))


@pytest.mark.usefixtures("shown")
def test_every_listed_person_signs_in() -> None:
    for _, email, password in demo.SIGN_INS:
        response = Client().post("/sign-in/", {"username": email, "password": password})
        assert response.status_code == 302, email


def test_two_deadlines_end_within_the_next_minutes_and_their_police_are_alerted(shown: Shown) -> None:
    now = shown.now
    soon = Deadline.objects.filter(
        rule_id="CT-SUR-01",
        state=DeadlineState.OPEN,
        due_at__gt=now + timedelta(seconds=20),
        due_at__lte=now + timedelta(seconds=100),
    )
    assert soon.count() == 2
    Firer("test").fire(now=now)
    before = Alert.objects.count()

    fired = Firer("test").fire(now=now + timedelta(minutes=2))

    assert (fired.checkpoints, fired.overdue, fired.alerts) == (2, 2, 4)
    alerted = set(Alert.objects.order_by("-id")[: fired.alerts].values_list("recipient__email", flat=True))
    assert alerted == {demo.SIGN_INS[0].email, demo.SIGN_INS[1].email, demo.SIGN_INS[2].email}
    assert before <= 21, "the mailbox is not flooded by what is long overdue"


def test_a_second_run_keeps_what_is_there_and_tops_up_only_when_nothing_is_about_to_pass(
    shown: Shown,
) -> None:
    now, first = shown.now, shown.first
    counts = User.objects.count(), Order.objects.count(), HistoryEntry.objects.count()

    at_once = demo.load(now + timedelta(seconds=5))

    assert (User.objects.count(), Order.objects.count(), HistoryEntry.objects.count()) == counts
    assert (at_once.people, at_once.orders, at_once.ending_soon) == (0, 0, 0)
    assert (first.people, first.orders, first.ending_soon) == (len(demo.SIGN_INS), len(demo.SCENARIOS), 2)

    later = demo.load(now + timedelta(minutes=10))

    assert (later.people, later.orders, later.ending_soon) == (0, 0, 2)
    assert Order.objects.count() == len(demo.SCENARIOS) + 4


@pytest.mark.usefixtures("shown")
def test_every_state_is_shown() -> None:
    states = set(Deadline.objects.values_list("state", flat=True))
    assert {"open", "met", "not_started"} <= states
    assert Order.objects.filter(served_at=None).count() == 2
    assert Order.objects.filter(statements__kind="non_possession", firearms__isnull=False).exists()
    assert Deadline.objects.filter(rule_id="CT-SUR-01", met_in_time=False).exists()
    assert Deadline.objects.filter(rule_id="CT-CMP-01", state="open").exists()
    Firer("test").fire(now=timezone.now())
    assert Alert.objects.filter(via=Via.FALLBACK).count() == 1


def test_each_act_was_recorded_soon_after_its_fact(shown: Shown) -> None:
    orders = list(Order.objects.prefetch_related("history"))
    # What the system adds in between has the time of the load.
    times = [[entry.recorded_at for entry in order.history.all() if entry.actor_id] for order in orders]

    assert all(one == sorted(one) and one[-1] <= shown.now for one in times)
    assert max(len(set(one)) for one in times) >= 5
    assert any(one[0] < shown.now - timedelta(days=1) for one in times)
    entries = [entry for order in orders for entry in order.history.all() if entry.actor_id]
    assert [one.kind for one in entries if one.occurred_at > one.recorded_at] == []


def test_the_week_of_a_court_has_every_state(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    now = shown.now
    monkeypatch.setattr(week, "COUNTS", {"HHD": 17, "NNH": 1, "FST": 1})
    past = 37

    assert demo.load_week(now).orders == 19 + past
    assert demo.load_week(now).orders == 0

    orders = Order.objects.filter(case__docket_number__contains="-FA-26-7")
    assert orders.values("case__court").distinct().count() == 3
    assert orders.filter(vacated_at__isnull=False).exists()
    assert orders.filter(expires_on__lt=court_date(now)).exists()
    assert orders.filter(hearings__outcome="granted").exists()
    assert orders.filter(hearings__outcome="", hearings__scheduled_on__lt=court_date(now)).exists()
    assert orders.filter(custody_requests__kind="return").exists()
    assert orders.filter(served_at=None, service_attempts__isnull=False).exists()
    assert ReviewItem.objects.filter(code="near_match").exists()
    proofs = set(Deadline.objects.filter(order__in=orders).values_list("proof", flat=True))
    assert {"proven", "sworn_not_verified"} <= proofs
    for role, address, words in (
        ("marshal", "/service/", ("With you, to be served", "papers not picked up", "not filed")),
        ("marshal", "/service/pay/", ("failed attempt",)),
        ("prosecutor", "/referrals/", ("Read and decide", "warrant applied for", "Contempt")),
        ("licensing unit", "/licensing/", ("Record the revocation", "Record the reinstatement")),
    ):
        client = Client()
        client.force_login(
            User.objects.get(email=next(one.email for one in demo.SIGN_INS if one.role == role))
        )
        page = client.get(address).content.decode()
        for found in words:
            assert found in page, (role, found)
    Firer("test").fire(now=now)
    _assert_figures_are_released(now)
    client.force_login(person("advocate"))
    clients = client.get("/").content.decode()
    assert ("Blue Harbor" in clients, "Maple" in clients) == (True, True), "the words for two clients"
    client.force_login(person("police supervisor"))
    assert "Record the look" in client.get("/figures/").content.decode()
    client.force_login(person("school"))
    assert "A copy of the order was requested for your school" in client.get("/school/").content.decode()


def _assert_figures_are_released(now: datetime) -> None:
    """The page for the public has figures of the last quarter, and its orders wait on no desk of today."""
    found = Client().get("/statistics/").content.decode()
    assert "No figures are released yet." not in found
    (row,) = StatisticsRelease.objects.all()
    assert (row.version, row.figures["state"]["orders"], row.figures["state"]["proven"]) == (1, 37, 20)
    shown = [name for name, one in row.figures["courts"].items() if isinstance(one["proven"], int)]
    assert len(shown) == 2
    past = Order.objects.filter(case__docket_number__contains="-FA-26-6")
    assert not past.exclude(expires_on__lt=court_date(now)).exists()
    assert not Alert.objects.filter(order__in=past).exists()
    assert not FollowUp.objects.filter(order__in=past).exists()
