"""The marshal's desk: what is to be served, the papers, the signed return, and the pay sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, Role, User
from orders.models import Attachment, CaseEvent, Order, OrderAgency
from orders.rules.court_time import add_months
from orders.services.attachments.attaching import content_of
from orders.services.hearings import schedule_hearing
from orders.services.orders.case_events import CASE_EVENT
from orders.services.parties.agencies import add_agency
from orders.services.service import record_failed_attempt, record_service
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, instant, make_place, page_of, read
from tests.pdf import Pdf

pytestmark = pytest.mark.django_db

PEN = "M10 20L30 40L50 20"


@dataclass
class Office:
    """A place with a marshal's office and its marshal."""

    place: Place
    agency: Agency
    marshal: User

    def given(self, name: str = "Ash Birch", **facts: Any) -> Order:
        """An order that was given to the marshal to serve."""
        order = self.place.order(name, hours=None, **facts)
        add_agency(order, agency=self.agency, by=None, now=timezone.now())
        return order

    def served(self, order: Order, *, by: User, hours: float = 2) -> Order:
        """The order, served some hours ago, as `by` records it."""
        now = timezone.now()
        return record_service(
            order,
            served_at=now - timedelta(hours=hours),
            service_method="in_hand",
            service_officer="Pat Reed",
            firearms_answer="no",
            by=by,
            now=now,
        )


@pytest.fixture
def office(db: None) -> Office:
    agency = make.agency(AgencyKind.MARSHAL)
    return Office(make_place(), agency, make.person(Role.MARSHAL, agency))


def heard_in(order: Order, days: int) -> None:
    now = timezone.now()
    schedule_hearing(
        order,
        purpose="application",
        scheduled_on=(now + timedelta(days=days)).date(),
        confirm="A test.",
        by=None,
        now=now,
    )


def test_the_list_has_the_last_day_first_and_names_what_is_next(office: Office) -> None:
    later, sooner, done = office.given("Lea Later"), office.given("Sam Sooner"), office.given("Dee Done")
    heard_in(later, 9)
    heard_in(sooner, 5)
    office.served(done, by=office.marshal)
    record_failed_attempt(
        sooner,
        attempted_at=timezone.now() - timedelta(hours=3),
        method="in_hand",
        reason="Not at home",
        code="not_home",
        place="7 Elm Lane",
        by=office.marshal,
        now=timezone.now(),
    )

    text = read(office.marshal, "/service/")

    assert text.index("Sam Sooner") < text.index("Lea Later") < text.index("Dee Done")
    for words in ("Serve by", "1 attempt", "Not at home", "Papers not picked up", "7 Elm Lane", "hearing"):
        assert words in text
    assert "return of service not filed" in text
    assert PROTECTED not in text
    # Only a marshal has this desk, and another office does not have these rows.
    other = make.person(Role.MARSHAL, make.agency(AgencyKind.MARSHAL))
    assert "No order that was given to your office" in read(other, "/service/")
    assert browser(other).get(page_of(sooner, "pick-up")).status_code == 404
    for person in (office.place.liaison, make.person(Role.CLERK, office.place.court)):
        assert browser(person).get("/service/").status_code == 404
        assert browser(person).get("/service/pay/").status_code == 404


def test_the_list_asks_as_often_for_many_orders_as_for_one(office: Office) -> None:
    client = browser(office.marshal)
    heard_in(office.given(), 5)
    office.served(office.given(), by=office.marshal)
    client.get("/service/")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get("/service/")
        return len(found)

    one = queries()
    for number in range(3):
        heard_in(office.given(f"Person {number}"), 6)
        office.served(office.given(f"Served {number}"), by=office.marshal)
    assert queries() <= one + 1


