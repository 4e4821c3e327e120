"""The page of the compliance report: by state, for the person's own courts, for auditors all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role
from orders.views import compliance
from tests import make

pytestmark = pytest.mark.django_db

PAGE = "/compliance/"


@pytest.fixture
def court() -> Agency:
    """A court with one order that is open, and one that is overdue."""
    now, court = timezone.now(), make.agency(AgencyKind.COURT, "Superior Court of Elm")
    for hours in (1, 30):
        make.served_order(now=now, ago=timedelta(hours=hours), issued_at=now - timedelta(days=3), court=court)
    return court


def read(role: Role, court: Agency | None, **query: str) -> str:
    client = Client()
    client.force_login(make.person(role, court))
    answer: Any = client.get(PAGE, query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def cell(count: int) -> str:
    return f'class="number">{count}</td>'


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE])
def test_a_court_counts_its_own_orders(role: Role, court: Agency) -> None:
    other = make.agency(AgencyKind.COURT, "Superior Court of Oak")

    mine, theirs = read(role, court), read(role, other)

    assert ": Connecticut, Superior Court of Elm." in mine
    assert "2 orders" in mine
    assert mine.count(cell(1)) == 2
    assert "50%" in mine
    assert "0 orders" in theirs
    assert cell(1) not in theirs


def test_an_auditor_chooses_the_state(court: Agency) -> None:
    make.agency(AgencyKind.COURT, "Vermont Superior Court", state="us_vt")

    here, there = read(Role.AUDITOR, None), read(Role.AUDITOR, None, state="us_vt")

    assert ": Connecticut, all courts." in here
    assert "2 orders" in here
    assert ": Vermont, all courts." in there
    assert "0 orders" in there


def test_a_state_without_a_time_counts_firearms_alone() -> None:
    make.agency(AgencyKind.COURT, "Court of Lake", state="us_in")

    page = read(Role.AUDITOR, None, state="us_in")

    assert "The rules of Indiana set no time to surrender firearms" in page
    assert "Overdue" not in page


def test_an_earlier_day_counts_what_had_happened_by_then(court: Agency) -> None:
    page = read(Role.CLERK, court, day=f"{timezone.now() - timedelta(days=9):%Y-%m-%d}")

    assert "0 orders" in page


def test_what_is_wrong_in_the_address_is_named(court: Agency) -> None:
    assert "us_vt is not one of the available choices" in read(Role.CLERK, court, state="us_vt")
    assert "Correct the year." in read(Role.CLERK, court, day="0201-01-01")


def test_a_count_that_takes_too_long_is_given_up_in_words(
    court: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_args: Any, **_options: Any) -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(compliance, "count_compliance", slow)

    assert "Counting took longer than a page may take." in read(Role.CLERK, court)


@pytest.mark.parametrize("role", [Role.LIAISON, Role.ADMINISTRATOR, Role.ADVOCATE])
def test_others_do_not_find_the_page(role: Role) -> None:
    kinds = {Role.LIAISON: AgencyKind.POLICE, Role.ADVOCATE: AgencyKind.ADVOCACY}
    client = Client()
    client.force_login(make.person(role, make.agency(kinds[role]) if role in kinds else None))

    assert client.get(PAGE).status_code == 404


def test_the_reports_lead_there(client: Client, court: Agency) -> None:
    client.force_login(make.person(Role.CLERK, court))

    reports = reverse("reports")
    assert reports in client.get("/").content.decode()
    assert PAGE in client.get(reports).content.decode()
