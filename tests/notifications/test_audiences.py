"""Each word of an audience becomes the recipients it means, and no others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import AgencyKind, Membership, Role
from notifications.models import Alert, AlertState, PendingAcknowledgment, Via, WebhookDelivery
from orders.models import Capacity, Checkpoint, CheckpointState, FollowUp, HistoryEntry, OrderAgency
from tests import make
from tests.make import NOW
from tests.notifications.fixtures import DUE, backup, by_sms, safe_contact, set_up

pytestmark = pytest.mark.django_db


def recipients(alerts: list[Alert]) -> set[tuple[object, str, str]]:
    return {(one.recipient or one.agency, one.via, one.channel) for one in alerts}


def test_members_are_notified_before_backups_and_supervisors() -> None:
    fixture = set_up()
    backup(fixture.police)
    make.person(Role.SUPERVISOR, fixture.police)

    assert recipients(fixture.fire(["respondent_police"])) == {(fixture.liaison, Via.PERSON, "email")}


def test_without_other_members_backups_are_notified() -> None:
    fixture = set_up()
    fixture.liaison.memberships.update(receives_alerts=False)
    second = backup(fixture.police)
    make.person(Role.SUPERVISOR, fixture.police)

    assert recipients(fixture.fire(["respondent_police"])) == {(second, Via.BACKUP, "email")}


def test_without_backups_supervisors_and_the_desk_are_notified() -> None:
    fixture = set_up()
    fixture.liaison.memberships.update(receives_alerts=False)
    fixture.police.email = "desk@police.example"
    fixture.police.save()
    chief = make.person(Role.SUPERVISOR, fixture.police)

    assert recipients(fixture.fire(["respondent_police"])) == {
        (chief, Via.SUPERVISOR, "email"),
        (fixture.police, Via.DESK, "email"),
    }


def test_supervisors_can_be_an_audience_of_their_own() -> None:
    fixture = set_up()
    chief = make.person(Role.SUPERVISOR, fixture.police)
    make.person(Role.SUPERVISOR, make.agency())

    assert recipients(fixture.fire(["supervisor"])) == {(chief, Via.PERSON, "email")}


def test_statewide_state_police_see_the_order_from_then_on() -> None:
    fixture = set_up()
    troop = make.agency(AgencyKind.STATE_POLICE)
    make.person(Role.LIAISON, troop)
    headquarters = make.agency(AgencyKind.STATE_POLICE)
    headquarters.answers_for_state = True
    headquarters.save()
    trooper = make.person(Role.LIAISON, headquarters)

    assert recipients(fixture.fire(["state_police"])) == {(trooper, Via.PERSON, "email")}
    assert OrderAgency.objects.filter(
        order=fixture.order, agency=headquarters, capacity=Capacity.STATE_POLICE
    ).exists()


@pytest.mark.parametrize("word", ["state_police", "licensing"])
def test_a_missing_statewide_agency_falls_back_to_administrators(word: str) -> None:
    fixture = set_up()
    administrator = make.person(Role.ADMINISTRATOR)

    assert recipients(fixture.fire([word])) == {(administrator, Via.FALLBACK, "email")}
    assert not OrderAgency.objects.filter(order=fixture.order, capacity=word).exists()


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
def test_agencies_are_notified_by_their_capacity(role: Role, kind: AgencyKind, word: str) -> None:
    fixture = set_up()
    concerned, other = make.agency(kind), make.agency(kind)
    somebody = make.person(role, concerned)
    make.person(role, other)
    OrderAgency.objects.filter(order=fixture.order, capacity=word).delete()
    OrderAgency.objects.create(order=fixture.order, agency=concerned, capacity=word)

    assert recipients(fixture.fire([word])) == {(somebody, Via.PERSON, "email")}


@pytest.mark.parametrize("kind", [AgencyKind.LICENSING, AgencyKind.MARSHAL])
def test_roles_without_follow_ups_are_notified_and_own_no_follow_up(kind: AgencyKind) -> None:
    fixture = set_up()
    unit = make.agency(kind)
    officer = make.person(Role(kind.value), unit)
    OrderAgency.objects.create(order=fixture.order, agency=unit, capacity=kind.value)

    assert (officer, Via.PERSON, "email") in recipients(fixture.fire([kind.value, "respondent_police"]))
    follow_up = FollowUp.objects.get(order=fixture.order, deadline__rule_id="CT-SUR-01")
    assert follow_up.owner == fixture.police


def test_advocates_are_notified_while_a_release_is_in_force() -> None:
    fixture = set_up()
    in_force = fixture.release()
    over = fixture.release(ends_at=DUE)
    ahead = fixture.release(begins_at=DUE + timedelta(seconds=1))
    revoked = fixture.release()
    revoked.revoked_at = DUE
    revoked.save()
    people = {one: make.person(Role.ADVOCATE, one.agency) for one in (in_force, over, ahead, revoked)}

    alerts = fixture.fire(["respondent_police", "advocate"])

    assert recipients(alerts) == {
        (fixture.liaison, Via.PERSON, "email"),
        (people[in_force], Via.PERSON, "email"),
    }
    assert {one.release for one in alerts} == {None, in_force}


def test_without_a_release_no_one_is_notified_and_there_is_no_fallback() -> None:
    fixture = set_up()
    make.person(Role.ADMINISTRATOR)

    assert fixture.fire(["advocate", "protected_person"]) == []
    check = Checkpoint.objects.get(deadline__order=fixture.order, deadline__rule_id="CT-SUR-01", name="check")
    assert (check.state, check.expected) == (CheckpointState.FIRED, 0)


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_protected_person_is_notified_by_the_chosen_channel(channel: str) -> None:
    fixture = set_up()
    release = fixture.release()
    advocate = make.person(Role.ADVOCATE, release.agency)
    safe_contact(release, by=advocate, channel=channel)

    (alert,) = fixture.fire(["protected_person"])

    assert (alert.via, alert.channel, alert.recipient) == (Via.PROTECTED, channel, None)
    assert (alert.release, alert.agency) == (release, release.agency)


def test_protected_person_may_be_notified_through_the_advocate() -> None:
    fixture = set_up()
    release = fixture.release()
    advocate = make.person(Role.ADVOCATE, release.agency)
    safe_contact(release, by=advocate, channel="relay")

    assert recipients(fixture.fire(["protected_person"])) == {(advocate, Via.RELAY, "email")}


@pytest.mark.parametrize("why", ["missing", "ended", "not confirmed", "release over"])
def test_without_a_usable_contact_nothing_is_sent(why: str) -> None:
    fixture = set_up()
    release = fixture.release(ends_at=DUE if why == "release over" else None)
    advocate = make.person(Role.ADVOCATE, release.agency)
    if why != "missing":
        confirmed_at = DUE - timedelta(days=90) if why == "not confirmed" else NOW
        ended_at = NOW if why == "ended" else None
        safe_contact(release, by=advocate, ended_at=ended_at, confirmed_at=confirmed_at)

    alerts = fixture.fire(["respondent_police", "protected_person"])

    assert recipients(alerts) == {(fixture.liaison, Via.PERSON, "email")}


def test_text_messages_go_to_people_who_chose_them_and_not_for_reminders() -> None:
    fixture = set_up()
    by_sms(fixture.liaison)

    assert recipients(fixture.fire(["respondent_police", "court"])) == {
        (fixture.liaison, Via.PERSON, "email"),
        (fixture.liaison, Via.PERSON, "sms"),
        (fixture.clerk, Via.PERSON, "email"),
    }
    reminders = Alert.objects.filter(checkpoint__purpose="remind", recipient=fixture.liaison)
    assert reminders.exists()
    assert not reminders.filter(channel="sms").exists()


def test_expected_counts_every_channel() -> None:
    fixture = set_up()
    by_sms(fixture.liaison)

    alerts = fixture.fire(["respondent_police", "court"])

    assert alerts[0].fired.expected == len(alerts) == 3


def test_police_must_acknowledge_and_courts_need_not() -> None:
    fixture = set_up()
    fixture.fire(["respondent_police", "court"])

    assert [one.agency for one in PendingAcknowledgment.objects.filter(order=fixture.order)] == [
        fixture.police
    ]


def test_reminders_need_no_acknowledgment() -> None:
    fixture = set_up()
    fixture.fire(now=DUE - timedelta(hours=6))

    assert Alert.objects.filter(order=fixture.order).exists()
    assert not PendingAcknowledgment.objects.exists()


def test_canary_has_no_recipient_and_leaves_no_history() -> None:
    fixture = set_up()
    (alert,) = fixture.fire(["canary"])

    assert (alert.via, alert.channel, alert.recipient) == (Via.CANARY, "canary", None)
    assert alert.state == AlertState.READY
    fired = HistoryEntry.objects.filter(order=fixture.order, data__checkpoint="check")
    assert not fired.filter(data__rule="CT-SUR-01").exists()
    assert not WebhookDelivery.objects.exists()


def test_a_person_in_two_agencies_is_notified_once() -> None:
    fixture = set_up()
    Membership.objects.create(user=fixture.liaison, agency=fixture.court, role=Role.CLERK)

    alerts = fixture.fire(["respondent_police", "court"])

    assert [one.recipient for one in alerts].count(fixture.liaison) == 1
