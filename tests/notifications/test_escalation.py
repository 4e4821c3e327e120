"""Nobody answers: up the ladder, each once, until somebody does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from accounts.models import Agency, AgencyKind, Role, User
from notifications.models import Alert, AlertState, AwaitedAnswer, EscalationStep, StepTo, Via
from notifications.services import escalation, sending
from notifications.services.answers import acknowledge, acknowledge_by_code
from notifications.services.escalation import escalate, load_steps
from notifications.services.links import answer_code
from notifications.services.reached import Told
from orders.models import Capacity, Concern, Order
from tests import make
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.stage import Stage, backup, by_sms, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    load_steps()
    return set_up()


def statewide() -> Agency:
    agency = make.agency(AgencyKind.STATE_POLICE)
    agency.answers_for_state = True
    agency.save()
    return agency


def time_is_over() -> None:
    AwaitedAnswer.objects.filter(next_step_at__isnull=False).update(next_step_at=F("asked_at"))


def asked_next(stage: Stage) -> set[tuple[User | None, str]]:
    """Who is told by the next step."""
    before = set(Alert.objects.values_list("pk", flat=True))
    time_is_over()
    escalate()
    return {(one.recipient, one.via) for one in Alert.objects.exclude(pk__in=before)}


def test_goes_up_from_backup_to_supervisor_to_state_police_and_ends(stage: Stage) -> None:
    second, chief = backup(stage.police), make.person(Role.SUPERVISOR, stage.police)
    headquarters = statewide()
    trooper = make.person(Role.LIAISON, headquarters)
    stage.fire(["respondent_police"])

    assert asked_next(stage) == {(second, Via.BACKUP)}
    assert asked_next(stage) == {(chief, Via.SUPERVISOR)}
    assert asked_next(stage) == {(trooper, Via.PERSON)}
    assert asked_next(stage) == set()
    assert AwaitedAnswer.objects.get().next_step_at is None
    assert Concern.objects.filter(agency=headquarters, capacity=Capacity.STATE_POLICE).exists()
    assert Order.objects.visible_to(trooper).filter(pk=stage.order.pk).exists()
    steps = [one.data["asked_next"] for one in stage.order.events.filter(kind="not_answered")]
    assert steps == [["backup"], ["supervisor"], ["person"]]


def test_nothing_happens_before_the_time_is_over(stage: Stage) -> None:
    backup(stage.police)
    stage.fire(["respondent_police"])

    assert escalate() == 0
    assert AwaitedAnswer.objects.get().step == 0


def test_the_next_step_waits_its_own_time(stage: Stage) -> None:
    backup(stage.police)
    stage.fire(["respondent_police"])
    time_is_over()

    assert escalate() == 1
    waiting = AwaitedAnswer.objects.get()
    assert waiting.next_step_at is not None
    assert waiting.next_step_at - waiting.alerts.get().created_at == timedelta(minutes=15)
    assert escalate() == 0


def test_a_step_with_nobody_is_passed_over_at_once(stage: Stage) -> None:
    chief = make.person(Role.SUPERVISOR, stage.police)
    stage.fire(["respondent_police"])

    assert asked_next(stage) == {(chief, Via.SUPERVISOR)}


def test_one_that_cannot_go_up_holds_up_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage.fire(["respondent_police"])
    other = set_up()
    second = backup(other.police)
    other.fire(["respondent_police"])
    time_is_over()
    find = escalation._on_step

    def poison(answer: AwaitedAnswer, to: StepTo) -> list[Told]:
        if answer.order == stage.order:
            raise RuntimeError("poison")
        return find(answer, to)

    monkeypatch.setattr(escalation, "_on_step", poison)
    assert escalate() == 2

    assert Alert.objects.filter(recipient=second, via=Via.BACKUP).exists()
    waiting = AwaitedAnswer.objects.get(order=stage.order)
    assert waiting.step == 0
    assert waiting.next_step_at is not None, "it is tried again"
    assert "an answer could not go up" in caplog.text


def test_a_ladder_without_anybody_ends_at_the_administrators(stage: Stage) -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    stage.fire(["respondent_police"])

    assert asked_next(stage) == {(administrator, Via.FALLBACK)}
    assert asked_next(stage) == set()


def test_who_was_told_already_is_not_told_again(stage: Stage) -> None:
    stage.liaison.memberships.update(receives_alerts=False)
    chief = make.person(Role.SUPERVISOR, stage.police)
    trooper = make.person(Role.LIAISON, statewide())
    told = stage.fire(["respondent_police"])
    assert [one.recipient for one in told] == [chief]

    assert asked_next(stage) == {(trooper, Via.PERSON)}


def test_an_answer_ends_the_ladder_and_withdraws_what_was_not_sent(stage: Stage, ledger: Ledger) -> None:
    backup(stage.police)
    (alert,) = stage.fire(["respondent_police"])
    asked_next(stage)

    acknowledge(alert, by=stage.liaison, now=NOW)

    assert asked_next(stage) == set()
    waiting = AwaitedAnswer.objects.get()
    assert (waiting.answered_at, waiting.answered_by) == (NOW, stage.liaison)
    sending.drain(worker="w")
    (second,) = waiting.alerts.all()
    assert second.state == AlertState.WITHDRAWN
    assert second.recipient is not None
    assert second.recipient.email not in str(ledger.lines())


def test_state_police_answer_for_whom_they_stand_in(stage: Stage) -> None:
    trooper = make.person(Role.LIAISON, statewide())
    stage.fire(["respondent_police"])
    asked_next(stage)

    acknowledge(Alert.objects.get(recipient=trooper), by=trooper, now=NOW)

    assert AwaitedAnswer.objects.get().answered_by == trooper


def test_clerk_does_not_answer_for_police(stage: Stage) -> None:
    told = stage.fire(["respondent_police", "court"])

    acknowledge(next(one for one in told if one.recipient == stage.clerk), by=stage.clerk, now=NOW)

    assert AwaitedAnswer.objects.get().answered_at is None


def test_an_agency_may_have_a_ladder_of_its_own(stage: Stage) -> None:
    EscalationStep.objects.create(
        agency=stage.police, place=1, to=StepTo.STATE_POLICE, after=timedelta(minutes=5)
    )
    backup(stage.police)
    trooper = make.person(Role.LIAISON, statewide())

    stage.fire(["respondent_police"])

    waiting = AwaitedAnswer.objects.get()
    assert waiting.next_step_at == waiting.asked_at + timedelta(minutes=5)
    assert asked_next(stage) == {(trooper, Via.PERSON)}
    assert AwaitedAnswer.objects.get().next_step_at is None


def test_shipped_ladder_is_stored_once_and_never_over_a_changed_one() -> None:
    assert load_steps() == 3
    EscalationStep.objects.filter(place=3).delete()
    call_command("prepare")

    assert EscalationStep.objects.filter(agency=None).count() == 2


def test_answer_by_code_from_the_number_that_was_told(stage: Stage) -> None:
    by_sms(stage.liaison)
    told = stage.fire(["respondent_police"])
    message = next(one for one in told if one.channel == "sms")
    Alert.objects.filter(pk=message.pk).update(message_key=message.public_id, first_sent_at=NOW)
    code = answer_code(message.public_id)

    assert acknowledge_by_code("+18605550199", code, now=NOW) == 0, "another phone"
    assert acknowledge_by_code("+18605550100", "AAAAAA", now=NOW) == 0, "another code"
    assert acknowledge_by_code("+18605550100", code, now=NOW + timedelta(hours=73)) == 0, "too late"
    assert acknowledge_by_code("+18605550100", f" {code.lower()} ", now=NOW) == 1

    assert set(
        Alert.objects.filter(pk__in=[one.pk for one in told]).values_list("acknowledged_by", flat=True)
    ) == {stage.liaison.pk}, "with the text message the email about the same thing is answered"
    assert AwaitedAnswer.objects.get().answered_by == stage.liaison
    assert acknowledge_by_code("+18605550100", code, now=NOW) == 0, "once"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_a_step_once() -> None:
    load_steps()
    stage = set_up()
    backup(stage.police)
    stage.fire(["respondent_police"])
    time_is_over()
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
    assert AwaitedAnswer.objects.get().alerts.count() == 1
