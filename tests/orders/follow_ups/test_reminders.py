"""Reminders of follow-ups: by a person, and after the next action passed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Role, User
from notifications.models import Alert, AlertState, Priority
from notifications.services.acknowledgments import acknowledge
from notifications.services.delivery import sending
from orders.errors import NotYours
from orders.models import FollowUp
from orders.services.follow_ups.actions import assign, reschedule
from orders.services.follow_ups.reminders import note_passed, remind
from tests import make
from tests.ledger import Ledger
from tests.orders.follow_ups.test_follow_ups import NOW, Place, last_event, refused, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    """An overdue surrender whose other alerts are acknowledged."""
    found = set_up()
    FollowUp.objects.exclude(pk=found.follow_up.pk).update(next_action_at=NOW + timedelta(days=300))
    Alert.objects.update(acknowledged_at=NOW, acknowledged_by=found.clerk, state=AlertState.ACCEPTED)
    return found


def written() -> list[Alert]:
    """The alerts about follow-ups."""
    return list(Alert.objects.filter(follow_up__isnull=False).order_by("id"))


def test_a_clerk_has_the_owner_reminded_at_once(place: Place, ledger: Ledger) -> None:
    remind(place.follow_up, by=place.clerk, now=NOW)

    (alert,) = written()
    assert (alert.recipient, alert.note, alert.priority) == (place.liaison, "reminded", Priority.URGENT)
    assert last_event(place.order).kind == "follow_up_reminded"
    sending.drain(worker="w")
    (line,) = ledger.lines()
    assert place.liaison.email in str(line)
    acknowledge(alert, by=place.liaison, now=NOW)
    assert not Alert.objects.filter(recipient=place.liaison).unacknowledged().exists()


def test_the_person_who_has_the_task_is_reminded(place: Place) -> None:
    colleague = make.person(Role.LIAISON, place.police)
    assign(place.follow_up, assigned_to=colleague, by=place.liaison, now=NOW)

    remind(place.follow_up, by=place.clerk, now=NOW)

    assert [one.recipient for one in written()] == [colleague]


def test_one_reminder_an_hour(place: Place) -> None:
    remind(place.follow_up, by=place.clerk, now=NOW)

    soon = NOW + timedelta(minutes=59)
    assert refused(lambda: remind(place.follow_up, by=place.clerk, now=soon)) == (
        "follow_up",
        "reminded_lately",
    )
    remind(place.follow_up, by=place.clerk, now=NOW + timedelta(hours=1))

    assert len(written()) == 2


def test_a_marshal_sends_no_reminder(place: Place) -> None:
    with pytest.raises(NotYours):
        remind(place.follow_up, by=make.person(Role.MARSHAL, make.agency()), now=NOW)


def test_what_was_done_since_is_not_sent(place: Place, ledger: Ledger) -> None:
    remind(place.follow_up, by=place.clerk, now=NOW)
    FollowUp.objects.filter(pk=place.follow_up.pk).update(closed_at=NOW, outcome="met")

    sending.drain(worker="w")

    assert ledger.lines() == []
    assert [one.state for one in written()] == [AlertState.WITHDRAWN]


def test_owner_and_supervisor_hear_once_that_the_next_action_passed(place: Place) -> None:
    chief = make.person(Role.SUPERVISOR, place.police)
    passed = place.again().next_action_at + timedelta(days=1)

    assert note_passed(now=passed - timedelta(seconds=1)) == 0
    assert note_passed(now=passed) == 1
    assert note_passed(now=passed + timedelta(days=1)) == 0

    assert {one.recipient for one in written()} == {place.liaison, chief}
    assert {one.note for one in written()} == {"passed"}
    assert last_event(place.order).kind == "next_action_passed"


def test_the_next_action_after_it_counts_by_itself(place: Place) -> None:
    later = place.again().next_action_at + timedelta(days=1)
    assert note_passed(now=later) == 1
    reschedule(
        place.follow_up, next_action_at=later + timedelta(days=1), reason="away", by=place.liaison, now=later
    )

    assert note_passed(now=later + timedelta(days=2)) == 1
    assert len(written()) == 2


def test_overdue_firearms_wait_no_longer_than_a_week_without_a_supervisor(place: Place) -> None:
    chief = make.person(Role.SUPERVISOR, place.police)

    def move(days: int, by: User) -> FollowUp:
        at = NOW + timedelta(days=days)
        return reschedule(place.follow_up, next_action_at=at, reason="he is away", by=by, now=NOW)

    move(7, place.liaison)
    assert refused(lambda: move(8, place.liaison)) == ("next_action_at", "needs_supervisor")
    move(8, chief)


def test_a_supervisor_of_another_agency_does_not_count(place: Place) -> None:
    chief = make.person(Role.SUPERVISOR, place.other)
    chief.memberships.create(agency=place.police, role=Role.LIAISON)

    assert refused(
        lambda: reschedule(
            place.follow_up, next_action_at=NOW + timedelta(days=9), reason="away", by=chief, now=NOW
        )
    ) == ("next_action_at", "needs_supervisor")


def test_other_duties_may_wait_longer(place: Place) -> None:
    other = FollowUp.objects.exclude(deadline__rule_id="CT-SUR-01").first()
    assert other is not None
    assert other.deadline.rule_id != "CT-SUR-01"
    person = make.person(Role.CLERK, other.owner)

    reschedule(other, next_action_at=NOW + timedelta(days=60), reason="set down", by=person, now=NOW)
