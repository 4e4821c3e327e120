"""The calendar of a court's year, and closings that are taken back."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import Agency, AgencyKind, Role, State
from orders.models import CourtClosing
from orders.services.planning.rulebooks import bundled, current_rulebook
from tests import make
from tests.orders.test_admin.conftest import signed_in

pytestmark = pytest.mark.django_db

YEAR = "/closings/?year=2027"


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def clerk(court: Agency) -> Client:
    return signed_in(make.person(Role.CLERK, court))


def snow(day: date = date(2027, 2, 2)) -> CourtClosing:
    return CourtClosing.objects.create(jurisdiction="us_ct", closed_on=day, name="Snow")


def test_the_year_shows_holidays_and_added_days(clerk: Client) -> None:
    row = snow()

    page = clerk.get(YEAR).content.decode()

    assert page.count('<table class="month">') == 12
    assert "<strong>1</strong> New Year" in page
    assert "<strong>2</strong> Snow" in page
    assert "Tue, Feb 2" in page
    assert f"/admin/orders/courtclosing/{row.pk}/take-back/" in page
    assert "?year=2026&amp;state=us_ct" in page
    assert "Snow" not in clerk.get("/closings/?year=2028").content.decode()
    assert clerk.get("/closings/?year=1066").status_code == 404
    assert clerk.get("/closings/?year=x&state=us_ma").status_code == 200


def test_a_closing_is_taken_back_with_a_reason_and_everything_is_as_before(clerk: Client) -> None:
    before = current_rulebook().version
    row = snow()
    assert current_rulebook().version != before
    address = f"/admin/orders/courtclosing/{row.pk}/take-back/"

    assert "Fill in “Why”." in clerk.post(address, {"reason": " "}).content.decode()
    answer = clerk.post(address, {"reason": "It was the year after."})

    assert answer.headers["Location"] == "/closings/?year=2027&state=us_ct"
    assert not CourtClosing.objects.filter(pk=row.pk).exists()
    assert current_rulebook().version == before
    entry = LogEntry.objects.latest("id")
    assert entry.change_message == "Taken back: It was the year after."
    assert "Snow" in entry.object_repr
    assert clerk.get(address).status_code == 404


def test_a_proclaimed_day_stays_closed(clerk: Client) -> None:
    day = max(bundled().jurisdictions["us_ct"].calendar.closings)
    row, _ = CourtClosing.objects.get_or_create(
        jurisdiction="us_ct", closed_on=day, defaults={"name": "Good Friday"}
    )
    address = f"/admin/orders/courtclosing/{row.pk}/take-back/"

    page = clerk.post(address, {"reason": "It snows."}).content.decode()

    assert "It stays closed." in page
    assert CourtClosing.objects.filter(pk=row.pk).exists()
    assert not LogEntry.objects.filter(change_message__startswith="Taken back").exists()
    assert address not in clerk.get(f"/closings/?year={day.year}").content.decode()


def test_who_takes_back(court: Agency) -> None:
    row = snow()
    address = f"/admin/orders/courtclosing/{row.pk}/take-back/"
    judge = signed_in(make.person(Role.JUDGE, court))
    assert "Take back" not in judge.get(YEAR).content.decode()
    assert judge.post(address, {"reason": "x"}).status_code == 403

    elsewhere = make.agency(AgencyKind.COURT, state=State.MASSACHUSETTS)
    stranger = signed_in(make.person(Role.CLERK, elsewhere))
    assert stranger.post(address, {"reason": "x"}).status_code == 404
    liaison = Client()
    liaison.force_login(make.person(Role.LIAISON, make.agency()))
    assert liaison.get(YEAR).status_code == 404
    assert CourtClosing.objects.filter(pk=row.pk).exists()
