"""Metrics: who may read them, their values, and no names."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AgencyKind, Role
from notifications.models import Alert, AlertState, Finding, Heartbeat, PendingAcknowledgment, Provider
from notifications.services.firing.fire import Firer
from notifications.services.watch import canary, counters
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

BEARER = {"Authorization": "Bearer a-long-random-text"}


@pytest.fixture
def client(settings: Settings) -> Client:
    settings.METRICS_TOKEN = "a-long-random-text"
    return Client(headers=BEARER)


def read(client: Client) -> dict[tuple[str, ...], float]:
    """The numbers by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(answer.content.decode())
        for one in family.samples
    }


def fire() -> None:
    police = make.agency(name="Police of Quillfeather", email="desk@quillfeather.example")
    person = make.person(Role.LIAISON, police)
    person.name = "Wren Quillfeather"
    person.save()
    make.served_order(
        respondent_name="Ash Quillfeather",
        docket_number="HHD-FA26-7654321-S",
        court=make.agency(AgencyKind.COURT, name="Court of Quillfeather"),
        respondent_town=make.town(police),
    )
    Firer("test").fire(now=NOW + timedelta(hours=23))


def test_what_a_monitor_reads(client: Client) -> None:
    fire()
    Heartbeat.objects.create(name="one", last_pulse_at=timezone.now() - timedelta(seconds=3))
    Finding.objects.create(code="clock", detail="Apart.")
    Finding.objects.create(code="clock", subject="old", detail="Apart.", resolved_at=timezone.now())
    Provider.objects.create(name="smtp", failures=4, open_until=timezone.now() + timedelta(minutes=1))
    Provider.objects.create(name="other", failures=1, open_until=timezone.now() - timedelta(minutes=1))
    oldest = Alert.objects.earliest("pk")
    Alert.objects.filter(pk=oldest.pk).update(state=AlertState.IN_DOUBT, possible_duplicate=True)
    PendingAcknowledgment.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    counters.take()

    found = read(client)

    assert 3 <= found["ctc_pulse_age_seconds",] < 60
    assert ("ctc_canary_age_seconds",) not in found, "none arrived"
    assert found["ctc_alerts", "1m", "email", "ready"] == Alert.objects.filter(state=0).count() > 0
    assert found["ctc_alerts", "1m", "email", "in_doubt"] == 1
    assert found["ctc_alerts_in_doubt",] == found["ctc_possible_duplicates",] == 1
    assert found["ctc_answers_awaited",] == PendingAcknowledgment.objects.count() > 0
    assert 120 <= found["ctc_answers_awaited_oldest_seconds",] < 180
    assert (found["ctc_provider_open", "smtp"], found["ctc_provider_open", "other"]) == (1, 0)
    assert found["ctc_provider_failures", "smtp"] == 4
    assert found["ctc_findings_open", "clock"] == 1
    assert found["ctc_count", "overdue"] == found["ctc_count", "overdue_alerted"] > 0
    assert ("ctc_due_lag_seconds",) in found
    assert ("ctc_outbox_age_seconds",) in found


def test_a_canary_that_arrived_has_an_age(client: Client) -> None:
    canary.plant()
    Firer("test").fire()
    Alert.objects.update(state=AlertState.ACCEPTED, accepted_at=timezone.now() - timedelta(seconds=70))

    assert 70 <= read(client)["ctc_canary_age_seconds",] < 120


def test_alerts_of_yesterday_are_counted_only_if_they_were_never_sent(client: Client) -> None:
    fire()
    Alert.objects.update(created_at=timezone.now() - timedelta(hours=25), state=AlertState.ACCEPTED)
    assert not [name for name in read(client) if name[0] == "ctc_alerts"]

    unsent = Alert.objects.latest("pk")
    Alert.objects.filter(pk=unsent.pk).update(state=AlertState.TEMPORARY_FAILURE)
    assert read(client)["ctc_alerts", "older", unsent.channel, "temporary_failure"] == 1


@pytest.mark.parametrize(
    ("minutes", "age"), [(0, "1m"), (2, "10m"), (30, "1h"), (90, "24h"), (24 * 60 - 1, "24h")]
)
def test_alerts_are_counted_by_age(client: Client, minutes: int, age: str) -> None:
    fire()
    Alert.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))

    assert {name[1] for name in read(client) if name[0] == "ctc_alerts"} == {age}


def test_the_metrics_of_each_provider_exist_from_the_first_start(client: Client, settings: Settings) -> None:
    settings.EMAIL_PROVIDERS, settings.SMS_PROVIDERS = ["smtp", "resend"], ["twilio"]
    settings.SERVICES = ["slack"]

    found = read(client)

    for name in ("smtp", "resend", "twilio", "apprise", "canary"):
        assert found["ctc_provider_failures", name] == found["ctc_provider_open", name] == 0


def test_no_label_contains_a_name(client: Client) -> None:
    fire()
    canary.plant()
    Firer("test").fire()
    counters.take()

    text = client.get("/metrics").content.decode()

    assert "ctc_alerts{" in text
    assert not re.search("quillfeather|7654321|HHD|person|birch", text, re.IGNORECASE)
    for name in Alert.objects.values_list("agency__name", flat=True):
        assert str(name) not in text


def test_it_takes_as_many_queries_however_much_there_is(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(11):
        client.get("/metrics")
    fire()
    counters.take()
    with django_assert_num_queries(11):
        client.get("/metrics")


@pytest.mark.parametrize(
    "given", [{}, {"Authorization": "Bearer another"}, {"Authorization": "a-long-random-text"}]
)
def test_without_the_token_the_page_is_404(settings: Settings, given: dict[str, str]) -> None:
    settings.METRICS_TOKEN = "a-long-random-text"

    assert Client(headers=given).get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("address", "is_local", "status"),
    [("127.0.0.1", True, 200), ("::1", True, 200), ("192.0.2.1", True, 404), ("127.0.0.1", False, 404)],
)
def test_without_a_configured_token_only_a_demonstration_serves_its_own_machine(
    settings: Settings, address: str, *, is_local: bool, status: int
) -> None:
    settings.METRICS_TOKEN, settings.IS_LOCAL = "", is_local

    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == status
    assert Client(REMOTE_ADDR=address, headers={"Authorization": "Bearer "}).get("/metrics").status_code == (
        status
    )
