"""A dead mail server, a refusal, a failed alert and waiting paper are seen at once, and by another way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from notifications.channels import smtp_backend
from notifications.models import Alert, AlertState, Finding, Heartbeat, Provider
from notifications.services import last_hop
from notifications.services.delivery import outbox, printing, providers, sending
from notifications.services.watch import canary, delivery, posting
from notifications.services.watch.findings import Violation, open_findings, report
from tests import make
from tests.ledger import Ledger, free_port
from tests.notifications.fixtures import OrderFixture, set_up
from tests.notifications.hook_server import HookServer, running

pytestmark = pytest.mark.django_db

OLD = timedelta(seconds=delivery.NOT_SENT + 1)


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def fired(administrator: User) -> OrderFixture:
    found = set_up()
    found.fire_alone()
    Heartbeat.objects.create(name="w", last_pulse_at=timezone.now())
    return found


@pytest.fixture
def system(settings: Settings) -> Iterator[HookServer]:
    """The administrators' own system."""
    settings.FINDINGS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with running() as found:
        settings.FINDINGS_URL = f"{found.url}"
        yield found


def health() -> tuple[int, dict[str, object]]:
    response = Client().get("/healthz/deadlines")
    return response.status_code, response.json()


def codes() -> set[str]:
    return set(open_findings().values_list("code", flat=True))


def of_order() -> list[Alert]:
    return list(Alert.objects.filter(checkpoint__isnull=False).order_by("id"))


def pass_time(by: timedelta) -> None:
    for one in of_order():
        Alert.objects.filter(pk=one.pk).update(created_at=one.created_at - by)


def probe_again() -> None:
    Provider.objects.update(probed_at=timezone.now() - timedelta(minutes=1))
    last_hop.watch()


def test_alerts_that_are_tried_and_not_sent_are_unsent(
    fired: OrderFixture, ledger: Ledger, settings: Settings
) -> None:
    settings.EMAIL_PORT = free_port()
    sending.drain(worker="w")
    pass_time(OLD)
    # Each try moves the next one, and not how long the alert has waited.
    Alert.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=10))

    status, body = health()
    assert (status, body["status"]) == (503, "late")
    assert float(str(body["outbox_lag_s"])) > delivery.NOT_SENT
    last_hop.watch()
    assert "unsent" in codes()
    assert not canary.plant(), "the outside monitor alarms"


def test_what_waits_for_its_recipient_is_not_late(fired: OrderFixture, ledger: Ledger) -> None:
    ledger.refuses = {"RCPT": "450 4.2.0 greylisted"}
    sending.drain(worker="w")
    pass_time(OLD)
    assert health()[0] == 200

    ledger.refuses = {}
    Alert.objects.update(waits_for_recipient=False, held_until=timezone.now() + timedelta(hours=1))
    assert health()[0] == 200
    Alert.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert health()[0] == 200, "counted from when it may be sent"


def test_what_waits_long_for_its_recipients_server_is_a_finding(fired: OrderFixture, ledger: Ledger) -> None:
    ledger.refuses = {"RCPT": "451 later"}
    sending.drain(worker="w")
    last_hop.watch()
    assert codes() == set()

    Alert.objects.update(first_sent_at=timezone.now() - timedelta(seconds=delivery.NOT_TAKEN + 1))
    last_hop.watch()
    assert codes() == {"refused"}

    ledger.refuses = {}
    Alert.objects.update(next_attempt_at=timezone.now())
    sending.drain(worker="w")
    last_hop.watch()
    assert codes() == set()


def test_a_finding_that_is_refused_stops_no_other(
    administrator: User, ledger: Ledger, system: HookServer
) -> None:
    report(Violation(code="stuck", subject="one", detail="One."))
    report(Violation(code="stuck", subject="two", detail="Two."))
    system.answers = [400]

    posting.post_findings(at=datetime.now(UTC))

    posted = Finding.objects.exclude(posted_at=None)
    assert [one.subject for one in posted] == ["two"]


