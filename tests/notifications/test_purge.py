"""What is kept for longer than it may be goes, what is younger stays; the record itself is not touched."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import models
from django.utils import timezone

from accounts.models import AgencyKind, Role
from notifications.models import (
    Alert,
    AlertState,
    Callback,
    Finding,
    Heartbeat,
    SafeContact,
    WebhookDelivery,
    WebhookSubscription,
)
from notifications.services.firing.fire import Firer
from notifications.services.watch import canary
from notifications.services.watch import purge as purging
from notifications.services.watch.purge import RetentionError, purge, read, shipped
from orders.models import ConfidentialityRelease, ImportFile, ImportJob, ImportPiece, Order
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def before(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def heartbeat(days: float) -> Heartbeat:
    return Heartbeat.objects.create(name=uuid.uuid4().hex, last_pulse_at=before(days))


def callback(days: float) -> Callback:
    return Callback.objects.create(provider="smtp", digest=uuid.uuid4().hex, received_at=before(days))


def canary_alert(days: float) -> Alert:
    canary.plant()
    Firer("test").fire()
    Alert.objects.filter(state=AlertState.READY).update(state=AlertState.ACCEPTED)
    alert = Alert.objects.latest("pk")
    Alert.objects.filter(pk=alert.pk).update(created_at=before(days))
    return alert


def delivery(days: float, state: int = 3) -> WebhookDelivery:
    hook = WebhookSubscription.objects.create(
        agency=make.agency(),
        url="https://system.example/",
        events=["alert.created"],
        encrypted_secret="sealed",
        created_at=NOW,
        created_by=make.person(Role.LIAISON, make.agency()),
    )
    return WebhookDelivery.objects.create(
        subscription=hook, event="ping", occurred_at=before(days), state=state
    )


def import_file(days: float) -> ImportFile:
    job = ImportJob.objects.create(
        by=make.person(Role.CLERK, make.agency()),
        state="failed",
        created_at=before(days + 1),
        ended_at=before(days),
    )
    file = ImportFile.objects.create(job=job, name="orders")
    ImportPiece.objects.create(file=file, number=1, content=b"Ash Birch")
    return file


def finding(days: float) -> Finding:
    found = Finding.objects.create(code="clock", detail="Apart.", resolved_at=before(days))
    Alert.objects.create(
        finding=found,
        recipient=make.person(Role.ADMINISTRATOR),
        via="operator",
        idem_key=uuid.uuid4().hex,
        state=AlertState.ACCEPTED,
    )
    return found


@pytest.mark.parametrize(
    ("name", "days", "made"),
    [
        ("heartbeats", 1, heartbeat),
        ("canary_alerts", 7, canary_alert),
        ("callbacks", 30, callback),
        ("webhook_deliveries", 30, delivery),
        ("import_files", 30, import_file),
        ("findings", 365, finding),
    ],
)
def test_what_is_older_goes_and_what_is_younger_stays(
    name: str, days: int, made: Callable[[float], models.Model]
) -> None:
    old, young = made(days + 0.01), made(days - 0.01)
    rows = type(old)._default_manager

    assert purge(is_dry_run=True)[name] == 1
    assert rows.count() == 2, "a dry run takes nothing"

    assert purge()[name] == 1
    assert [row.pk for row in rows.all()] == [young.pk]
    assert purge()[name] == 0


def test_a_delivery_that_is_not_over_stays_and_the_pieces_go_with_their_file() -> None:
    delivery(100, state=0)
    import_file(31)

    purge()

    assert WebhookDelivery.objects.count() == 1
    assert not ImportPiece.objects.exists()


def test_what_a_provider_called_a_message_is_blanked_and_the_alert_stays() -> None:
    police = make.agency()
    make.person(Role.LIAISON, police)
    make.served_order(respondent_town=make.town(police))
    Firer("test").fire(now=NOW + timedelta(hours=23))
    old, young = list(Alert.objects.order_by("id"))[:2]
    total = Alert.objects.count()
    for alert, days in ((old, 91), (young, 89)):
        Alert.objects.filter(pk=alert.pk).update(provider_ref="queued as 1", created_at=before(days))

    assert purge()["provider_refs"] == 1

    assert Alert.objects.get(pk=old.pk).provider_ref == ""
    assert Alert.objects.get(pk=young.pk).provider_ref == "queued as 1"
    assert Alert.objects.count() == total


def test_the_address_of_a_safe_contact_goes_when_it_ended() -> None:
    order = make.order()
    ended, standing = contact(order), contact(order)
    SafeContact.objects.filter(pk=ended.pk).update(ended_at=timezone.now())

    assert purge()["safe_contacts"] == 1

    ended.refresh_from_db()
    standing.refresh_from_db()
    assert (ended.encrypted_address, ended.encrypted_phrase) == ("", "")
    assert (standing.encrypted_address, standing.encrypted_phrase) == ("sealed", "sealed")


def contact(order: Order) -> SafeContact:
    organization = make.agency(AgencyKind.ADVOCACY)
    advocate = make.person(Role.ADVOCATE, organization)
    release = ConfidentialityRelease.objects.create(
        order=order,
        agency=organization,
        begins_at=NOW,
        ends_at=NOW + timedelta(days=30),
        signed_on=NOW.date(),
    )
    return SafeContact.objects.create(
        release=release,
        channel="sms",
        encrypted_address="sealed",
        encrypted_phrase="sealed",
        confirm_every=timedelta(days=30),
        confirmed_at=NOW,
        set_at=NOW,
        set_by=advocate,
    )


def test_the_permanent_record_is_never_purged() -> None:
    kept = {one.name: one for one in shipped()}

    assert {name for name, one in kept.items() if one.by == "never"} == {
        "access_log",
        "audit_reviews",
        "dispositions",
        "message_templates",
    }
    assert {name for name, one in kept.items() if one.by == "dispose"} == {"alerts", "legal_holds", "orders"}
    assert kept["access_log"].days == 365
    assert {name for name, one in kept.items() if one.by == "purge"} == set(purging._METHODS)


CLASS = '[[class]]\nname = "{}"\nwhat = "x"\nwhy = "x"\nby = "{}"\ndays = {}\n'


def test_an_access_log_shorter_than_a_year_is_refused() -> None:
    assert read(CLASS.format("access_log", "never", 365))
    with pytest.raises(RetentionError, match=r"access_log: 364 days are too few. Set 365 or more"):
        read(CLASS.format("access_log", "never", 364))


@pytest.mark.parametrize("name", ["access_log", "alerts", "spelt_wrongly"])
def test_the_purge_refuses_classes_it_does_not_know(name: str) -> None:
    with pytest.raises(RetentionError, match=f"{name}: the purge"):
        read(CLASS.format(name, "purge", 400))


def test_it_deletes_in_batches_until_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        heartbeat(2)
    monkeypatch.setattr(purging, "BATCH", 2)

    assert purge(seconds=0)["heartbeats"] == 0
    assert purge()["heartbeats"] == 5


def test_the_command_counts_and_then_deletes() -> None:
    heartbeat(2)
    printed = StringIO()

    call_command("purge", "--dry-run", "--json", stdout=printed)
    assert json.loads(printed.getvalue())["heartbeats"] == 1
    call_command("purge", stdout=printed)

    assert "heartbeats                   1 deleted" in printed.getvalue()
    assert not Heartbeat.objects.exists()
