"""“Still has firearms”, as the protected person lets the court know: it opens a closed duty for a check."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.dates import COURT_TIME
from orders.admin.summary.recent import by_people, history_lines
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import DeadlineState, HistoryEntry, Order, Statement
from orders.services.clients.answers import Word, client_orders
from orders.services.clients.reports import Fate, OwnReport, case_began, own_reports, report_firearms
from orders.services.corrections import withdraw
from orders.services.court_days import court_day
from orders.services.firearms.accounting import account_of
from orders.services.firearms.statements import verify_statement
from orders.services.orders.case_events import events_of, record_case_event
from tests import make
from tests.make import NOW
from tests.orders.cases.places import make_place, page_of, read
from tests.orders.clients.test_answers import SERVED, by_police, release, sworn

pytestmark = pytest.mark.django_db

TODAY = NOW.astimezone(COURT_TIME).date()
LATER = NOW + timedelta(minutes=5)


def word(order: Order) -> Word:
    """The answer about the firearms after the report."""
    (found,) = client_orders([release(order)], LATER)
    return found.firearms.word


def test_a_proven_duty_opens_again_and_the_numbers_have_one_more() -> None:
    order = by_police(make.order(**SERVED))
    assert make.deadline(order, "CT-SUR-01").state == DeadlineState.MET

    report_firearms(release(order), known_on=TODAY, now=NOW)

    assert make.deadline(order, "CT-SUR-01").state == DeadlineState.OPEN
    account = account_of(order)
    assert (account.accounted, account.whole, account.unlisted) == (1, 2, 1)
    assert word(order) is Word.NOT_YET


def test_a_sworn_denial_meets_the_duty_no_longer() -> None:
    order = sworn(make.order(**SERVED, firearms_indicated=False))
    assert make.deadline(order, "CT-SUR-01").state == DeadlineState.MET

    report_firearms(release(order), known_on=TODAY, now=NOW)

    assert make.deadline(order, "CT-SUR-01").state == DeadlineState.OPEN
    # The advocate must not read on that it was sworn, after a press that promised something else.
    assert word(order) is Word.NOT_YET


def test_court_and_police_read_the_report_with_its_day_and_no_source() -> None:
    order = sworn(make.order(**SERVED, firearms_indicated=False))

    report_firearms(release(order), known_on=date(2026, 12, 3), now=NOW)

    (sentence,) = account_of(order).why_open
    assert sentence.startswith("Reported to the court ")
    assert sentence.endswith("the respondent still has firearms. Last known: Thu, Dec 3, 2026.")
    lines = by_people(history_lines(list(HistoryEntry.objects.filter(order=order)), COURT_TIME))
    assert [one.by for one in lines if one.entry.kind == "firearms_reported"] == ["Reported to the court"]


def test_a_report_does_not_pass_for_what_the_application_alleges() -> None:
    order = by_police(make.order(**SERVED))

    report_firearms(release(order), known_on=TODAY, now=NOW)

    (sentence,) = account_of(order).why_open
    assert "that the application alleges" not in sentence


def test_a_settled_report_is_not_shown_as_open() -> None:
    order = by_police(make.order(**SERVED))
    event = report_firearms(release(order), known_on=TODAY, now=NOW)

    withdraw(event, by=None, now=LATER, reason="Of another order.")

    assert account_of(order).why_open == []


def test_withdrawn_it_leaves_the_duty_as_it_was() -> None:
    order = by_police(make.order(**SERVED))
    event = report_firearms(release(order), known_on=TODAY, now=NOW)

    withdraw(event, by=None, now=LATER, reason="Of another order.")

    assert make.deadline(order, "CT-SUR-01").state == DeadlineState.MET


def test_the_history_names_no_source() -> None:
    order = by_police(make.order(**SERVED))

    report_firearms(release(order), known_on=date(2026, 12, 3), now=NOW)

    entry = HistoryEntry.objects.filter(order=order, kind="firearms_reported").get()
    assert entry.actor is None
    assert entry.reason == "Last known: Thu, Dec 3, 2026"


def test_once_a_day_is_enough() -> None:
    order = by_police(make.order(**SERVED))
    report_firearms(release(order), known_on=TODAY, now=NOW)

    with pytest.raises(InvalidFact, match="reported today"):
        report_firearms(release(order), known_on=TODAY, now=LATER)


def test_a_day_before_the_case_needs_one_of_the_reasons_and_no_free_text() -> None:
    order = by_police(make.order(**SERVED))
    early = case_began(order) - timedelta(days=700)

    for why in ("", "Ash Birch saw them"):
        with pytest.raises(DoubtfulFact, match="before the court case"):
            report_firearms(release(order), known_on=early, now=NOW, why=why)
    with pytest.raises(InvalidFact, match="too long ago"):
        report_firearms(release(order), known_on=date(1950, 1, 5), now=NOW, why="kept")
    report_firearms(release(order), known_on=early, now=NOW, why="hidden")

    (sentence,) = account_of(order).why_open
    assert sentence.endswith("before the court case. They are believed to be hidden.")


def test_the_case_begins_with_the_application_if_its_day_is_known() -> None:
    order = by_police(make.order(**SERVED))
    filed = order.issued_on - timedelta(days=20)
    assert case_began(order) == order.issued_on
    record_case_event(order, kind="application_filed", occurred_on=filed, by=None, now=NOW)

    assert case_began(order) == filed
    report_firearms(release(order), known_on=filed, now=NOW)


def test_a_release_without_firearms_allows_no_report() -> None:
    order = by_police(make.order(**SERVED))

    with pytest.raises(InvalidFact, match="does not cover"):
        report_firearms(release(order, covers_firearms=False), known_on=TODAY, now=NOW)
    with pytest.raises(InvalidFact, match="in the future"):
        report_firearms(release(order), known_on=TODAY + timedelta(days=1), now=NOW)


def test_it_is_recordable_only_where_firearms_are_surrendered() -> None:
    assert "firearms_reported" in events_of(make.order())
    assert "firearms_reported" not in events_of(make.order(kind="restraining_order_application"))


def test_the_page_of_the_case_shows_police_the_report() -> None:
    place, now = make_place(), timezone.now()
    order = place.order(firearms=0, firearms_indicated=False)

    report_firearms(release(order), known_on=court_day(order, now), now=now)

    page = read(place.liaison, page_of(order))
    assert "Reported to the court" in page
    assert "the respondent still has firearms. Last known:" in page
    assert "No one alleges firearms" not in page


def test_an_organization_sees_what_became_of_its_own_reports_and_of_no_other() -> None:
    order = by_police(make.order(**SERVED))
    mine, other = release(order), release(order)
    report_firearms(mine, known_on=TODAY, now=NOW)
    tomorrow = NOW + timedelta(days=1)
    event = report_firearms(other, known_on=TODAY, now=tomorrow)

    assert own_reports(mine) == [OwnReport(on=TODAY, fate=Fate.OPEN)]
    assert own_reports(other) == [OwnReport(on=TODAY + timedelta(days=1), fate=Fate.OPEN)]

    withdraw(event, by=None, now=tomorrow + timedelta(hours=1), reason="Of another order.")
    assert [one.fate for one in own_reports(other)] == [Fate.WITHDRAWN]
    assert [one.fate for one in own_reports(mine)] == [Fate.OPEN]


def test_a_report_is_closed_by_a_check_and_hidden_under_a_release_without_firearms() -> None:
    order = sworn(make.order(**SERVED, firearms_indicated=False))
    covered = release(order)
    report_firearms(covered, known_on=TODAY, now=NOW)
    verify_statement(
        Statement.objects.get(order=order),
        verified_at=LATER,
        agency=make.agency(),
        verified_by="Lee Ash",
        method="records",
        by=None,
        now=LATER,
        confirm="Checked after the report.",
    )

    assert [one.fate for one in own_reports(covered)] == [Fate.SETTLED]
    covered.covers_firearms = False
    assert own_reports(covered) == []
