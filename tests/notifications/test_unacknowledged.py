"""A school or a licensing unit does not acknowledge: the court hears of it, and no one else of the school."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import AgencyKind, Role, User
from notifications.models import Alert, Via
from notifications.services.acknowledgments import acknowledge
from orders.models import HistoryEntry
from orders.querysets import ABOUT_SCHOOL
from orders.services.parties import agencies
from orders.services.parties.agencies import OF_SCHOOLS
from orders.services.planning.rulebooks import bundled
from tests import make
from tests.make import NOW
from tests.notifications.fixtures import OrderFixture
from tests.notifications.test_announcements import (
    BY,
    MONDAY,
    at_nine,
    heard,
    served,
    to_a_school,
    with_permit,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("acts", "role", "awaited"),
    [(to_a_school, Role.SCHOOL, "ANN-SCHOOL"), (with_permit, Role.LICENSING, "ANN-PERMIT")],
)
def test_the_court_does_not_hear_of_what_was_acknowledged(
    acts: Callable[[OrderFixture], None], role: Role, awaited: str
) -> None:
    fixture = served()
    acts(fixture)
    heard()
    person = User.objects.get(memberships__role=role)
    for one in Alert.objects.filter(recipient=person, checkpoint__deadline__rule_id=awaited):
        acknowledge(one, by=person, now=NOW)

    assert f"{awaited}-WAIT" not in {rule for rule, _ in heard(at_nine(MONDAY))}
    assert not HistoryEntry.objects.filter(kind="informed", data__rule=f"{awaited}-WAIT").exists()


def test_an_acknowledgment_of_another_school_or_in_its_place_does_not_count() -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    fixture = served()
    to_a_school(fixture)
    heard()
    reads = User.objects.get(memberships__role=Role.SCHOOL)
    agencies.add_agency(fixture.order, agency=make.agency(AgencyKind.SCHOOL), **BY)
    heard()
    for one in Alert.objects.filter(checkpoint__deadline__rule_id="ANN-SCHOOL"):
        acknowledge(one, by=one.recipient or administrator, now=NOW)

    heard(at_nine(MONDAY))

    waiting = Alert.objects.filter(checkpoint__deadline__rule_id="ANN-SCHOOL-WAIT")
    assert Alert.objects.filter(recipient=administrator, via=Via.FALLBACK, capacity="school").exists()
    assert [one.recipient for one in waiting] == [fixture.clerk]
    assert not reads.alerts.filter(acknowledged_at=None, checkpoint__deadline__rule_id="ANN-SCHOOL").exists()


def test_only_the_court_sees_that_a_school_was_named() -> None:
    fixture = served()
    to_a_school(fixture)
    heard(at_nine(MONDAY))
    waiting = Alert.objects.get(checkpoint__deadline__rule_id="ANN-SCHOOL-WAIT")
    acknowledge(waiting, by=fixture.clerk, now=NOW)

    assert waiting in Alert.objects.visible_to(fixture.clerk)
    assert waiting not in Alert.objects.visible_to(fixture.liaison)
    shown = HistoryEntry.objects.filter(order=fixture.order).exclude(OF_SCHOOLS)
    assert [one for one in shown if "SCHOOL" in str(one.data)] == []


def test_the_id_shows_what_news_is_about_a_school() -> None:
    about = {one.rule.id for one in bundled().announcements if one.rule.starts == "school_named"}

    assert about
    assert all(one.startswith(ABOUT_SCHOOL) for one in about)
