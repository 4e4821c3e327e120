"""The weekly review of the access log: its figures, what is unusual, and the sign-off on record."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, AuditAction, AuditEntry, AuditReview, EntryPoint, Role, User
from accounts.services.access import reviews
from accounts.services.access.access_log import record
from tests import make
from tests.forms import keys_of
from tests.orders.test_admin.conftest import signed_in

pytestmark = pytest.mark.django_db

PAGE = "/admin/accounts/auditreview/"
ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def monday() -> date:
    """The Monday of two weeks ago: its week is over, and overdue soon."""
    return reviews.monday_of(timezone.now()) - 2 * reviews.WEEK


@pytest.fixture
def clerk() -> User:
    return make.person(Role.CLERK, make.agency(AgencyKind.COURT))


@pytest.fixture
def auditor() -> User:
    return make.person(Role.AUDITOR)


def at(day: date, hour: int = 10, *, days: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE) + timedelta(days=days)


def seen(person: User, when: datetime, cases: int = 1, *, like: uuid.UUID | None = None) -> None:
    found = [like] if like else [uuid.uuid4() for _ in range(cases)]
    record(AuditAction.SEEN, EntryPoint.PAGE, actor=person, at=when, cases=found)


def test_the_figures_of_a_week_are_those_of_its_days_in_court_time(monday: date, clerk: User) -> None:
    start, end = reviews.span(monday)
    for when in (start - timedelta(seconds=1), start, end - timedelta(seconds=1), end):
        record(AuditAction.REFUSED, EntryPoint.PAGE, actor=clerk, at=when)
    record(AuditAction.SIGN_IN_FAILED, EntryPoint.PAGE, at=start)
    record(AuditAction.ENUMERATION, EntryPoint.API, actor=clerk, at=start)
    record(AuditAction.ACCOUNTS_READ, EntryPoint.ADMIN, actor=clerk, at=start)

    figures = reviews.figures_of(monday)

    assert (figures.entries, figures.refused, figures.failed_sign_ins, figures.blocked) == (5, 2, 1, 1)
    assert [(one.person, one.count) for one in figures.account_readers] == [(clerk.pk, 1)]
    assert figures.unusual == 1


def test_many_more_cases_than_usual_are_unusual(monday: date, clerk: User) -> None:
    busy = make.person(Role.LIAISON, make.agency())
    for week in range(1, 5):
        seen(busy, at(monday) - week * reviews.WEEK, 25)
    seen(busy, at(monday), 30)
    seen(clerk, at(monday), 21)
    # The same case again counts once.
    case = uuid.uuid4()
    other = make.person(Role.JUDGE, make.agency(AgencyKind.COURT))
    for _ in range(25):
        seen(other, at(monday), like=case)

    found = {one.person: (one.count, one.is_unusual) for one in reviews.figures_of(monday).cases}

    assert found == {busy.pk: (30, False), clerk.pk: (21, True), other.pk: (1, False)}


def test_a_case_that_many_people_viewed_is_unusual(monday: date) -> None:
    case, court = uuid.uuid4(), make.agency(AgencyKind.COURT)
    people = [make.person(Role.CLERK, court) for _ in range(reviews.MANY_PEOPLE + 1)]
    for one in people[:-1]:
        seen(one, at(monday), like=case)
    assert reviews.figures_of(monday).crowded == []

    seen(people[-1], at(monday), like=case)

    assert [(one.case, one.people) for one in reviews.figures_of(monday).crowded] == [(str(case), 9)]


@pytest.mark.parametrize(
    ("days", "hour", "counts"),
    [(0, 10, False), (0, 5, True), (0, 6, False), (4, 19, False), (4, 20, True), (5, 12, True)],
)
def test_views_outside_working_hours_are_listed(
    monday: date, clerk: User, days: int, hour: int, *, counts: bool
) -> None:
    seen(clerk, at(monday, hour, days=days))

    assert bool(reviews.figures_of(monday).outside_hours) is counts


def test_a_week_is_overdue_seven_days_after_it_ended(monday: date, clerk: User) -> None:
    assert reviews.weeks() == []
    seen(clerk, at(monday))
    _, end = reviews.span(monday)

    assert reviews.overdue_weeks(end + timedelta(days=7, seconds=-1)) == []
    assert reviews.overdue_weeks(end + timedelta(days=7)) == [monday]
    reviews.sign_off(monday, by=clerk, notes="Nothing unusual.", is_followed_up=False)
    assert reviews.overdue_weeks(end + timedelta(days=7)) == []


def test_an_auditor_signs_off_once_and_it_is_on_record(monday: date, clerk: User, auditor: User) -> None:
    seen(clerk, at(monday), 21)
    desk = signed_in(auditor)
    assert f"{PAGE}{monday}/" in desk.get(PAGE).content.decode()
    page = desk.get(f"{PAGE}{monday}/")
    assert "1 unusual figure." in page.content.decode()
    assert clerk.name in page.content.decode()

    refused = desk.post(f"{PAGE}{monday}/", keys_of(page) | {"notes": " "})
    assert "Write what you looked at and found" in refused.content.decode()
    assert not AuditReview.objects.exists()
    answer = desk.post(
        f"{PAGE}{monday}/", keys_of(refused) | {"notes": "Asked the clerk.", "is_followed_up": "on"}
    )

    assert answer.status_code == 302
    review = AuditReview.objects.get()
    assert (review.reviewed_by, review.notes, review.is_followed_up) == (auditor, "Asked the clerk.", True)
    assert review.figures["cases"][0]["count"] == 21
    entry = AuditEntry.objects.get(action=AuditAction.DONE)
    assert (entry.actor, entry.detail) == (auditor, {"reviewed_week": monday.isoformat()})
    # What the auditor saw stays, whatever the log has since.
    seen(clerk, at(monday), 5)
    again = desk.get(f"{PAGE}{monday}/").content.decode()
    assert "Asked the clerk." in again
    assert "<td>21</td>" in again
    assert "Sign off this week" not in again
    with pytest.raises(ValidationError, match="reviewed already"):
        reviews.sign_off(monday, by=auditor, notes="x", is_followed_up=False)


@pytest.mark.parametrize("week", ["2020-01-06", "nonsense", "2026-13-01"])
def test_only_weeks_of_the_list_open(auditor: User, week: str) -> None:
    assert signed_in(auditor).get(f"{PAGE}{week}/").status_code == 404


def test_the_present_week_cannot_be_signed_off(auditor: User) -> None:
    with pytest.raises(ValidationError, match="is not over"):
        reviews.sign_off(reviews.monday_of(timezone.now()), by=auditor, notes="x", is_followed_up=False)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.AUDITOR])
def test_other_roles_cannot_open_it(role: Role, monday: date) -> None:
    person = make.person(role, make.agency(AgencyKind.COURT))
    seen(person, at(monday))
    browser: Client = signed_in(person)

    assert browser.get(PAGE).status_code in (302, 403)
    assert browser.get(f"{PAGE}{monday}/").status_code in (302, 403)
    assert browser.post(f"{PAGE}{monday}/", {"notes": "x"}).status_code in (302, 403)
    assert not AuditReview.objects.exists()


def test_reading_the_figures_is_logged(monday: date, clerk: User, auditor: User) -> None:
    seen(clerk, at(monday))

    signed_in(auditor).get(f"{PAGE}{monday}/")

    read = AuditEntry.objects.get(action=AuditAction.LOG_READ)
    assert (read.actor, read.detail) == (auditor, {"week": monday.isoformat()})


def test_the_home_page_counts_overdue_weeks(monday: date, clerk: User, auditor: User) -> None:
    seen(clerk, at(monday))

    assert "1 week must be reviewed" in signed_in(auditor).get("/").content.decode()


@pytest.mark.parametrize(
    "statement", ["UPDATE accounts_auditreview SET notes = 'x'", "DELETE FROM accounts_auditreview"]
)
def test_a_review_is_never_changed(statement: str, monday: date, clerk: User) -> None:
    seen(clerk, at(monday))
    reviews.sign_off(monday, by=clerk, notes="x", is_followed_up=False)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
