"""Escalation: up the ladder, each recipient once, until someone acknowledges."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from accounts.models import Agency, AgencyKind, Membership, Role, User
from notifications.models import (
    Alert,
    AlertState,
    EscalationStep,
    EscalationTarget,
    PendingAcknowledgment,
    Via,
)
from notifications.services.acknowledgments import acknowledge, acknowledge_by_code
from notifications.services.delivery import sending
from notifications.services.delivery.links import answer_code
from notifications.services.escalation import escalation
from notifications.services.escalation.escalation import escalate, load_steps
from notifications.services.recipients.recipients import Recipient
from orders.models import Capacity, Order, OrderAgency
from orders.services.orders import withdrawal
from tests import make
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.fixtures import OrderFixture, backup, by_sms, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def fixture() -> OrderFixture:
    load_steps()
    return set_up()


def statewide() -> Agency:
    agency = make.agency(AgencyKind.STATE_POLICE)
    agency.answers_for_state = True
    agency.save()
    return agency


def let_time_pass() -> None:
    PendingAcknowledgment.objects.filter(next_step_at__isnull=False).update(next_step_at=F("asked_at"))


def notified_next(fixture: OrderFixture) -> set[tuple[User | None, str]]:
    """The recipients of the next step."""
    before = set(Alert.objects.values_list("pk", flat=True))
    let_time_pass()
    escalate()
    return {(one.recipient, one.via) for one in Alert.objects.exclude(pk__in=before)}


def test_goes_up_from_backup_to_supervisor_to_state_police_and_ends(fixture: OrderFixture) -> None:
    second, chief = backup(fixture.police), make.person(Role.SUPERVISOR, fixture.police)
    headquarters = statewide()
    trooper = make.person(Role.LIAISON, headquarters)
    fixture.fire(["respondent_police"])

    assert notified_next(fixture) == {(second, Via.BACKUP)}
    assert notified_next(fixture) == {(chief, Via.SUPERVISOR)}
    assert notified_next(fixture) == {(trooper, Via.PERSON)}
    assert notified_next(fixture) == set()
    assert PendingAcknowledgment.objects.get().next_step_at is None
    assert OrderAgency.objects.filter(agency=headquarters, capacity=Capacity.STATE_POLICE).exists()
    assert Order.objects.visible_to(trooper).filter(pk=fixture.order.pk).exists()
    steps = [one.data["notified"] for one in fixture.order.history.filter(kind="not_acknowledged")]
    assert steps == [["backup"], ["supervisor"], ["person"]]


def test_what_an_order_entered_in_error_still_asked_for_ends(fixture: OrderFixture) -> None:
    backup(fixture.police)
    fixture.fire(["respondent_police"])
    withdrawal.withdraw_order(fixture.order, by=None, now=NOW, reason="entered twice")

    assert notified_next(fixture) == set()

    assert PendingAcknowledgment.objects.get().next_step_at is None
    sending.drain(worker="test")
    assert set(Alert.objects.values_list("state", flat=True)) == {AlertState.WITHDRAWN}


def test_nothing_happens_before_the_time_is_over(fixture: OrderFixture) -> None:
    backup(fixture.police)
    fixture.fire(["respondent_police"])

    assert escalate() == 0
    assert PendingAcknowledgment.objects.get().step == 0


def test_the_next_step_waits_its_own_time(fixture: OrderFixture) -> None:
    backup(fixture.police)
    fixture.fire(["respondent_police"])
    let_time_pass()

    assert escalate() == 1
    waiting = PendingAcknowledgment.objects.get()
    assert waiting.next_step_at is not None
    assert waiting.next_step_at - waiting.alerts.get().created_at == timedelta(minutes=15)
    assert escalate() == 0


def test_a_step_without_recipients_is_skipped_at_once(fixture: OrderFixture) -> None:
    chief = make.person(Role.SUPERVISOR, fixture.police)
    fixture.fire(["respondent_police"])

    assert notified_next(fixture) == {(chief, Via.SUPERVISOR)}


def test_a_failed_escalation_delays_no_other(
    fixture: OrderFixture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fixture.fire(["respondent_police"])
    other = set_up()
    second = backup(other.police)
    other.fire(["respondent_police"])
    let_time_pass()
    find = escalation._recipients_of_step

    def poison(answer: PendingAcknowledgment, to: EscalationTarget) -> list[Recipient]:
        if answer.order == fixture.order:
            raise RuntimeError("poison")
        return find(answer, to)

    monkeypatch.setattr(escalation, "_recipients_of_step", poison)
    assert escalate() == 2

    assert Alert.objects.filter(recipient=second, via=Via.BACKUP).exists()
    waiting = PendingAcknowledgment.objects.get(order=fixture.order)
    assert waiting.step == 0
    assert waiting.next_step_at is not None, "it is tried again"
    assert "an escalation failed" in caplog.text


def test_a_ladder_without_recipients_ends_at_the_administrators(fixture: OrderFixture) -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    fixture.fire(["respondent_police"])

    assert notified_next(fixture) == {(administrator, Via.FALLBACK)}
    assert notified_next(fixture) == set()


def test_an_earlier_recipient_is_not_notified_again(fixture: OrderFixture) -> None:
    fixture.liaison.memberships.update(receives_alerts=False)
    chief = make.person(Role.SUPERVISOR, fixture.police)
    trooper = make.person(Role.LIAISON, statewide())
    alerts = fixture.fire(["respondent_police"])
    assert [one.recipient for one in alerts] == [chief]

    assert notified_next(fixture) == {(trooper, Via.PERSON)}


def test_an_acknowledgment_ends_escalation_and_withdraws_what_was_not_sent(
    fixture: OrderFixture, ledger: Ledger
) -> None:
    backup(fixture.police)
    (alert,) = fixture.fire(["respondent_police"])
    notified_next(fixture)

    acknowledge(alert, by=fixture.liaison, now=NOW)

    assert notified_next(fixture) == set()
    waiting = PendingAcknowledgment.objects.get()
    assert (waiting.answered_at, waiting.answered_by) == (NOW, fixture.liaison)
    sending.drain(worker="w")
    (second,) = waiting.alerts.all()
    assert second.state == AlertState.WITHDRAWN
    assert second.recipient is not None
    assert second.recipient.email not in str(ledger.lines())


def test_state_police_acknowledge_for_the_agency_that_did_not(fixture: OrderFixture) -> None:
    trooper = make.person(Role.LIAISON, statewide())
    fixture.fire(["respondent_police"])
    notified_next(fixture)

    acknowledge(Alert.objects.get(recipient=trooper), by=trooper, now=NOW)

    assert PendingAcknowledgment.objects.get().answered_by == trooper


def test_a_clerk_does_not_acknowledge_for_police(fixture: OrderFixture) -> None:
    alerts = fixture.fire(["respondent_police", "court"])

    acknowledge(next(one for one in alerts if one.recipient == fixture.clerk), by=fixture.clerk, now=NOW)

    assert PendingAcknowledgment.objects.get().answered_at is None


def test_an_agency_may_have_a_ladder_of_its_own(fixture: OrderFixture) -> None:
    EscalationStep.objects.create(
        agency=fixture.police, place=1, to=EscalationTarget.STATE_POLICE, after=timedelta(minutes=5)
    )
    backup(fixture.police)
    trooper = make.person(Role.LIAISON, statewide())

    fixture.fire(["respondent_police"])

    waiting = PendingAcknowledgment.objects.get()
    assert waiting.next_step_at == waiting.asked_at + timedelta(minutes=5)
    assert notified_next(fixture) == {(trooper, Via.PERSON)}
    assert PendingAcknowledgment.objects.get().next_step_at is None


def test_shipped_ladder_is_stored_once_and_never_over_a_changed_one() -> None:
    assert load_steps() == 3
    EscalationStep.objects.filter(place=3).delete()
    call_command("prepare")

    assert EscalationStep.objects.filter(agency=None).count() == 2


def test_acknowledgment_by_code_from_the_number_that_got_it(fixture: OrderFixture) -> None:
    by_sms(fixture.liaison)
    alerts = fixture.fire(["respondent_police"])
    message = next(one for one in alerts if one.channel == "sms")
    Alert.objects.filter(pk=message.pk).update(message_key=message.public_id, first_sent_at=NOW)
    code = answer_code(message.public_id)

    assert acknowledge_by_code("+18605550199", code, now=NOW) == 0, "another phone"
    assert acknowledge_by_code("+18605550100", "AAAAAA", now=NOW) == 0, "another code"
    assert acknowledge_by_code("+18605550100", code, now=NOW + timedelta(hours=73)) == 0, "too late"
    assert acknowledge_by_code("+18605550100", f" {code.lower()} ", now=NOW) == 1

    assert set(
        Alert.objects.filter(pk__in=[one.pk for one in alerts]).values_list("acknowledged_by", flat=True)
    ) == {fixture.liaison.pk}, "the email about the same is acknowledged with the text message"
    assert PendingAcknowledgment.objects.get().answered_by == fixture.liaison
    assert acknowledge_by_code("+18605550100", code, now=NOW) == 0, "once"


@pytest.mark.parametrize("how", ["left the agency", "account ended", "account closed"])
def test_no_code_answers_for_an_agency_any_more(how: str, fixture: OrderFixture) -> None:
    by_sms(fixture.liaison)
    message = next(one for one in fixture.fire(["respondent_police"]) if one.channel == "sms")
    Alert.objects.filter(pk=message.pk).update(message_key=message.public_id, first_sent_at=NOW)
    if how == "left the agency":
        Membership.objects.filter(user=fixture.liaison).delete()
    else:
        User.objects.filter(pk=fixture.liaison.pk).update(
            is_active=how != "account closed", ends_at=NOW if how == "account ended" else None
        )

    assert acknowledge_by_code("+18605550100", answer_code(message.public_id), now=NOW) == 0

    assert not Alert.objects.exclude(acknowledged_at=None).exists()
    assert PendingAcknowledgment.objects.get().answered_at is None


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_a_step_once() -> None:
    load_steps()
    fixture = set_up()
    backup(fixture.police)
    fixture.fire(["respondent_police"])
    let_time_pass()
    taken: list[int] = []

    def run(act: Callable[[], int]) -> None:
        taken.append(act())
        connection.close()

    threads = [threading.Thread(target=run, args=(escalate,)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sum(taken) == 1
    assert PendingAcknowledgment.objects.get().alerts.count() == 1
