"""Audits find violations, notify every administrator once, and resolve findings that are gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from notifications.models import (
    Alert,
    AlertState,
    Counter,
    Finding,
    Heartbeat,
    Preference,
    Via,
    WebhookDelivery,
    WebhookSubscription,
)
from notifications.services.delivery import sending
from notifications.services.firing.fire import Firer
from notifications.services.watch import audits, canary, counters
from notifications.services.watch.audits import audit
from notifications.services.watch.findings import Violation
from orders.models import Checkpoint, Deadline, FollowUp, Order
from orders.services.orders.corrections import correct_order
from orders.services.planning import rulebooks
from tests import make
from tests.ledger import Ledger
from tests.make import NOW

pytestmark = pytest.mark.django_db

DUE = NOW + timedelta(hours=23)


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def fired(administrator: User) -> Order:
    """An order whose surrender check fired, and nothing else is pending."""
    police = make.agency()
    make.person(Role.LIAISON, police)
    order = make.served_order(respondent_town=make.town(police))
    Firer("test").fire(now=DUE)
    Checkpoint.objects.filter(state=0).delete()
    Alert.objects.filter(state=AlertState.READY).update(state=AlertState.ACCEPTED)
    return order


def codes() -> list[str]:
    return [
        f"{one.code} {one.subject}".strip()
        for one in Finding.objects.filter(resolved_at=None).order_by("code", "subject")
    ]


def ago(**units: float) -> datetime:
    return timezone.now() - timedelta(**units)


def hook_of(user: User) -> WebhookSubscription:
    return WebhookSubscription.objects.create(
        agency=make.agency(),
        url="https://system.example/hook",
        events=["alert.created"],
        encrypted_secret="sealed",
        created_at=timezone.now(),
        created_by=user,
    )


def test_nothing_is_found_where_all_is_well(fired: Order) -> None:
    assert audit() == []
    assert codes() == []


def test_i1_due_and_pending_too_long(fired: Order) -> None:
    Checkpoint.objects.filter(pk=Checkpoint.objects.earliest("pk").pk).update(
        state=0, fired_at=None, fires_at=ago(seconds=31), planned_at=ago(seconds=31)
    )
    audit()
    assert codes() == ["late"]

    Checkpoint.objects.filter(state=0).update(planned_at=ago(seconds=20))
    audit()
    assert "late" not in codes(), "learnt of just now"


def test_i2_an_alert_that_is_missing_or_too_many(fired: Order) -> None:
    checkpoint = Checkpoint.objects.filter(expected__gt=0).first()
    assert checkpoint is not None

    Checkpoint.objects.filter(pk=checkpoint.pk).update(expected=F("expected") + 1)
    audit()
    assert codes() == ["incomplete"]

    Checkpoint.objects.filter(pk=checkpoint.pk).update(fired_at=ago(hours=27))
    audit()
    assert codes() == []


@pytest.mark.parametrize(
    ("subject", "state", "column", "minutes"),
    [
        ("alerts to send", AlertState.TEMPORARY_FAILURE, "next_attempt_at", (11, 9)),
        ("alerts being sent", AlertState.SENDING, "lease_until", (3, 1)),
        ("alerts in doubt", AlertState.IN_DOUBT, "next_attempt_at", (11, 9)),
    ],
)
def test_i3_an_alert_that_is_stuck(
    fired: Order, subject: str, state: AlertState, column: str, minutes: tuple[int, int]
) -> None:
    alert = Alert.objects.filter(checkpoint__isnull=False).earliest("pk")
    Alert.objects.filter(pk=alert.pk).update(state=state, **{column: ago(minutes=minutes[0])})
    audit()
    assert codes() == [f"stuck {subject}"]

    Alert.objects.filter(pk=alert.pk).update(**{column: ago(minutes=minutes[1])})
    audit()
    assert codes() == []


def test_i3_a_webhook_that_is_stuck(administrator: User) -> None:
    hook = hook_of(administrator)
    WebhookDelivery.objects.create(subscription=hook, event="ping", next_attempt_at=ago(minutes=11))
    WebhookDelivery.objects.create(subscription=hook, event="ping", state=1, lease_until=ago(minutes=3))

    audit()

    assert codes() == ["stuck webhooks being sent", "stuck webhooks to send"]


def test_i4_orders_without_deadlines_are_found_and_replanned(administrator: User) -> None:
    order = make.served_order()
    whole = make.served_order()
    Checkpoint.objects.filter(deadline__order=order).delete()
    Deadline.objects.filter(order=order).delete()

    counters.take()
    audit()

    assert codes() == ["uncovered orders"]
    assert Order.objects.get(pk=order.pk).planned_with == ""
    assert Order.objects.get(pk=whole.pk).planned_with != ""
    counters.take()
    audit()
    assert codes() == [], "it waits to be planned"


def test_i4_overdue_deadlines_without_a_follow_up(fired: Order) -> None:
    FollowUp.objects.update(closed_at=timezone.now(), outcome="test")

    counters.take()
    audit()

    assert codes() == ["uncovered follow-ups"]


def test_i5_what_may_have_come_twice(fired: Order) -> None:
    alert = Alert.objects.filter(checkpoint__isnull=False).earliest("pk")
    Alert.objects.filter(pk=alert.pk).update(possible_duplicate=True)
    audit()
    assert codes() == ["doubled"]
    assert Finding.objects.get().count == 1

    Alert.objects.filter(pk=alert.pk).update(created_at=ago(hours=27))
    audit()
    assert codes() == []


def test_i6_other_rules_of_local_time_make_every_plan_stale(
    fired: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit()
    monkeypatch.setattr(rulebooks, "clock_rules", lambda: "0123456789abcde")
    monkeypatch.setattr(audits, "clock_rules", lambda: "0123456789abcde")
    rulebooks._with_closings.cache_clear()
    try:
        audit()
        assert codes() == ["clock_rules"]

        Order.objects.update(planned_with=rulebooks.current_rulebook().version)
        audit()
        assert codes() == []
    finally:
        rulebooks._with_closings.cache_clear()


def test_i6_compares_the_zone_rules_not_their_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book, anew = rulebooks.bundled(), rulebooks.clock_rules.__wrapped__
    data = resources.files("tzdata.zoneinfo.America").joinpath("Chicago").open("rb")
    with data:
        moved = ZoneInfo.from_file(data, key="America/New_York")
    state = book.jurisdictions["us_ct"]
    said = []
    for zone in (state.zone, ZoneInfo.no_cache("America/New_York"), moved):
        states = {"us_ct": replace(state, zone=zone)}
        monkeypatch.setattr(rulebooks, "bundled", lambda states=states: replace(book, jurisdictions=states))
        said.append(anew())

    assert said[0] == said[1] != said[2]


@pytest.mark.parametrize(("off", "found"), [(29, []), (-31, ["clock"]), (31, ["clock"])])
def test_i7_the_clocks_of_database_and_host(administrator: User, off: int, found: list[str]) -> None:
    audit(host_clock=lambda: time.time() + off)

    assert codes() == found


def test_a_canary_that_does_not_arrive_is_found_inside_too(administrator: User) -> None:
    canary.plant()
    Firer("test").fire()
    Alert.objects.update(created_at=ago(minutes=4), state=AlertState.WITHDRAWN)
    audit()
    assert codes() == ["canary"]

    Alert.objects.filter(via=Via.CANARY).update(accepted_at=timezone.now(), state=AlertState.ACCEPTED)
    audit()
    assert codes() == []


def test_every_administrator_is_notified_once_of_a_finding_on_their_channels(ledger: Ledger) -> None:
    one, two = make.person(Role.ADMINISTRATOR), make.person(Role.ADMINISTRATOR)
    make.person(Role.ADMINISTRATOR, active=False)
    make.person(Role.CLERK, make.agency())
    Preference.objects.create(user=two, phone="+18605550100", by_sms=True)

    audit(host_clock=lambda: 0.0)
    audit(host_clock=lambda: 0.0)

    told = Alert.objects.values_list("recipient", "channel", "via")
    assert sorted(told) == sorted(
        [(one.pk, "email", "operator"), (two.pk, "email", "operator"), (two.pk, "sms", "operator")]
    )
    Alert.objects.filter(channel="sms").delete()
    sending.drain(worker="test")
    assert len(ledger.lines()) == 2
    assert set(Alert.objects.values_list("state", flat=True)) == {AlertState.ACCEPTED}


def test_word_of_a_finding_that_is_gone_is_not_sent(administrator: User, ledger: Ledger) -> None:
    audit(host_clock=lambda: 0.0)
    audit()

    sending.drain(worker="test")

    assert ledger.lines() == []
    assert Alert.objects.get().state == AlertState.WITHDRAWN


def test_what_comes_back_is_a_new_finding(administrator: User) -> None:
    for clock in (lambda: 0.0, time.time, lambda: 0.0):
        audit(host_clock=clock)

    assert Finding.objects.count() == 2
    assert Alert.objects.count() == 2


def test_what_cannot_be_asked_in_time_is_a_finding_and_resolves_nothing(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(host_clock=lambda: 0.0)
    monkeypatch.setattr(audits, "_LATE", "SELECT pg_sleep(%(most)s), %(patience)s")
    monkeypatch.setattr(audits, "AUDIT_TIMEOUT", 0.05)

    audit(host_clock=lambda: 0.0)

    assert codes() == ["clock", "unanswered late"]


def test_an_audit_that_fails_is_a_finding_and_stops_no_other(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Iterator[Violation]:
        raise ValueError("a value that no one expected")
        yield

    monkeypatch.setattr(audits, "_late", fail)

    audit(host_clock=lambda: 0.0)

    assert codes() == ["clock", "unanswered late"]


def test_administrators_see_it_on_their_home_page_and_in_the_admin(
    administrator: User, client: Client
) -> None:
    audit(host_clock=lambda: 0.0)
    client.force_login(administrator)

    home = client.get("/").content.decode()
    listed = client.get("/admin/notifications/finding/")

    assert "A system check found a problem" in home
    assert "/admin/notifications/finding/" in home
    assert "The clocks of the database" in listed.content.decode()
    assert client.get("/admin/notifications/finding/add/").status_code == 403
    client.force_login(make.person(Role.CLERK, make.agency()))
    assert "A system check found a problem" not in client.get("/").content.decode()
    assert client.get("/admin/notifications/finding/").status_code in {302, 403, 404}


def test_counts_are_published_and_uneven_ones_are_late_after_a_day(fired: Order, client: Client) -> None:
    Heartbeat.objects.create(name="new", last_pulse_at=timezone.now())
    counters.take()
    answer = client.get("/healthz/deadlines")
    counts = {name: said["value"] for name, said in answer.json()["counts"].items()}
    assert answer.status_code == 200
    assert counts["overdue"] == counts["overdue_alerted"] > 0
    assert counts["follow_ups_without_owner"] == counts["overdue_without_follow_up"] == 0

    Checkpoint.objects.filter(purpose="check").update(state=2, fired_at=None)
    counters.take()
    assert client.get("/healthz/deadlines").status_code == 200
    Counter.objects.filter(name="overdue_alerted").update(differs_since=ago(hours=25))
    counters.take()
    assert client.get("/healthz/deadlines").status_code == 503

    Checkpoint.objects.filter(purpose="check").update(state=1, fired_at=timezone.now())
    counters.take()
    assert client.get("/healthz/deadlines").status_code == 200


def test_a_registry_number_at_two_courts_is_found_until_one_is_corrected(administrator: User) -> None:
    first, second = (make.order(por_number=number) for number in ("POR 1", "por1"))
    counters.take()
    audit()

    assert codes() == ["numbers"]
    assert Finding.objects.get(code="numbers").count == 1
    assert first.case.court_id != second.case.court_id
    correct_order(second, por_number="POR2", reason="Misread.", by=None, now=timezone.now())
    counters.take()
    audit()
    assert codes() == []
