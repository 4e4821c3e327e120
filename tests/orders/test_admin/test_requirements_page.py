"""What must be sent stands on the order's page, with when it was; what was sent is recorded there."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, Role
from orders.models import Event, Order, Sending
from orders.services.requirements import record_sending, requirements_of
from orders.wording import instant_words
from tests import make
from tests.orders.test_admin.conftest import COURT_TIME, Enter, page_of, signed_in, typed

pytestmark = pytest.mark.django_db


def section(client: Client, order: Order) -> str:
    """The part of the page about what must be sent."""
    page = client.get(page_of(order)).content.decode()
    return page.partition('<section class="module" id="sending"')[2].partition("</section>")[0]


def test_the_page_lists_what_must_be_sent_to_whom_and_how_sure_that_is(desk: Client, enter: Enter) -> None:
    order = enter()

    found = section(desk, order)

    for one in requirements_of(order):
        assert one.entry.id in found
    assert "police of the respondent&#x27;s town" in found
    assert "from recollection only, have a lawyer check it" in found
    assert "Why (a debatable reading)" in found
    assert found.count("Not yet") == len(requirements_of(order))


def test_what_was_sent_says_when_and_the_history_says_what(desk: Client, enter: Enter, now: datetime) -> None:
    order = enter()
    sent = typed(now - timedelta(hours=1), "sent")

    response = desk.post(f"{page_of(order)}sent/", {"entry": "CT-SVC-04", **sent})

    assert response.status_code == 302
    waiting = len(requirements_of(order)) - 1
    assert section(desk, order).count("Not yet") == waiting
    assert instant_words(now - timedelta(hours=1), COURT_TIME) in section(desk, order)
    page = desk.get(page_of(order)).content.decode()
    assert "Document or notice sent" in page
    assert "With that notice the officer sends police the application" in page.partition('id="history"')[2]


def test_a_day_is_enough_and_what_is_not_sent_yet_is_offered_first(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter()
    yesterday = (now - timedelta(days=1)).date()

    desk.post(f"{page_of(order)}sent/", {"entry": "CT-SVC-04", "sent_0": yesterday.isoformat(), "sent_1": ""})

    sending = Sending.objects.get(order=order)
    assert (sending.sent_on, sending.sent_at) == (yesterday, None)
    form = desk.get(f"{page_of(order)}sent/").content.decode()
    assert form.index("Not sent yet") < form.index("CT-SVC-05") < form.index("Sent before")
    assert form.index("Sent before") < form.index("CT-SVC-04")


@pytest.mark.parametrize("entry", ["CT-SUR-01", "CT-FOR-02", ""])
def test_what_this_order_does_not_ask_for_is_refused(entry: str, desk: Client, enter: Enter) -> None:
    order = enter()

    page = desk.post(f"{page_of(order)}sent/", {"entry": entry, "sent_0": "2026-01-02", "sent_1": ""})

    assert list(page.context["form"].errors) == ["entry"]
    assert not Sending.objects.exists()
    assert not Event.objects.filter(kind="sent").exists()


def test_a_judge_reads_it_and_records_nothing(court: Agency, enter: Enter) -> None:
    order = enter()
    judge = signed_in(make.person(Role.JUDGE, court))

    assert "CT-SVC-04" in section(judge, order)
    assert "Record that it was sent" not in section(judge, order)
    assert judge.post(f"{page_of(order)}sent/", {"entry": "CT-SVC-04"}).status_code == 403


def test_the_page_takes_as_many_queries_whatever_was_sent(desk: Client, enter: Enter, now: datetime) -> None:
    none, many = enter(), enter()
    for one in requirements_of(many) * 2:
        record_sending(many, entry=one.entry.id, at=now, by=None, now=now)

    assert queries(desk, none) == queries(desk, many)


def queries(client: Client, order: Order) -> int:
    """How many queries the page of the order takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page_of(order)).status_code == 200
    return len(captured)
