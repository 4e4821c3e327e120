"""The outbox over real SMTP: sent once, retried from the row, in doubt only where it must be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, Role, User
from notifications.models import SENDABLE, Alert, AlertState
from notifications.services import sql
from notifications.services.delivery import outbox, sending
from notifications.services.delivery.links import answer_link
from notifications.services.delivery.outbox import AlertCompletion, BegunAlert, CompletionState, LeasedAlert
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, Deadline, DeadlineState, Order
from orders.models.planning import NOTICE_OF_RETURN
from orders.services import service
from orders.services.firearms import inventory, receipts
from orders.services.orders import vacatur
from tests import make
from tests.ledger import Ledger
from tests.make import NOW

pytestmark = pytest.mark.django_db

DUE = NOW + timedelta(hours=23)


@pytest.fixture
def liaison() -> User:
    return make.person(Role.LIAISON, make.agency())


def fired(liaison: User, count: int = 1) -> list[Order]:
    """Orders whose surrender check fired, each of a different police agency; only liaisons are notified."""
    liaisons = [liaison, *(make.person(Role.LIAISON, make.agency()) for _ in range(count - 1))]
    towns = [make.town(one.memberships.get().agency) for one in liaisons]
    orders = [make.served_order(respondent_town=town) for town in towns]
    Firer("test").fire(now=DUE)
    Alert.objects.exclude(recipient__in=liaisons).delete()
    Alert.objects.exclude(checkpoint__deadline__rule_id="CT-SUR-01", checkpoint__name="check").delete()
    return orders


def begun(alerts: list[LeasedAlert]) -> list[BegunAlert]:
    return [
        BegunAlert(alert=one, key=one.public_id, bundled=1, template="", provider="smtp") for one in alerts
    ]


def states() -> dict[int, int]:
    found: dict[int, int] = {}
    for state in Alert.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def expire_leases() -> None:
    Alert.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(seconds=1))


def ready_now() -> None:
    Alert.objects.filter(state__in=SENDABLE).update(next_attempt_at=F("created_at"))


def test_alert_is_sent_once_to_one_address(liaison: User, ledger: Ledger) -> None:
    fired(liaison)

    assert sending.drain(worker="w") == 1
    assert sending.drain(worker="w") == 0

    (line,) = ledger.lines()
    alert = Alert.objects.get()
    assert line["to"] == [liaison.email]
    assert (alert.state, alert.attempts) == (AlertState.ACCEPTED, 1)
    assert alert.accepted_at is not None
    assert str(alert.public_id) in str(line["key"])


def test_a_message_contains_nothing_of_the_case(liaison: User, ledger: Ledger) -> None:
    (order,) = fired(liaison)

    sending.drain(worker="w")

    (line,) = ledger.lines()
    text = f"{line['headers']} {line['body']}"
    link = answer_link(Alert.objects.get().public_id)
    assert f"\r\n{link}\r\n" in text
    # Random letters of the link may spell any word.
    text = text.replace(link, "")
    for secret in (order.case.docket_number, order.case.respondent.name, order.case.respondent.town.name):
        assert secret not in text
    assert not re.search(r"firearm|gun|court|order|protective|weapon|police", text, re.IGNORECASE)


def test_refused_address_fails_for_good(liaison: User, ledger: Ledger) -> None:
    fired(liaison)
    ledger.answers = ["550 no such mailbox"]

    sending.drain(worker="w")

    alert = Alert.objects.get()
    assert (alert.state, alert.last_error) == (AlertState.FAILED, "the mail server answered 550")
    assert liaison.email not in alert.last_error


def test_temporary_refusal_is_tried_again_from_the_row(liaison: User, ledger: Ledger) -> None:
    fired(liaison)
    ledger.answers = ["451 try later"]

    sending.drain(worker="w")

    alert = Alert.objects.get()
    assert alert.state == AlertState.TEMPORARY_FAILURE
    wait = (alert.next_attempt_at - timezone.now()).total_seconds()
    assert sending.FIRST_WAIT - 2 < wait <= sending.FIRST_WAIT
    assert sending.drain(worker="w") == 0, "not before its time"
    ready_now()
    assert sending.drain(worker="w") == 1
    assert set(ledger.keys().values()) == {1}


def test_wait_doubles_up_to_a_bound(liaison: User, ledger: Ledger) -> None:
    fired(liaison)
    waits = []
    for _ in range(8):
        ledger.answers = ["451 try later"]
        sending.drain(worker="w")
        alert = Alert.objects.get()
        waits.append(round((alert.next_attempt_at - timezone.now()).total_seconds()))
        ready_now()

    # 15, 30, 60, 120, 240, 480, then 960 is cut to 900
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]


def test_mail_server_down_loses_nothing_and_doubles_nothing(
    liaison: User, ledger: Ledger, settings: Settings
) -> None:
    fired(liaison, 20)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1

    sending.drain(worker="w")
    assert states().keys() <= {AlertState.READY, AlertState.TEMPORARY_FAILURE}, (
        "no alert is leased or in doubt"
    )

    settings.EMAIL_PORT = port
    ready_now()
    assert sending.drain(worker="w") == 20
    assert set(ledger.keys().values()) == {1}
    assert len(ledger.keys()) == 20


def test_line_broken_after_the_message_is_in_doubt_then_sent_once_more_and_marked(
    liaison: User, ledger: Ledger
) -> None:
    fired(liaison)
    ledger.break_after_taking = 1

    sending.drain(worker="w")
    assert states() == {AlertState.IN_DOUBT: 1}

    assert sending.reap()["sent_again"] == 1
    sending.drain(worker="w")

    alert = Alert.objects.get()
    assert (alert.state, alert.possible_duplicate) == (AlertState.ACCEPTED, True)
    assert list(ledger.keys().values()) == [2], "the one double that the promise names, with one key"


def test_doubt_is_resolved_by_one_repetition_only(liaison: User, ledger: Ledger) -> None:
    fired(liaison)
    ledger.break_after_taking = 2
    sending.drain(worker="w")
    sending.reap()
    sending.drain(worker="w")

    assert sending.reap()["sent_again"] == 0
    assert states() == {AlertState.IN_DOUBT: 1}


def test_reminder_in_doubt_waits_for_a_person(liaison: User, ledger: Ledger) -> None:
    make.served_order(respondent_town=make.town(liaison.memberships.get().agency))
    Firer("test").fire(now=DUE - timedelta(hours=6))
    Alert.objects.exclude(recipient=liaison).delete()
    ledger.break_after_taking = 1

    sending.drain(worker="w")

    assert sending.reap()["sent_again"] == 0
    assert states() == {AlertState.IN_DOUBT: 1}


def test_one_bad_address_does_not_hold_up_the_batch(liaison: User, ledger: Ledger) -> None:
    fired(liaison, 20)
    ledger.answers = ["550 no such mailbox"]

    sending.drain(worker="w")

    assert states() == {AlertState.ACCEPTED: 19, AlertState.FAILED: 1}


def test_broken_line_leaves_the_rest_untried(liaison: User, ledger: Ledger) -> None:
    fired(liaison, 8)
    ledger.break_after_taking = 1

    sending.drain(worker="w")

    assert states() == {AlertState.IN_DOUBT: 1, AlertState.READY: 7}


def test_two_workers_never_lease_the_same_alert(liaison: User) -> None:
    fired(liaison, 6)

    first, second = outbox.lease(4, worker="a"), outbox.lease(4, worker="b")

    assert (len(first), len(second)) == (4, 2)
    assert {one.id for one in first}.isdisjoint(one.id for one in second)


def test_an_expired_lease_is_freed_and_the_late_result_refused(liaison: User) -> None:
    fired(liaison)
    (slow,) = outbox.lease(1, worker="slow")
    expire_leases()

    assert sending.reap()["freed"] == 1
    (quick,) = outbox.lease(1, worker="quick")

    assert outbox.complete([AlertCompletion(alert=slow, state=CompletionState.ACCEPTED)]) == 0
    assert outbox.begin(begun([slow])) == set()
    assert outbox.begin(begun([quick])) == {quick.id}
    assert outbox.complete([AlertCompletion(alert=quick, state=CompletionState.ACCEPTED)]) == 1


def test_sender_that_died_after_beginning_leaves_a_doubt(liaison: User) -> None:
    fired(liaison)
    outbox.begin(begun(outbox.lease(1, worker="dead")))
    expire_leases()

    reaped = sending.reap()

    assert reaped == {"freed": 0, "in_doubt": 1, "sent_again": 1}
    assert Alert.objects.get().possible_duplicate


def test_sending_does_not_begin_on_the_last_seconds_of_a_lease(liaison: User) -> None:
    fired(liaison)
    leased = outbox.lease(1, worker="w")
    Alert.objects.update(lease_until=timezone.now() + timedelta(seconds=outbox.LEFT - 1))

    assert outbox.begin(begun(leased)) == set()


def test_an_alert_is_withdrawn_if_the_deadline_was_met(liaison: User, ledger: Ledger) -> None:
    (order,) = fired(liaison)
    firearm = inventory.list_firearm(order, serial="S1", source="police", by=None, now=NOW)
    receipts.record_receipt(
        order, kind="police", received_at=NOW, firearms=[firearm], agency=make.agency(), by=None, now=NOW
    )

    assert sending.drain(worker="w") == 0
    assert states() == {AlertState.WITHDRAWN: 1}
    assert ledger.lines() == []


def test_notice_of_a_return_is_sent_though_the_firearms_went_back(liaison: User, ledger: Ledger) -> None:
    (order,) = fired(liaison)
    Checkpoint.objects.filter(alerts=Alert.objects.get()).update(name=NOTICE_OF_RETURN)
    Deadline.objects.filter(order=order, rule_id="CT-SUR-01").update(
        state=DeadlineState.MET, met_at=NOW, met_in_time=True
    )

    assert sending.drain(worker="w") == 1
    assert states() == {AlertState.ACCEPTED: 1}


def test_an_alert_is_withdrawn_if_the_deadline_moved(liaison: User, ledger: Ledger) -> None:
    (order,) = fired(liaison)
    service.correct_service(
        order, served_at=NOW - timedelta(minutes=30), reason="wrong line", by=None, now=DUE
    )

    assert sending.drain(worker="w") == 0
    assert states() == {AlertState.WITHDRAWN: 1}


def test_an_alert_is_withdrawn_if_the_order_was_vacated(liaison: User, ledger: Ledger) -> None:
    (order,) = fired(liaison)
    vacatur.vacate_order(order, vacated_at=NOW, reason="dismissed", by=None, now=NOW)

    sending.drain(worker="w")

    assert states() == {AlertState.WITHDRAWN: 1}


def test_recipient_who_left_is_a_loud_failure(
    liaison: User, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    fired(liaison)
    User.objects.update(is_active=False)

    sending.drain(worker="w")

    assert states() == {AlertState.FAILED: 1}
    assert "has no active recipient" in caplog.text
    assert liaison.email not in caplog.text


def test_who_left_the_agency_since_gets_nothing(liaison: User, ledger: Ledger) -> None:
    fired(liaison)
    liaison.memberships.all().delete()
    Membership.objects.create(user=liaison, agency=make.agency(), role=Role.LIAISON)

    sending.drain(worker="w")

    assert (states(), ledger.lines()) == ({AlertState.FAILED: 1}, [])


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": "new@agency.example"}])
def test_what_changes_between_lease_and_sending_is_decided_again(
    change: dict[str, Any], liaison: User, ledger: Ledger
) -> None:
    fired(liaison)
    leased = outbox.lease(10, worker="w")
    User.objects.filter(pk=liaison.pk).update(**change)

    assert outbox.begin(begun(leased)) == set()


def test_what_is_acknowledged_between_lease_and_sending_is_not_sent(liaison: User, ledger: Ledger) -> None:
    fired(liaison)
    leased = outbox.lease(10, worker="w")
    Alert.objects.update(acknowledged_at=timezone.now(), acknowledged_by=liaison)

    assert outbox.begin(begun(leased)) == set()


def test_an_address_that_changes_while_it_is_leased_gets_the_alert(
    liaison: User, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fired(liaison)
    whole = outbox.begin

    def begin_late(alerts: Any) -> set[int]:
        User.objects.filter(pk=liaison.pk).update(email="new@agency.example")
        return whole(alerts)

    monkeypatch.setattr(sending, "begin", begin_late)
    sending.drain(worker="w")
    assert ledger.lines() == []
    ready_now()
    sending.drain(worker="w")

    assert [line["to"] for line in ledger.lines()] == [["new@agency.example"]]
    assert states() == {AlertState.ACCEPTED: 1}


def test_times_fit_into_each_other(settings: Settings) -> None:
    """A lease outlives the hard limit, that the soft limit, that the mail server's timeout."""
    assert (
        outbox.LEASE
        > settings.CELERY_TASK_TIME_LIMIT
        > settings.CELERY_TASK_SOFT_TIME_LIMIT
        > settings.EMAIL_TIMEOUT
    )
    assert outbox.LEFT > settings.EMAIL_TIMEOUT


