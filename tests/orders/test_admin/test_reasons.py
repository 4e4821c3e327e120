"""The reasons of deadlines in two languages, and deadlines that cannot be computed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.dates import format_instant
from accounts.models import Agency, AgencyKind, Role
from orders.services.firearms import inventory, receipts, statements
from orders.services.orders import vacatur
from orders.views.court import today
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, signed_in

pytestmark = pytest.mark.django_db

WAITING = "/admin/orders/deadline/?state=cannot_compute"


def test_reasons_are_shown_in_spanish_and_in_english(desk: Client, enter: Enter, now: datetime) -> None:
    order = enter(served_at=now - timedelta(hours=1))
    english, spanish = (desk.get(page_of(order), {"language": one}).content.decode() for one in ("en", "es"))

    assert "elapsed hours" in english
    assert "horas corridas" not in english
    assert 'href="?language=es#deadlines"' in english
    assert "horas corridas" in spanish
    assert '<details lang="es">' in spanish
    assert 'href="?language=en#deadlines"' in spanish


@pytest.mark.parametrize("language", ["", "xx", "../en", "ES"])
def test_an_unknown_language_falls_back_to_english(
    language: str, desk: Client, enter: Enter, now: datetime
) -> None:
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


def test_deadlines_that_cannot_be_computed_are_linked_from_home_with_their_count(
    desk: Client, court: Agency, enter: Enter, now: datetime
) -> None:
    assert "No deadline is missing a fact." in desk.get("/").content.decode()
    yesterday: date = (now - timedelta(days=1)).date()
    for _ in range(2):
        enter(issued_at=None, issued_on=yesterday, docket_number="D-OURS")
    enter(issued_at=None, issued_on=yesterday, court=make.agency(AgencyKind.COURT), docket_number="D-THEIRS")

    home = desk.get("/").content.decode()
    listed = desk.get(WAITING).content.decode()

    assert f'href="{WAITING}"' in home
    count = listed.count('class="docket">D-OURS')
    assert count > 1
    assert f'<span class="number">{count}</span> Deadlines that cannot be computed' in home
    assert "Missing: " in listed
    assert "time of day" in listed
    assert "D-THEIRS" not in listed
    for role in (Role.JUDGE, Role.CLERK):
        assert WAITING in signed_in(make.person(role, court)).get("/").content.decode()


def test_the_count_has_a_limit(
    desk: Client, enter: Enter, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(today, "MOST_COUNTED", 1)
    for _ in range(3):
        enter(issued_at=None, issued_on=(now - timedelta(days=1)).date())

    with CaptureQueriesContext(connection) as captured:
        home = desk.get("/").content.decode()

    assert '<span class="number">1+</span> Deadlines that cannot be computed' in home
    assert any("COUNT(" in one["sql"] and "LIMIT 1)" in one["sql"] for one in captured)


def test_police_do_not_see_the_count(enter: Enter, now: datetime) -> None:
    police = make.agency()
    enter(issued_at=None, issued_on=(now - timedelta(days=1)).date(), respondent_town=make.town(police))

    page = signed_in(make.person(Role.LIAISON, police)).get("/").content.decode()

    assert "missing" not in page


def test_a_met_duty_to_surrender_is_proven_by_a_receipt_and_only_sworn_by_a_statement(
    desk: Client, enter: Enter, now: datetime
) -> None:
    sworn = enter(served_at=now - timedelta(hours=9), firearms_indicated=False)
    statements.record_statement(
        sworn, kind="non_possession", sworn_at=now - timedelta(hours=1), by=None, now=now
    )
    proven = enter(served_at=now - timedelta(hours=9))
    firearm = inventory.list_firearm(proven, serial="S-1", source="police", by=None, now=now)
    receipts.record_receipt(
        proven,
        kind="police",
        received_at=now - timedelta(hours=1),
        firearms=[firearm],
        agency=make.agency(),
        by=None,
        now=now,
    )

    sworn_page, proven_page = (desk.get(page_of(one)).content.decode() for one in (sworn, proven))

    assert '<span class="state sworn_not_verified">Sworn, not verified</span>' in sworn_page
    assert '<span class="state proven">Proven</span>' not in sworn_page
    assert '<span class="state proven">Proven</span>' in proven_page
    assert "Sworn, not verified" not in proven_page


def test_a_check_that_other_facts_contradict_is_shown(desk: Client, enter: Enter, now: datetime) -> None:
    order = enter(served_at=now - timedelta(hours=9))
    sworn_at = now - timedelta(hours=8)
    statement = statements.record_statement(order, kind="non_possession", sworn_at=sworn_at, by=None, now=now)
    statements.verify_statement(
        statement,
        verified_at=now - timedelta(hours=7),
        agency=make.agency(),
        verified_by="Lee Ash",
        method="records",
        by=None,
        now=now,
    )
    inventory.list_firearm(order, serial="S-1", source="police", by=None, now=now)

    page = desk.get(page_of(order)).content.decode()

    assert '<span class="state sworn_contradicted">Sworn and checked, contradicted</span>' in page
    assert "the check does not cover all that is recorded here" in page
    assert "Sworn, not verified" not in page


def test_what_was_missed_before_the_order_was_vacated_stays_known(
    desk: Client, enter: Enter, now: datetime
) -> None:
    served_at = now - timedelta(days=1, hours=9)
    missed, in_time = enter(served_at=served_at), enter(served_at=now - timedelta(hours=9))
    missed.deadlines.filter(rule_id="CT-SUR-01").update(state="overdue", overdue_at=now)
    for one in (missed, in_time):
        vacatur.vacate_order(one, vacated_at=now - timedelta(hours=1), reason="Withdrawn.", by=None, now=now)

    pages = [desk.get(page_of(one)).content.decode() for one in (missed, in_time)]

    assert f"it was overdue from {format_instant(served_at + timedelta(days=1))}" in pages[0]
    assert "it was overdue from" not in pages[1]


def test_a_firearm_of_the_persons_other_case_is_shown(desk: Client, enter: Enter, now: datetime) -> None:
    person = {"respondent_name": "Ash Birch", "respondent_dob": date(1980, 4, 19)}
    inventory.list_firearm(enter(**person), serial="S-1", source="police", by=None, now=now)

    page = desk.get(page_of(enter(**person))).content.decode()

    assert "Listed in another case of this person: " in page
    assert "S-1" in page.partition("Listed in another case")[2]
    assert "No firearm is listed." not in page
