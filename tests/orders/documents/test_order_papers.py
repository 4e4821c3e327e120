"""The other documents: notices to the respondent, papers for officers, and papers of the court."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import AgencyKind, Role, User
from orders.models import Deadline, Hearing, OrderAgency
from orders.services.conditions.conditions import set_condition
from orders.services.documents.words import LANGUAGES
from orders.services.firearms.statements import record_statement
from tests import make
from tests.orders.documents.conftest import CANARIES, Papers
from tests.pdf import Pdf

DAY = date(2026, 12, 10)
PROTECTED = CANARIES[:2]


@pytest.fixture
def hearing(papers: Papers) -> Hearing:
    """A hearing of the case."""
    return Hearing.objects.create(
        order=papers.order, purpose="compliance", scheduled_on=DAY, scheduled_time=time(9, 30)
    )


def answer(person: User, address: str) -> Any:
    client = Client()
    client.force_login(person)
    return client.get(address)


def read(person: User, address: str) -> Pdf:
    found = answer(person, address)
    assert found.status_code == 200, found.status_code
    assert found["Content-Type"] == "application/pdf"
    assert not any(one in found["Content-Disposition"] for one in (*CANARIES, "Birch"))
    return Pdf(found.content)


def of_order(papers: Papers, kind: str, language: str = "en") -> str:
    return f"/documents/orders/{papers.order.public_id}/{kind}/?language={language}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_to_the_respondent_carry_nothing_else(
    papers: Papers, hearing: Hearing, language: str
) -> None:
    for address in (
        of_order(papers, "surrender-notice", language),
        f"/documents/hearings/{hearing.public_id}/?language={language}",
    ):
        found = read(papers.clerk, address)

        assert len(found.pages) == 1
        assert "Ash Łukasz Birch" in found.text
        for canary in (*CANARIES, "DEMO-2001", "Ruger"):
            assert canary not in found.everything, (address, canary)


def test_the_notice_names_the_end_and_the_lawful_ways(papers: Papers) -> None:
    text = read(papers.clerk, of_order(papers, "surrender-notice")).text

    due = Deadline.objects.get(order=papers.order, rule_id="CT-SUR-01").due_at
    assert due is not None
    assert "Sat, Dec 5, 2026, 8:00 p.m." not in text
    assert f"{due.astimezone(ZoneInfo('America/New_York')):%-I:%M}" in text
    assert "Take them to police" in text
    assert "Sell them to a federally licensed dealer." in text
    assert "true owner" not in text


def test_before_service_the_officer_fills_in_the_end(papers: Papers) -> None:
    order = make.order(court=papers.court)

    found = read(papers.clerk, f"/documents/orders/{order.public_id}/surrender-notice/")

    assert "The time begins when an officer hands the order to you" in found.text


def test_the_notice_of_a_hearing_has_its_day_and_time(papers: Papers, hearing: Hearing) -> None:
    text = read(papers.clerk, f"/documents/hearings/{hearing.public_id}/").text

    assert "Thu, Dec 10, 2026, 9:30 a.m." in text
    assert "Whether firearms were surrendered" in text


def test_officers_get_what_they_need_and_not_the_protected_person(papers: Papers) -> None:
    office = make.agency(name="Elm Marshals")
    OrderAgency.objects.create(order=papers.order, agency=office, capacity="marshal")
    marshal = make.person(Role.MARSHAL, office)

    notice = read(papers.liaison, of_order(papers, "police-notice"))
    packet = read(marshal, of_order(papers, "service-packet"))

    for found, expected in (
        (notice, ("12 Canary Street", "not-handed-in", "Receipt form")),
        (packet, ("12 Canary Street", "Return of service", "Not asked")),
    ):
        assert all(one in found.text for one in expected)
        assert not any(one in found.everything for one in PROTECTED)
    assert "attic-zinnia" not in packet.everything


@pytest.mark.parametrize(
    ("kind", "readers"),
    [
        ("surrender-notice", {"clerk", "judge", "liaison", "marshal"}),
        ("police-notice", {"clerk", "judge", "liaison"}),
        ("service-packet", {"clerk", "marshal"}),
        ("case-summary", {"clerk", "judge"}),
        ("receipt", set()),
        ("court-day", set()),
    ],
)
def test_each_role_gets_its_documents_only(papers: Papers, kind: str, readers: set[str]) -> None:
    office = make.agency(name="Elm Marshals")
    OrderAgency.objects.create(order=papers.order, agency=office, capacity="marshal")
    people = {
        "clerk": papers.clerk,
        "judge": make.person(Role.JUDGE, papers.court),
        "liaison": papers.liaison,
        "marshal": make.person(Role.MARSHAL, office),
        "elsewhere": papers.elsewhere,
        "other clerk": make.person(Role.CLERK, make.agency(AgencyKind.COURT)),
        "administrator": make.person(Role.ADMINISTRATOR),
    }

    found = {
        name for name, person in people.items() if answer(person, of_order(papers, kind)).status_code == 200
    }

    assert found == readers


def test_the_summary_states_what_is_known(papers: Papers, hearing: Hearing) -> None:
    at, zone = make.NOW + timedelta(days=5), ZoneInfo("America/New_York")
    set_condition(
        papers.order, condition="CT-HOM-01", due_at=at, details="Call first.", by=None, now=make.NOW
    )
    text = read(papers.clerk, of_order(papers, "case-summary")).text

    for expected in (
        "Call first.",
        f"{at.astimezone(zone):%-I:%M}",
        "HPD-R-26-00931",
        "DEMO-2001",
        "not-handed-in",
        "Still open",
        "Compliance; not held yet",
    ):
        assert expected in text


def test_the_bench_sheet_is_one_page_with_proven_sworn_and_planned(papers: Papers, hearing: Hearing) -> None:
    Hearing.objects.filter(pk=hearing.pk).update(judge="Hon. Ada Oak")
    record_statement(
        papers.order, kind="non_possession", sworn_at=make.NOW - timedelta(hours=1), by=None, now=make.NOW
    )
    set_condition(papers.order, condition="CT-TRM-AWAY", by=None, now=make.NOW)
    # The sheet lists what is planned on the day it is printed, whatever day that is.
    tomorrow = court_date(max(make.NOW, timezone.now())) + timedelta(days=1)
    set_condition(papers.order, condition="CT-HOM-01", due_on=tomorrow, by=None, now=make.NOW)
    address = f"/documents/hearings/{hearing.public_id}/bench/"

    found = read(make.person(Role.JUDGE, papers.court), address)

    assert len(found.pages) == 1
    for expected in (
        "Hon. Ada Oak",
        "Ash Łukasz Birch",
        "Zelda Quince",
        "Proven: 1 of 2; receipts HPD-R-26-00931",
        "Sworn and not verified: ",
        "Planned: Police check the home",
        "The respondent stays one hundred yards away",
        "What the court can order next",
        "not-handed-in",
        "Served",
    ):
        assert expected in " ".join(found.text.split()), expected
    stranger = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    for person in (papers.liaison, papers.elsewhere, stranger):
        assert answer(person, address).status_code == 404


# ---- a day of the court ------------------------------------------------------------------------------------


def day_of(papers: Papers, paper: str, day: date) -> str:
    return f"/documents/days/?court={papers.court.pk}&day={day.isoformat()}&paper={paper}"


def test_the_docket_list_has_the_courts_own_hearings(papers: Papers, hearing: Hearing) -> None:
    elsewhere = make.order(respondent_name="Other Court Person")
    Hearing.objects.create(order=elsewhere, purpose="compliance", scheduled_on=DAY)

    found = read(papers.clerk, day_of(papers, "docket", DAY))

    assert "Ash Łukasz Birch" in found.text
    assert "9:30 a.m." in found.text
    assert "1 of 2" in found.text
    assert "Other Court Person" not in found.everything
    assert not any(one in found.everything for one in PROTECTED)
    assert "Nothing on this day" in read(papers.clerk, day_of(papers, "docket", DAY + timedelta(days=1))).text


def test_the_bench_sheets_of_a_day_are_one_file_with_a_page_for_each_hearing(
    papers: Papers, hearing: Hearing
) -> None:
    Hearing.objects.filter(pk=hearing.pk).update(judge="Hon. Ada Oak")
    Hearing.objects.create(
        order=papers.order, purpose="contempt", scheduled_on=DAY, judge="Hon. Bo Elm", scheduled_time=time(14)
    )
    elsewhere = make.order(respondent_name="Other Court Person")
    Hearing.objects.create(order=elsewhere, purpose="compliance", scheduled_on=DAY)

    found = read(papers.clerk, day_of(papers, "bench", DAY))
    of_one = read(make.person(Role.JUDGE, papers.court), f"{day_of(papers, 'bench', DAY)}&judge=Hon.+Bo+Elm")

    assert len(found.pages) == 2
    assert found.text.count("Proven, sworn, planned") == 2
    assert f"1. {papers.order.case.docket_number}" in found.text
    assert "Other Court Person" not in found.everything
    assert len(of_one.pages) == 1
    assert "Hon. Ada Oak" not in of_one.text
    assert answer(papers.liaison, day_of(papers, "bench", DAY)).status_code == 404
    assert "No hearing is set" in read(papers.clerk, day_of(papers, "bench", DAY + timedelta(days=1))).text


def test_the_calendar_has_what_is_due_on_the_day(papers: Papers) -> None:
    make.served_order(ago=timedelta(hours=20), respondent_name="Other Court Person")
    due = Deadline.objects.get(order=papers.order, rule_id="CT-SUR-01").due_at
    assert isinstance(due, datetime)
    day = due.astimezone(ZoneInfo("America/New_York")).date()

    found = read(papers.clerk, day_of(papers, "calendar", day))

    assert "Firearms and ammunition are surrendered" in found.text
    assert papers.order.case.docket_number in found.text
    assert "Other Court Person" not in found.everything


def test_police_have_no_papers_of_the_court(papers: Papers) -> None:
    assert answer(papers.liaison, day_of(papers, "docket", DAY)).status_code == 404
    stranger = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    page = answer(stranger, day_of(papers, "docket", DAY))
    assert page.status_code == 200
    assert "Select a valid choice" in page.content.decode()


def test_more_cases_cost_no_more_queries(papers: Papers, hearing: Hearing) -> None:
    def queries() -> int:
        client = Client()
        client.force_login(papers.clerk)
        client.get(day_of(papers, "docket", DAY))
        with CaptureQueriesContext(connection) as found:
            client.get(day_of(papers, "docket", DAY))
        return len(found)

    before = queries()
    for _ in range(3):
        more = make.order(court=papers.court)
        Hearing.objects.create(order=more, purpose="compliance", scheduled_on=DAY)

    assert queries() == before