def test_a_pick_up_is_confirmed_and_taken_back(office: Office) -> None:
    order = office.given()
    client = browser(office.marshal)

    early = client.post(
        page_of(order, "pick-up"), instant("picked_up_at", timezone.now() - timedelta(days=30))
    )
    assert "before the order was issued" in early.content.decode()
    picked = instant("picked_up_at", timezone.now() - timedelta(minutes=5))
    assert client.post(page_of(order, "pick-up"), picked)["Location"] == page_of(order)
    assert "already" in client.post(page_of(order, "pick-up"), picked).content.decode()

    row = OrderAgency.objects.get(order=order, agency=office.agency)
    assert row.picked_up_at is not None
    assert order.history.get(kind="papers_picked_up").actor == office.marshal
    assert "With you, to be served" in read(office.marshal, "/service/")
    assert browser(office.place.liaison).get(page_of(order, "pick-up")).status_code == 403

    undo = page_of(order, "pick-up/withdraw")
    assert client.post(undo, {"reason": "Another order."})["Location"] == page_of(order)
    row.refresh_from_db()
    assert row.picked_up_at is None
    assert order.history.get(kind="pick_up_withdrawn").reason == "Another order."


def test_the_return_is_signed_filed_and_seen_by_the_court(office: Office) -> None:
    order = office.given()
    heard_in(order, 9)
    client = browser(office.marshal)
    assert client.get(page_of(order, "return-of-service"))["Location"] == page_of(order)
    office.served(order, by=office.marshal)
    sheet = {"served_papers": ["The order"], "name": "State Marshal Pat Reed", "method": "screen"}

    unsigned = client.post(page_of(order, "return-of-service"), sheet | {"drawing": ""}).content.decode()
    assert "Sign in the field." in unsigned
    bad = client.post(page_of(order, "return-of-service"), sheet | {"drawing": "<svg>"}).content.decode()
    assert "Nothing is filed yet" in bad
    assert not Attachment.objects.exists()
    assert "Entered in the tracking system" in read(office.marshal, page_of(order, "return-of-service"))
    filed = client.post(page_of(order, "return-of-service"), sheet | {"drawing": PEN})

    assert filed["Location"] == page_of(order)
    row = Attachment.objects.get(order=order)
    paper = Pdf(content_of(row)).everything
    for words in ("Return of service", "in hand", "State Marshal Pat Reed", "No firearms", "The order"):
        assert words in paper, words
    assert PROTECTED not in paper
    # The duty of the court's list is met: the return came in.
    assert CaseEvent.objects.get(order=order).kind == "service_returned"
    assert make.deadline(order, "CT-SVC-08").met_at is not None
    clerk = make.person(Role.CLERK, office.place.court)
    assert browser(clerk).get(f"/files/{row.public_id}/content/").status_code == 200
    assert browser(office.place.liaison).get(f"/files/{row.public_id}/content/").status_code == 200
    assert "return of service not filed" not in read(office.marshal, "/service/")
    # Withdrawn with its reason, the duty is open again.
    client.post(page_of(order, "return-of-service/withdraw"), {"reason": "Signed for another person."})
    assert not CaseEvent.objects.filter(order=order).exists()
    assert make.deadline(order, "CT-SVC-08").met_at is None
    assert "return of service not filed" in read(office.marshal, "/service/")


def test_the_pay_sheet_counts_what_the_marshal_did(office: Office) -> None:
    now = timezone.now()
    # Minutes after midnight on the first of a month, all of this was in the month before.
    month = f"{court_date(now - timedelta(hours=3)):%Y-%m}"
    office.served(office.given("Ash Served"), by=office.marshal, hours=3)
    office.served(office.given("Lee Police"), by=office.place.liaison, hours=3)
    tried = office.given("Tam Tried")
    for person, code in ((office.marshal, "not_home"), (office.place.liaison, "moved")):
        record_failed_attempt(
            tried,
            attempted_at=now - timedelta(hours=3),
            method="in_hand",
            reason="x",
            code=code,
            by=person,
            now=now,
        )

    text = read(office.marshal, f"/service/pay/?month={month}")
    table = b"".join(browser(office.marshal).get(f"/service/pay/?month={month}&format=csv")).decode()

    assert "<strong>1</strong> served, <strong>1</strong> failed attempt." in text
    assert ("Ash Served" in text, "Lee Police" in text, "Moved away" in text) == (True, False, False)
    assert len(table.strip().splitlines()) == 3
    assert PROTECTED not in text + table
    former = read(office.marshal, "/service/pay/?month=2020-01")
    assert "No service and no attempt" in former
    assert "February 2020" in former
    today = read(office.marshal, "/service/pay/")
    assert f"{court_date(now):%B %Y}" in today
    assert f"{add_months(court_date(now), 1):%B %Y}" not in today, "a month that has not begun"