def test_a_sender_that_lives_records_its_results_after_the_database_is_back(
    liaison: User, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fired(liaison, 3)
    told, failures = outbox._complete, [OperationalError("gone"), InterfaceError("closed")]

    def complete(completions: Sequence[AlertCompletion]) -> int:
        if failures:
            raise failures.pop()
        return told(completions)

    monkeypatch.setattr(outbox, "_complete", complete)
    monkeypatch.setattr(sql, "RETRY", 0.01)
    # A test is one transaction, and a transaction does not survive its connection.
    monkeypatch.setattr(sql, "connection", Mock(wraps=connection, in_atomic_block=False, close=Mock()))

    sending.drain(worker="w")

    assert (states(), failures) == ({AlertState.ACCEPTED: 3}, [])


def test_a_late_result_settles_a_doubt_that_no_other_sender_took(liaison: User) -> None:
    fired(liaison, 2)
    leased = outbox.lease(2, worker="slow")
    outbox.begin(begun(leased))
    expire_leases()
    assert sending.reap()["sent_again"] == 2
    Alert.objects.filter(pk=leased[1].id).update(state=AlertState.IN_DOUBT)

    assert (
        outbox.complete([AlertCompletion(alert=one, state=CompletionState.ACCEPTED) for one in leased]) == 2
    )
    assert states() == {AlertState.ACCEPTED: 2}
