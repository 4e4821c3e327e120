"""Every word of an audience is resolved to the people it means, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import AgencyKind, Membership, Role
from notifications.models import Alert, AlertState, AwaitedAnswer, Via, WebhookDelivery
from orders.models import Capacity, Checkpoint, CheckpointState, Concern, Event, FollowUp
from tests import make
from tests.make import NOW
from tests.notifications.stage import DUE, backup, by_sms, safe_contact, set_up

pytestmark = pytest.mark.django_db


def told(alerts: list[Alert]) -> set[tuple[object, str, str]]:
    return {(one.recipient or one.agency, one.via, one.channel) for one in alerts}


def test_people_are_told_first_and_their_backups_and_supervisors_are_not() -> None:
    stage = set_up()
    backup(stage.police)
    make.person(Role.SUPERVISOR, stage.police)

    assert told(stage.fire(["respondent_police"])) == {(stage.liaison, Via.PERSON, "email")}


def test_without_people_the_backups_are_told() -> None:
    stage = set_up()
    stage.liaison.memberships.update(receives_alerts=False)
    second = backup(stage.police)
    make.person(Role.SUPERVISOR, stage.police)

    assert told(stage.fire(["respondent_police"])) == {(second, Via.BACKUP, "email")}


def test_without_backups_the_supervisors_are_told_and_the_desk() -> None:
    stage = set_up()
    stage.liaison.memberships.update(receives_alerts=False)
    stage.police.email = "desk@police.example"
    stage.police.save()
    chief = make.person(Role.SUPERVISOR, stage.police)

    assert told(stage.fire(["respondent_police"])) == {
        (chief, Via.SUPERVISOR, "email"),
        (stage.police, Via.DESK, "email"),
    }


def test_supervisors_can_be_an_audience_of_their_own() -> None:
    stage = set_up()
    chief = make.person(Role.SUPERVISOR, stage.police)
    make.person(Role.SUPERVISOR, make.agency())

    assert told(stage.fire(["supervisor"])) == {(chief, Via.PERSON, "email")}


def test_state_police_are_those_who_answer_for_the_state_and_see_the_order_from_then_on() -> None:
    stage = set_up()
    troop = make.agency(AgencyKind.STATE_POLICE)
    make.person(Role.LIAISON, troop)
    headquarters = make.agency(AgencyKind.STATE_POLICE)
    headquarters.answers_for_state = True
    headquarters.save()
    trooper = make.person(Role.LIAISON, headquarters)

    assert told(stage.fire(["state_police"])) == {(trooper, Via.PERSON, "email")}
    assert Concern.objects.filter(
        order=stage.order, agency=headquarters, capacity=Capacity.STATE_POLICE
    ).exists()


@pytest.mark.parametrize("word", ["state_police", "licensing"])
def test_a_statewide_agency_that_is_not_there_falls_back_to_the_administrators(word: str) -> None:
    stage = set_up()
    administrator = make.person(Role.ADMINISTRATOR)

    assert told(stage.fire([word])) == {(administrator, Via.FALLBACK, "email")}
    assert not Concern.objects.filter(order=stage.order, capacity=word).exists()


@pytest.mark.parametrize(
    ("role", "kind", "word"),
    [
        (Role.MARSHAL, AgencyKind.MARSHAL, "marshal"),
        (Role.PROSECUTOR, AgencyKind.PROSECUTOR, "prosecutor"),
        (Role.SCHOOL, AgencyKind.SCHOOL, "school"),
        (Role.CLERK, AgencyKind.COURT, "court"),
        (Role.LIAISON, AgencyKind.POLICE, "service_police"),
    ],
)
def test_agencies_are_told_by_their_business_with_the_order(role: Role, kind: AgencyKind, word: str) -> None:
    stage = set_up()
    concerned, other = make.agency(kind), make.agency(kind)
    somebody = make.person(role, concerned)
    make.person(role, other)
    Concern.objects.filter(order=stage.order, capacity=word).delete()
    Concern.objects.create(order=stage.order, agency=concerned, capacity=word)

    assert told(stage.fire([word])) == {(somebody, Via.PERSON, "email")}


@pytest.mark.parametrize("kind", [AgencyKind.LICENSING, AgencyKind.MARSHAL])
def test_who_sees_no_follow_ups_is_told_and_owns_none(kind: AgencyKind) -> None:
    stage = set_up()
    unit = make.agency(kind)
    officer = make.person(Role(kind.value), unit)
    Concern.objects.create(order=stage.order, agency=unit, capacity=kind.value)

    assert (officer, Via.PERSON, "email") in told(stage.fire([kind.value, "respondent_police"]))
    follow_up = FollowUp.objects.get(order=stage.order, deadline__rule_id="CT-SUR-01")
    assert follow_up.owner == stage.police


def test_advocates_are_told_while_their_release_stands() -> None:
    stage = set_up()
    standing = stage.release()
    over = stage.release(ends_at=DUE)
    ahead = stage.release(begins_at=DUE + timedelta(seconds=1))
    revoked = stage.release()
    revoked.revoked_at = DUE
    revoked.save()
    people = {one: make.person(Role.ADVOCATE, one.agency) for one in (standing, over, ahead, revoked)}

    alerts = stage.fire(["respondent_police", "advocate"])

    assert told(alerts) == {
        (stage.liaison, Via.PERSON, "email"),
        (people[standing], Via.PERSON, "email"),
    }
    assert {one.release for one in alerts} == {None, standing}


def test_without_a_release_an_audience_of_advocates_is_nobody() -> None:
    stage = set_up()
    make.person(Role.ADMINISTRATOR)

    assert stage.fire(["advocate", "protected_person"]) == []
    check = Checkpoint.objects.get(deadline__order=stage.order, deadline__rule_id="CT-SUR-01", name="check")
    assert (check.state, check.expected) == (CheckpointState.FIRED, 0)


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_protected_person_is_told_by_the_way_chosen(channel: str) -> None:
    stage = set_up()
    release = stage.release()
    advocate = make.person(Role.ADVOCATE, release.agency)
    safe_contact(release, by=advocate, channel=channel)

    (alert,) = stage.fire(["protected_person"])

    assert (alert.via, alert.channel, alert.recipient) == (Via.PROTECTED, channel, None)
    assert (alert.release, alert.agency) == (release, release.agency)


def test_protected_person_who_asked_for_it_hears_through_the_advocate() -> None:
    stage = set_up()
    release = stage.release()
    advocate = make.person(Role.ADVOCATE, release.agency)
    safe_contact(release, by=advocate, channel="relay")

    assert told(stage.fire(["protected_person"])) == {(advocate, Via.RELAY, "email")}


@pytest.mark.parametrize("why", ["none", "ended", "not confirmed", "release over"])
def test_no_preference_no_message(why: str) -> None:
    stage = set_up()
    release = stage.release(ends_at=DUE if why == "release over" else None)
    advocate = make.person(Role.ADVOCATE, release.agency)
    if why != "none":
        confirmed_at = DUE - timedelta(days=90) if why == "not confirmed" else NOW
        ended_at = NOW if why == "ended" else None
        safe_contact(release, by=advocate, ended_at=ended_at, confirmed_at=confirmed_at)

    alerts = stage.fire(["respondent_police", "protected_person"])

    assert told(alerts) == {(stage.liaison, Via.PERSON, "email")}


def test_text_messages_go_to_who_wants_them_and_not_for_reminders() -> None:
    stage = set_up()
    by_sms(stage.liaison)

    assert told(stage.fire(["respondent_police", "court"])) == {
        (stage.liaison, Via.PERSON, "email"),
        (stage.liaison, Via.PERSON, "sms"),
        (stage.clerk, Via.PERSON, "email"),
    }
    reminders = Alert.objects.filter(checkpoint__purpose="remind", recipient=stage.liaison)
    assert reminders.exists()
    assert not reminders.filter(channel="sms").exists()


def test_expected_counts_every_way() -> None:
    stage = set_up()
    by_sms(stage.liaison)

    alerts = stage.fire(["respondent_police", "court"])

    assert alerts[0].fired.expected == len(alerts) == 3


def test_police_are_waited_for_and_courts_are_not() -> None:
    stage = set_up()
    stage.fire(["respondent_police", "court"])

    assert [one.agency for one in AwaitedAnswer.objects.filter(order=stage.order)] == [stage.police]


def test_reminders_wait_for_no_answer() -> None:
    stage = set_up()
    stage.fire(now=DUE - timedelta(hours=6))

    assert Alert.objects.filter(order=stage.order).exists()
    assert not AwaitedAnswer.objects.exists()


def test_canary_is_told_to_nobody_and_leaves_no_event() -> None:
    stage = set_up()
    (alert,) = stage.fire(["canary"])

    assert (alert.via, alert.channel, alert.recipient) == (Via.CANARY, "canary", None)
    assert alert.state == AlertState.READY
    fired = Event.objects.filter(order=stage.order, data__checkpoint="check")
    assert not fired.filter(data__rule="CT-SUR-01").exists()
    assert not WebhookDelivery.objects.exists()


def test_person_told_of_many_things_at_once_is_in_one_membership_each() -> None:
    stage = set_up()
    Membership.objects.create(user=stage.liaison, agency=stage.court, role=Role.CLERK)

    alerts = stage.fire(["respondent_police", "court"])

    assert [one.recipient for one in alerts].count(stage.liaison) == 1