def test_a_mail_server_that_dies_is_noticed_without_any_alert(
    administrator: User, ledger: Ledger, settings: Settings, system: HookServer
) -> None:
    Heartbeat.objects.create(name="w", last_pulse_at=timezone.now())
    last_hop.watch()
    assert (health()[0], codes()) == (200, set())
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()

    for _ in range(providers.FAULTS):
        probe_again()

    assert providers.FAULTS * providers.PROBE_EVERY <= 120
    status, body = health()
    assert (status, body["channels_down"]) == (503, ["email"])
    assert codes() == {"provider"}
    # By another way than the mail server that is down.
    (request,) = system.requests
    assert json.loads(request.body)["data"]["subject"] == "smtp"
    assert request.headers["webhook-id"] == f"finding_{open_findings().get().pk}"
    assert not canary.plant()

    settings.EMAIL_PORT = port
    probe_again()
    last_hop.watch()
    assert (health()[0], codes()) == (200, set())
    assert len(system.requests) == 1, "once"


@pytest.mark.parametrize(
    ("stage", "reply"), [("AUTH", "535"), ("MAIL", "550 5.1.8 no"), ("CONNECT", "554 no")]
)
def test_a_setting_that_the_server_refuses_is_noticed_at_the_first_try(
    stage: str, reply: str, administrator: User, ledger: Ledger, settings: Settings
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "relay", "a password"
    ledger.refuses = {stage: reply}

    last_hop.watch()

    assert codes() == {"provider"}
    assert reply[:3] in open_findings().get().detail
    ledger.refuses = {}
    probe_again()
    assert codes() == set()


def test_a_name_that_is_not_found_is_noticed_at_the_first_try(
    administrator: User, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(smtp_backend, "resolve", lambda *_: [])
        last_hop.watch()

    assert codes() == {"provider"}
    assert "is not found" in open_findings().get().detail
    probe_again()
    assert codes() == set()


def test_a_finding_that_is_not_received_is_posted_again(
    administrator: User, ledger: Ledger, system: HookServer
) -> None:
    ledger.refuses = {"MAIL": "530 no"}
    system.answers = [500]

    last_hop.watch()
    assert Finding.objects.get().posted_at is None
    last_hop.watch()

    assert Finding.objects.get().posted_at is not None
    assert len(system.requests) == 2


def test_failed_alerts_and_waiting_paper_are_findings(fired: OrderFixture, ledger: Ledger) -> None:
    ledger.refuses = {"RCPT": "550 5.1.1 unknown"}
    sending.drain(worker="w")
    last_hop.watch()
    assert codes() == {"failed"}

    assert printing.fall_back_to_paper() > 0
    last_hop.watch()
    assert codes() == {"failed"}
    Alert.objects.filter(channel="print").update(
        created_at=timezone.now() - timedelta(seconds=delivery.NOT_HANDED + 1)
    )
    last_hop.watch()
    assert codes() == {"failed", "paper"}


def test_a_provider_without_receipts_is_silent(fired: OrderFixture) -> None:
    one, *_ = of_order()
    hours = timezone.now() - timedelta(hours=2)
    for number in range(delivery.LEAST_WITHOUT_RECEIPT):
        one.pk, one.public_id, one.idem_key = None, uuid4(), f"copy {number}"
        one.state, one.provider = AlertState.ACCEPTED, "resend"
        one.save(force_insert=True)
    Alert.objects.update(created_at=hours, state=AlertState.ACCEPTED)

    assert [found.subject for found in delivery.silent()] == ["resend"]
    Alert.objects.filter(pk=one.pk).update(state=AlertState.DELIVERED)
    assert list(delivery.silent()) == []


def test_while_a_circuit_is_open_nothing_is_leased_and_no_attempt_is_counted(
    fired: OrderFixture, ledger: Ledger, settings: Settings
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    for _ in range(providers.FAULTS):
        Alert.objects.update(next_attempt_at=timezone.now())
        sending.drain(worker="w")
    assert providers.shut() == {"smtp"}
    assert {one.attempts for one in of_order()} == {0}, "no provider was offered them"
    Alert.objects.update(next_attempt_at=timezone.now())
    assert sending.drain(worker="w") == 0

    settings.EMAIL_PORT = port
    Alert.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=10))
    providers.record_health("smtp", failed=False)
    assert sending.drain(worker="w") == Alert.objects.count()
    assert {one.state for one in of_order()} == {AlertState.ACCEPTED}


def test_the_most_urgent_and_the_oldest_go_first(fired: OrderFixture) -> None:
    every = list(Alert.objects.order_by("id"))
    for number, one in enumerate(every):
        Alert.objects.filter(pk=one.pk).update(
            priority=number % 3, created_at=one.created_at - timedelta(minutes=number)
        )

    leased = outbox.lease(len(every), worker="w")

    expected = Alert.objects.order_by("priority", "created_at").values_list("id", flat=True)
    assert [one.id for one in leased] == list(expected)
