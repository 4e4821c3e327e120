"""The weekly mail to each supervisor, and its page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AgencyKind, Membership, Role, User
from notifications.models import Alert, AlertState, WeeklyReport
from notifications.services import weekly
from notifications.services.delivery import sending
from notifications.services.weekly import figures_of, write_reports
from tests import make
from tests.ledger import Ledger
from tests.notifications.fixtures import DUE, OrderFixture, set_up

pytestmark = pytest.mark.django_db

#: A Wednesday.
WEDNESDAY = datetime(2026, 12, 9, 15, 0, tzinfo=UTC)


@pytest.fixture
def fixture() -> OrderFixture:
    """An overdue surrender that the police have not acknowledged."""
    found = set_up()
    found.fire(["respondent_police"])
    Alert.objects.update(state=AlertState.ACCEPTED)
    return found


@pytest.fixture
def chief(fixture: OrderFixture) -> User:
    return make.person(Role.SUPERVISOR, fixture.police)


def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Set the clock of the database, as this module reads it."""

    def rows(statement: str, parameters: dict[str, Any]) -> list[tuple[datetime]]:
        return [(now,)]

    monkeypatch.setattr(weekly, "rows_of", rows)


def page_of(person: User) -> Any:
    browser = Client()
    browser.force_login(person)
    return browser.get("/week/")


def test_each_supervisor_gets_one_mail_a_week(
    chief: User, fixture: OrderFixture, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, WEDNESDAY)

    assert (write_reports(), write_reports()) == (1, 0)

    report = WeeklyReport.objects.get()
    assert (report.user, str(report.week), report.unanswered) == (chief, "2026-12-07", 1)
    sending.drain(worker="w")
    (line,) = ledger.lines()
    assert f"up to a week: {report.open_week}" in str(line["body"])
    assert "/week/" in str(line["body"])
    assert fixture.liaison.name not in str(line["body"])
    at(monkeypatch, WEDNESDAY + timedelta(days=7))
    assert write_reports() == 1


@pytest.mark.parametrize(("hour", "written"), [(11, 0), (12, 1)])
def test_the_week_begins_on_monday_morning(
    hour: int, written: int, chief: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, datetime(2026, 12, 7, hour, 30, tzinfo=UTC))

    assert write_reports() == written


def test_figures_are_those_of_the_own_agency(chief: User, fixture: OrderFixture) -> None:
    elsewhere = make.person(Role.SUPERVISOR, make.agency())
    (task,) = fixture.order.follow_ups.filter(owner=fixture.police)

    def opened(ago: timedelta) -> tuple[int, int, int]:
        fixture.order.follow_ups.filter(pk=task.pk).update(opened_at=DUE - ago)
        found = figures_of(chief, DUE)
        return found.open_week, found.open_month, found.open_longer

    assert opened(timedelta(days=6)) == (1, 0, 0)
    assert opened(timedelta(days=8)) == (0, 1, 0)
    assert opened(timedelta(days=31)) == (0, 0, 1)
    assert figures_of(chief, DUE).unanswered == 1
    other = figures_of(elsewhere, DUE)
    assert (other.open_longer, other.unanswered) == (0, 0)


def test_the_page_names_who_has_not_signed_in(chief: User, fixture: OrderFixture) -> None:
    old = make.person(Role.LIAISON, fixture.police)
    User.objects.filter(pk=old.pk).update(last_login=datetime(2020, 1, 1, tzinfo=UTC))

    page = page_of(chief).content.decode()

    assert old.name in page
    assert fixture.liaison.name not in page, "the account is new"
    assert "Ash Birch" not in page
    assert page_of(fixture.liaison).status_code == 404
    assert page_of(fixture.clerk).status_code == 404


def test_the_week_is_closed_to_supervisors_of_advocates(fixture: OrderFixture) -> None:
    center = make.agency(name="Center", kind=AgencyKind.ADVOCACY)
    leader, never_came = make.person(Role.SUPERVISOR, center), make.person(Role.ADVOCATE, center)
    User.objects.filter(pk=never_came.pk).update(joined_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert page_of(leader).status_code == 404
    assert weekly.supervised(leader) == []
    Membership.objects.create(user=leader, agency=fixture.police, role=Role.SUPERVISOR)
    page = page_of(leader)
    assert page.status_code == 200
    assert never_came.name not in page.content.decode()