@pytest.mark.parametrize("is_corrected", [False, True])
def test_a_wrong_time_of_entry_goes_with_the_return_unless_the_court_corrected_it(
    office: Office, *, is_corrected: bool
) -> None:
    order = office.served(office.given(), by=office.marshal)
    client, now = browser(office.marshal), timezone.now()
    sheet = {
        **instant("entered_at", now - timedelta(minutes=20)),
        "served_papers": ["The order"],
        "name": "State Marshal Pat Reed",
        "method": "screen",
        "drawing": PEN,
    }
    client.post(page_of(order, "return-of-service"), sheet)
    entry = CaseEvent.objects.get(order=order, kind="service_recorded")
    if is_corrected:
        clerk = make.person(Role.CLERK, office.place.court)
        at = now - timedelta(minutes=10)
        CASE_EVENT.correct(entry, {"occurred_at": at}, by=clerk, now=now, reason="The log of the system.")

    undo = page_of(order, "return-of-service/withdraw")
    assert "The time of entry in the tracking system is withdrawn too" in read(office.marshal, undo)
    client.post(undo, {"reason": "A slip."})

    assert CaseEvent.objects.filter(kind="service_recorded").exists() is is_corrected
    page = read(office.marshal, page_of(order, "return-of-service"))
    assert ("Entered in the tracking system" in page) is not is_corrected


def test_police_file_the_return_of_their_own_service_and_no_other(office: Office) -> None:
    """Who recorded the service signs the return; the page names it to no one else."""
    place = office.place
    theirs = office.served(office.given("Theo Theirs"), by=office.marshal)
    own = office.served(office.given("Oda Own"), by=place.liaison)
    client = browser(place.liaison)
    signed = {
        "served_papers": ["The order"],
        "name": "Pat Reed",
        "method": "screen",
        "drawing": "M10 20L30 40",
    }

    assert "Sign and file the return" not in read(place.liaison, page_of(theirs))
    assert client.post(page_of(theirs, "return-of-service"), signed).status_code == 403
    assert "Sign and file the return" in read(place.liaison, page_of(own))
    assert client.post(page_of(own, "return-of-service"), signed).status_code == 302

    text = read(place.liaison, page_of(own))
    assert "Return of service filed" in text
    row = Attachment.objects.get(order=own)
    assert f"/files/{row.public_id}/content/" in text
    assert client.get(f"/files/{row.public_id}/content/").status_code == 200
    assert client.post(page_of(own, "return-of-service/withdraw"), {"reason": "A slip."}).status_code == 302
    assert "The return of service is not filed" in read(place.liaison, page_of(own))


def test_what_police_served_is_not_for_the_marshal_to_sign_in_their_name(office: Office) -> None:
    own = office.served(office.given("Ash Birch"), by=office.marshal)
    theirs = office.served(office.given("Sam Cole"), by=office.place.liaison)
    Order.objects.filter(pk=theirs.pk).update(service_officer="Robin Hale")

    listed = read(office.marshal, "/service/")
    assert page_of(own, "return-of-service") in listed
    assert page_of(theirs, "return-of-service") not in listed

    form = read(office.marshal, page_of(theirs, "return-of-service"))
    assert "Police recorded this service, by Robin Hale, and file its return." in form
    assert 'value="Robin Hale"' not in form
    assert 'value="Pat Reed"' in read(office.marshal, page_of(own, "return-of-service"))
