"""The reasons of deadlines in two languages, and the list of those that no fact lets compute."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, AgencyKind, Role
from notifications import views
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, signed_in

pytestmark = pytest.mark.django_db

WAITING = "/admin/orders/deadline/?state=cannot_compute"


def test_reasons_are_read_in_spanish_and_in_english_again(desk: Client, enter: Enter, now: datetime) -> None:
    order = enter(served_at=now - timedelta(hours=1))
    english, spanish = (desk.get(page_of(order), {"language": one}).content.decode() for one in ("en", "es"))

    assert "elapsed hours" in english
    assert "horas transcurridas" not in english
    assert 'href="?language=es#deadlines"' in english
    assert "horas transcurridas" in spanish
    assert '<details lang="es">' in spanish
    assert 'href="?language=en#deadlines"' in spanish


@pytest.mark.parametrize("language", ["", "xx", "../en", "ES"])
def test_another_language_is_the_courts(language: str, desk: Client, enter: Enter, now: datetime) -> None:
    page = desk.get(page_of(enter(served_at=now - timedelta(hours=1))), {"language": language})

    assert page.status_code == 200
    assert "elapsed hours" in page.content.decode()


def test_spanish_takes_no_more_queries(desk: Client, enter: Enter, now: datetime) -> None:
    order = enter(served_at=now - timedelta(hours=1))

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            desk.get(address)
        return len(captured)

    assert queries(page_of(order)) == queries(f"{page_of(order)}?language=es")


def test_what_cannot_be_computed_is_one_click_from_home_with_its_count(
    desk: Client, court: Agency, enter: Enter, now: datetime
) -> None:
    assert "No deadline waits for a fact that is missing." in desk.get("/").content.decode()
    yesterday: date = (now - timedelta(days=1)).date()
    for _ in range(2):
        enter(issued_at=None, issued_on=yesterday, docket_number="D-OURS")
    enter(issued_at=None, issued_on=yesterday, court=make.agency(AgencyKind.COURT), docket_number="D-THEIRS")

    home = desk.get("/").content.decode()
    listed = desk.get(WAITING).content.decode()

    assert f'href="{WAITING}"' in home
    assert f"See what is missing ({listed.count('D-OURS')})" in home
    assert "Missing: " in listed
    assert "time of day" in listed
    assert "D-THEIRS" not in listed
    for role in (Role.JUDGE, Role.CLERK):
        assert "See what is missing (" in signed_in(make.person(role, court)).get("/").content.decode()


def test_so_many_are_counted_and_no_more(
    desk: Client, enter: Enter, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST", 1)
    for _ in range(3):
        enter(issued_at=None, issued_on=(now - timedelta(days=1)).date())

    with CaptureQueriesContext(connection) as captured:
        home = desk.get("/").content.decode()

    assert "1 deadlines or more cannot be computed" in home
    assert any("COUNT(" in one["sql"] and "LIMIT 1)" in one["sql"] for one in captured)


def test_police_are_not_told_of_it(enter: Enter, now: datetime) -> None:
    police = make.agency()
    enter(issued_at=None, issued_on=(now - timedelta(days=1)).date(), respondent_town=make.town(police))

    page = signed_in(make.person(Role.LIAISON, police)).get("/").content.decode()

    assert "missing" not in page
