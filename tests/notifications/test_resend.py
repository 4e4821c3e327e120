"""Failed and doubtful alerts are sent again, by administrators, with the right key and mark, on record."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from notifications.models import Alert, AlertState
from notifications.services.delivery import sending
from notifications.services.delivery.resend import Resent, resend, unsent_alert, unsent_between
from orders.models import HistoryEntry
from tests import make
from tests.ledger import Ledger
from tests.notifications.fixtures import OrderFixture, set_up
from tests.provider import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def fired(administrator: User) -> OrderFixture:
    found = set_up()
    found.fire_alone()
    return found


def failed(ledger: Ledger) -> list[Alert]:
    """The alerts, all failed because the mail server refused their recipients."""
    ledger.refuses = {"RCPT": "550 5.1.1 unknown"}
    sending.drain(worker="w")
    ledger.refuses = {}
    found = list(Alert.objects.order_by("id"))
    assert {one.state for one in found} == {AlertState.FAILED}
    return found


def again(by: User, *, in_doubt: bool = False) -> Resent:
    now = timezone.now()
    span = unsent_between(now - timedelta(hours=1), now + timedelta(hours=1), in_doubt=in_doubt)
    return resend(span, by=by, now=now)


def test_failed_alerts_of_a_time_are_sent_again_under_a_new_key(
    fired: OrderFixture, administrator: User, ledger: Ledger
) -> None:
    before = failed(ledger)

    assert again(administrator) == Resent(failed=len(before))
    assert again(administrator) == Resent(), "once"
    sending.drain(worker="w")

    after = list(Alert.objects.order_by("id"))
    assert {(one.state, one.possible_duplicate) for one in after} == {(AlertState.ACCEPTED, False)}
    assert {one.message_key for one in before}.isdisjoint({one.message_key for one in after})
    entries = HistoryEntry.objects.filter(kind="alert_resent", order=fired.order)
    assert {entry.actor for entry in entries} == {administrator}
    assert {UUID(entry.data["alert"]) for entry in entries} == {one.public_id for one in before}


def test_one_alert_alone(fired: OrderFixture, administrator: User, ledger: Ledger) -> None:
    one, *_ = failed(ledger)

    assert resend(unsent_alert(one.public_id), by=administrator, now=timezone.now()) == Resent(failed=1)
    assert Alert.objects.filter(state=AlertState.READY).get() == one


def test_a_doubt_is_marked_and_sent_only_if_asked_for(
    fired: OrderFixture, administrator: User, ledger: Ledger
) -> None:
    Alert.objects.update(state=AlertState.IN_DOUBT, provider="smtp", first_sent_at=timezone.now())

    assert again(administrator) == Resent()
    assert again(administrator, in_doubt=True).in_doubt == Alert.objects.count()
    sending.drain(worker="w")

    assert set(Alert.objects.values_list("state", "possible_duplicate")) == {(AlertState.ACCEPTED, True)}


def test_a_doubt_keeps_its_key_while_the_provider_remembers_it(
    fired: OrderFixture, administrator: User, provider: Provider, settings: Settings
) -> None:
    settings.EMAIL_PROVIDERS = ["resend"]
    sending.drain(worker="w")
    sent = provider.keys()
    # The answer did not arrive.
    Alert.objects.update(state=AlertState.IN_DOUBT)

    again(administrator, in_doubt=True)
    sending.drain(worker="w")

    assert provider.keys() == sent, "the same messages"
    assert set(Alert.objects.values_list("state", "possible_duplicate")) == {(AlertState.ACCEPTED, False)}


def test_what_no_longer_applies_is_withdrawn_and_not_sent(
    fired: OrderFixture, administrator: User, ledger: Ledger
) -> None:
    one, *_ = failed(ledger)
    assert one.checkpoint is not None
    type(one.checkpoint.deadline).objects.update(revision=99)

    again(administrator)
    sending.drain(worker="w")

    assert ledger.lines() == []
    assert set(Alert.objects.values_list("state", flat=True)) == {AlertState.WITHDRAWN}


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR, Role.LIAISON])
def test_only_administrators_may(role: Role, fired: OrderFixture) -> None:
    agency = fired.court if role == Role.CLERK else fired.police if role == Role.LIAISON else None
    person = make.person(role, agency) if agency else make.person(role)

    with pytest.raises(CommandError, match="not an administrator"):
        call_command("resend_alerts", by=person.email)


def test_by_the_command(fired: OrderFixture, administrator: User, ledger: Ledger) -> None:
    count = len(failed(ledger))
    out = StringIO()

    call_command("resend_alerts", by=administrator.email, dry_run=True, stdout=out)
    call_command("resend_alerts", by=administrator.email, stdout=out)

    assert out.getvalue().splitlines() == [
        f"{count} alerts would be sent again.",
        f"Sent again: {count} that failed, 0 that may have arrived.",
    ]
    for options in ({"alert": "x"}, {"since": "yesterday"}):
        given: dict[str, Any] = options
        with pytest.raises(CommandError):
            call_command("resend_alerts", by=administrator.email, **given)


def test_on_the_page(fired: OrderFixture, administrator: User, ledger: Ledger, client: Client) -> None:
    one, other, *_ = failed(ledger)
    client.force_login(administrator)
    url = "/admin/notifications/finding/send-again/"

    page = client.post(url, {"hours": "24"}).content.decode()
    assert str(one.public_id) in page
    assert fired.order.case.docket_number not in page
    answer = client.post(url, {"hours": "24", "chosen": "1", "alert": [str(one.public_id)]}, follow=True)
    assert "1 alert is sent again" in answer.content.decode()
    assert list(Alert.objects.filter(state=AlertState.READY)) == [one]
    client.post(url, {"hours": "24", "all": "1"})
    other.refresh_from_db()
    assert other.state == AlertState.READY


def test_the_page_is_for_administrators(fired: OrderFixture, client: Client) -> None:
    client.force_login(fired.clerk)

    assert client.get("/admin/notifications/finding/send-again/").status_code == 403
