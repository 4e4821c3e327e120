"""Required notices on the page of an order, and how sending them is recorded."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.dates import format_instant
from accounts.models import Agency, Role
from orders.models import HistoryEntry, NoticeSent, Order
from orders.services.conditions.notices import record_notice_sent, required_notices
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, signed_in, typed

pytestmark = pytest.mark.django_db


def section(client: Client, order: Order) -> str:
    """The part of the page about what must be sent."""
    page = client.get(page_of(order)).content.decode()
    return page.partition('<section class="module" id="notices"')[2].partition("</section>")[0]


def test_the_page_lists_required_notices_with_recipient_and_certainty(desk: Client, enter: Enter) -> None:
    order = enter()

    found = section(desk, order)

    for one in required_notices(order):
        assert one.entry.id in found
    assert "police of the town of service" in found
    assert "second-hand; have it checked" in found
    assert "This reading is considered certain." in found
    assert "from memory only" not in found
    assert found.count("Not yet") == len(required_notices(order))


def test_a_sent_notice_shows_its_time_and_the_history_its_title(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter()
    sent = typed(now - timedelta(hours=1), "sent_at")

    response = desk.post(f"{page_of(order)}sent/", {"entry": "CT-SVC-04", **sent})

    assert response.status_code == 302
    waiting = len(required_notices(order)) - 1
    assert section(desk, order).count("Not yet") == waiting
    assert format_instant(now - timedelta(hours=1)) in section(desk, order)
    page = desk.get(page_of(order)).content.decode()
    assert "Document or notice sent" in page
    short = "Application, affidavit, order and notice to police"
    assert short in page.partition('id="history"')[2].partition("</section>")[0]


def test_the_checklist_has_one_short_line_for_each_notice(desk: Client, enter: Enter) -> None:
    order = enter()

    page = desk.get(page_of(order)).content.decode()
    checklist = page.partition('id="sent-heading"')[2].partition("</section>")[0]

    for one in required_notices(order):
        assert f'<span class="hidden-words">Not sent: </span>{escape(one.entry.short)}</span>' in checklist
        assert escape(one.entry.title.rstrip(".")) not in checklist
    assert '<a class="why-each" href="#notices">' in checklist


def test_people_has_the_telephone_number_of_each_agency(desk: Client, enter: Enter, court: Agency) -> None:
    court.telephone = "860-555-0123"
    court.save()
    order = enter()

    page = desk.get(page_of(order)).content.decode()
    people = page.partition('id="people-heading"')[2].partition("</section>")[0]

    assert '<a href="tel:860-555-0123">860-555-0123</a>' in people


def test_a_day_is_enough_and_notices_not_sent_yet_come_first(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter()
    yesterday = (now - timedelta(days=1)).date()

    desk.post(
        f"{page_of(order)}sent/", {"entry": "CT-SVC-04", "sent_at_0": yesterday.isoformat(), "sent_at_1": ""}
    )

    sending = NoticeSent.objects.get(order=order)
    assert (sending.sent_on, sending.sent_at) == (yesterday, None)
    form = desk.get(f"{page_of(order)}sent/").content.decode()
    assert form.index("Not sent yet") < form.index("CT-SVC-05") < form.index("Sent before")
    assert form.index("Sent before") < form.index("CT-SVC-04")


@pytest.mark.parametrize("entry", ["CT-SUR-01", "CT-FOR-02", ""])
def test_a_notice_that_the_order_does_not_require_is_rejected(
    entry: str, desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter()
    yesterday = (now - timedelta(days=1)).date().isoformat()

    page = desk.post(f"{page_of(order)}sent/", {"entry": entry, "sent_at_0": yesterday, "sent_at_1": ""})

    assert list(page.context["form"].errors) == ["entry"]
    assert not NoticeSent.objects.exists()
    assert not HistoryEntry.objects.filter(kind="sent").exists()


def test_a_judge_only_reads_notices(court: Agency, enter: Enter) -> None:
    order = enter()
    judge = signed_in(make.person(Role.JUDGE, court))

    assert "CT-SVC-04" in section(judge, order)
    assert "Record that it was sent" not in section(judge, order)
    assert judge.post(f"{page_of(order)}sent/", {"entry": "CT-SVC-04"}).status_code == 403


def test_the_number_of_queries_does_not_grow_with_sent_notices(
    desk: Client, enter: Enter, now: datetime
) -> None:
    none, many = enter(), enter()
    for minutes in (1, 2):
        sent = now - timedelta(minutes=minutes)
        for one in required_notices(many):
            record_notice_sent(many, entry=one.entry.id, sent_at=sent, by=None, now=now)

    assert queries(desk, none) == queries(desk, many)


def queries(client: Client, order: Order) -> int:
    """How many queries the page of the order takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page_of(order)).status_code == 200
    return len(captured)
