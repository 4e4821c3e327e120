"""The board and the pages of cases: who sees what, and recording service, attempts and receipts there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import AgencyKind, AuditEntry, Role, Session, User
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import Deadline, Firearm, FollowUp, Order, Receipt, ServiceAttempt
from orders.services.conditions.conditions import set_condition
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.statements import record_statement
from orders.services.firearms.surrender import surrender_rules
from orders.services.follow_ups.actions import assign
from orders.services.follow_ups.transfers import offer_transfer
from orders.services.orders.case_events import record_case_event
from orders.services.parties.agencies import add_agency
from orders.services.planning.load_inventories import REPORTED
from orders.services.planning.urgency import ending_rules
from orders.services.service import record_service
from orders.views.cases.board import Board
from orders.views.cases.rows import BoardRow
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, instant, make_place, page_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def rows_of(person: User) -> dict[str, list[BoardRow]]:
    """The rows of the person's board, by section."""
    return {one.name: one.rows for one in Board(person=person, now=timezone.now()).sections}


def surrender_follow_up() -> FollowUp:
    """The one follow-up of a surrender."""
    return FollowUp.objects.get(deadline__rule_id__in=surrender_rules())


def test_officers_read_what_they_need_of_the_conditions(place: Place) -> None:
    order = place.order(kind="restraining_order")
    given: dict[str, Any] = {"by": None, "now": timezone.now()}
    set_condition(
        order,
        condition="CT-TRM-AWAY",
        details=f"{PROTECTED} works there.",
        for_police="Also at work.",
        **given,
    )
    set_condition(order, condition="CT-TRM-RENT", **given)

    text = read(place.liaison, page_of(order))

    assert "stays one hundred yards away from the protected persons. Also at work." in text
    assert "the rent or the mortgage" not in text
    assert PROTECTED not in text
    clerk = make.person(Role.CLERK, place.court)
    for expected in (
        "works there.",
        "For officers: Also at work.",
        "the rent or the mortgage of the home, until",
    ):
        assert expected in read(clerk, f"/admin/orders/order/{order.public_id}/")


# ---- the board ---------------------------------------------------------------------------------------------


def test_each_case_is_one_row_in_the_section_of_its_clock(place: Place) -> None:
    late, running, unserved = (
        place.order("Late Birch"),
        place.order("Run Birch", hours=2),
        place.order(hours=None),
    )
    Firer("test").fire(now=timezone.now())

    found = {name: [row.order for row in rows] for name, rows in rows_of(place.liaison).items()}
    counts = Board(person=place.liaison, now=timezone.now()).counts
    assert [one.name for one in counts] == ["late", "running", "service"]

    assert found == {"running": [running], "late": [late], "service": [unserved]}
    assert rows_of(place.elsewhere) == {}


def test_orders_that_ended_unserved_hide_no_live_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.views.cases.board.MOST", 1)
    live = place.order("Live Birch", hours=None)
    for number in range(2):
        ended = place.order(f"Ended Birch {number}", hours=None)
        Order.objects.filter(pk=ended.pk).update(expires_on=court_date(timezone.now()) - timedelta(days=2))

    assert [row.order for row in rows_of(place.liaison)["service"]] == [live]


def test_the_board_shows_person_firearms_clock_owner_and_next_action(place: Place) -> None:
    place.order(firearms=2)
    Firer("test").fire(now=timezone.now())

    text = read(place.liaison, "/")

    assert "Ash Birch" in text
    assert "0 of 2 accounted for" in text
    assert '<span class="chip late">31 h late</span>' in text
    follow_up = read(place.liaison, reverse("follow-up-page", args=[surrender_follow_up().public_id]))
    assert 'href="/cases/' in follow_up.split("<h1>")[0].split("<main")[1]
    assert "Owner: you" in text
    assert "Next: " in text
    assert PROTECTED not in text


def test_a_case_is_acknowledged_once_and_opened(place: Place) -> None:
    order = place.order()
    Firer("test").fire(now=timezone.now())
    waiting = Alert.objects.filter(recipient=place.liaison, acknowledged_at=None)
    assert waiting.exists()
    lead = Alert.objects.filter(recipient=place.liaison, channel="email").leading().latest("id")
    assert reverse("acknowledge-and-open", args=[lead.public_id]) in read(place.liaison, "/")

    answer = browser(place.liaison).post(reverse("acknowledge-and-open", args=[lead.public_id]))

    assert answer["Location"] == page_of(order)
    assert not waiting.exists()


def test_a_stranger_cannot_acknowledge_from_the_board(place: Place) -> None:
    place.order()
    Firer("test").fire(now=timezone.now())
    alert = Alert.objects.filter(recipient=place.liaison).latest("id")

    answer = browser(place.elsewhere).post(reverse("acknowledge-and-open", args=[alert.public_id]))

    assert answer.status_code == 404
    assert not Alert.objects.exclude(acknowledged_at=None).exists()


def test_a_sworn_denial_stays_on_the_board_as_sworn(place: Place) -> None:
    order = place.order(hours=2)
    record_statement(
        order,
        kind="non_possession",
        sworn_at=timezone.now() - timedelta(hours=1),
        by=None,
        now=timezone.now(),
    )

    (row,) = rows_of(place.liaison)["running"]

    assert row.state is not None
    assert row.state.value == "sworn_not_verified"
    page = read(place.liaison, page_of(order))
    assert "Sworn, not verified: check whether the respondent has firearms" in page
    assert "accounted for</strong>" not in page.split("<section>")[0]


def test_a_report_of_firearms_ends_the_chip_of_a_sworn_denial(place: Place) -> None:
    order, now = place.order(hours=2), timezone.now()
    at = now - timedelta(hours=1)
    record_statement(order, kind="non_possession", sworn_at=at, by=None, now=now)
    record_case_event(order, kind=REPORTED, occurred_at=now, by=None, now=now)

    (row,) = rows_of(place.liaison)["running"]
    page = read(place.liaison, page_of(order))

    assert row.state is None
    assert "Reported: still has firearms</strong>" in read(place.liaison, "/")
    assert "Reported: still has firearms. To be surrendered by" in page
    assert "Sworn, not verified" not in page.split("<h2>Deadlines")[0]


def test_what_rests_on_a_statement_alone_is_not_done(place: Place) -> None:
    sworn = place.order("Sam Sworn", hours=2, firearms=0, firearms_indicated=False)
    proven = place.order("Pat Proven", hours=2)
    at = timezone.now() - timedelta(hours=1)
    by: dict[str, Any] = {"by": None, "now": timezone.now()}
    record_statement(sworn, kind="non_possession", sworn_at=at, **by)
    record_receipt(
        proven, kind="police", received_at=at, agency=place.police, firearms=list(proven.firearms.all()), **by
    )

    rows = rows_of(place.liaison)

    assert [one.case_id for one in (row.order for row in rows["sworn"])] == [sworn.case_id]
    assert [one.case_id for one in (row.order for row in rows["done"])] == [proven.case_id]


def test_a_case_on_the_board_is_not_listed_a_second_time(place: Place) -> None:
    place.order()
    Firer("test").fire(now=timezone.now())

    text = read(place.liaison, "/")

    assert "Late" in text
    assert "to acknowledge" not in text.lower()


def test_orders_that_ended_unserved_are_left_out_in_the_database(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.views.cases.board.MOST_READ", 1)
    live = place.order("Live Birch", hours=None)
    ended = place.order("Ended Birch", hours=None)
    today = court_date(timezone.now())
    Order.objects.filter(pk=ended.pk).update(
        issued_on=today - timedelta(days=60), expires_on=today - timedelta(days=40)
    )
    computed = make.order(
        now=timezone.now(),
        court=place.court,
        respondent_town=place.town,
        issued_at=timezone.now() - timedelta(days=4),
        kind="restraining_order",
    )
    ends = Deadline.objects.filter(order=computed, rule_id__in=ending_rules(), due_at__isnull=False)
    assert ends.update(due_at=timezone.now() - timedelta(days=40), due_on=None) == 1

    assert [row.order for row in rows_of(place.liaison)["service"]] == [live]


def test_an_offer_is_a_row_that_leads_to_its_answer(place: Place) -> None:
    place.order("Offered Birch")
    Firer("test").fire(now=timezone.now())
    follow_up = surrender_follow_up()
    there = place.elsewhere.memberships.get().agency
    assert there is not None
    assign(follow_up, assigned_to=place.liaison, by=place.liaison, now=timezone.now())
    offer_transfer(follow_up, to_agency=there, reason="Moved", by=place.liaison, now=timezone.now())

    (row,) = rows_of(place.elsewhere)["transfers"]
    text = read(place.elsewhere, "/")

    assert row.due.startswith("Elm Police asks, ")
    assert row.whose == "open", "a telephone shows it, though a person of the other agency still has it"
    assert f'href="{reverse("follow-up-page", args=[follow_up.public_id])}"' in text
    assert "Accept or decline" in text


def test_the_board_finds_rows_by_docket_serial_and_address(place: Place) -> None:
    order = place.order()
    Firer("test").fire(now=timezone.now())

    (row,) = rows_of(place.liaison)["late"]

    for words in (order.case.docket_number, f"S{order.pk}-0", "7 Elm Lane", "Ash Birch"):
        assert words in row.words
    assert PROTECTED not in row.words


def test_the_board_alone_shows_no_new_access_and_keeps_no_session_alive(place: Place) -> None:
    place.order()
    Firer("test").fire(now=timezone.now())
    client = browser(place.liaison)
    page = client.get("/").content.decode()
    state = page.split('data-board="')[1].split('"')[0]
    before = AuditEntry.objects.count(), Session.objects.get().expire_date

    same = client.get(f"/board/?known={state}")

    assert "Ash Birch" in same.content.decode()
    assert (AuditEntry.objects.count(), Session.objects.get().expire_date) == before
    place.order("New Birch")
    Firer("test").fire(now=timezone.now())
    assert "New Birch" in client.get(f"/board/?known={state}").content.decode()
    assert AuditEntry.objects.count() == before[0] + 1
    assert browser(make.person(Role.CLERK, place.court)).get("/board/").status_code == 404


def test_a_case_that_no_person_has_is_taken_from_the_board(place: Place) -> None:
    place.order()
    Firer("test").fire(now=timezone.now())
    FollowUp.objects.update(assigned_to=None)
    Alert.objects.update(acknowledged_at=timezone.now(), acknowledged_by=place.liaison)
    address = reverse("follow-up-act", args=[surrender_follow_up().public_id, "take"])
    assert f'action="{address}"' in read(place.liaison, "/")

    browser(place.liaison).post(address)

    assert surrender_follow_up().assigned_to == place.liaison


def test_the_number_of_queries_of_board_and_case_does_not_grow(place: Place) -> None:
    def queries(address: str) -> int:
        client = browser(place.liaison)
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    first = place.order(firearms=1)
    place.order("Run Birch", hours=2)
    place.order("New Birch", hours=None)
    Firer("test").fire(now=timezone.now())
    few = queries("/"), queries(page_of(first))
    for number in range(6):
        place.order(f"Birch {number}")
        place.order(f"Run {number}", hours=2)
        place.order(f"New {number}", hours=None)
        list_firearm(first, source="police", serial=f"More-{number}", by=None, now=timezone.now())
    Firer("test").fire(now=timezone.now())

    assert (queries("/"), queries(page_of(first))) == few


# ---- one case ----------------------------------------------------------------------------------------------


def test_the_case_begins_with_person_and_state_and_hides_the_protected_person(place: Place) -> None:
    order = place.order()
    text = read(place.liaison, page_of(order))

    assert text.index("Ash Birch</h1>") < text.index("Firearms not surrendered, 31 hours late")
    assert "7 Elm Lane" in text
    assert "serial S" in text
    assert PROTECTED not in text


@pytest.mark.parametrize("role", [Role.CLERK, Role.ADVOCATE, Role.LICENSING, Role.SCHOOL, Role.AUDITOR])
def test_other_roles_get_404(place: Place, role: Role) -> None:
    kinds = {
        Role.CLERK: AgencyKind.COURT,
        Role.ADVOCATE: AgencyKind.ADVOCACY,
        Role.LICENSING: AgencyKind.LICENSING,
        Role.SCHOOL: AgencyKind.SCHOOL,
    }
    person = make.person(
        role, place.court if role is Role.CLERK else make.agency(kinds[role]) if role in kinds else None
    )
    order = place.order()

    assert browser(person).get(page_of(order)).status_code == 404
    assert browser(person).get(page_of(order, "serve")).status_code == 404


def test_police_of_another_place_get_404(place: Place) -> None:
    order = place.order()

    assert browser(place.elsewhere).get(page_of(order)).status_code == 404
    assert browser(place.elsewhere).post(page_of(order, "firearm"), {"make": "Colt"}).status_code == 404


def test_an_act_of_the_court_is_refused(place: Place) -> None:
    order = place.order()

    assert browser(place.liaison).get(page_of(order, "vacate")).status_code == 403
    assert browser(place.liaison).get(page_of(order, "fly-a-kite")).status_code == 404
    assert page_of(order, "vacate") not in read(place.liaison, page_of(order))


def test_police_record_a_failed_attempt_then_service(place: Place) -> None:
    order, now = place.order(hours=None), timezone.now()
    client = browser(place.liaison)
    text = read(place.liaison, page_of(order))
    assert page_of(order, "serve") in text
    assert page_of(order, "attempt") in text

    tried = {
        **instant("attempted_at", now - timedelta(hours=3)),
        "method": "in_hand",
        "reason": "No one there",
    }
    assert client.post(page_of(order, "attempt"), tried)["Location"] == page_of(order)
    served = {
        **instant("served_at", now - timedelta(hours=1)),
        "service_method": "in_hand",
        "service_officer": "Ofc. Reed",
        "firearms_answer": "no",
    }
    assert client.post(page_of(order, "serve"), served)["Location"] == page_of(order, "receipt")

    assert ServiceAttempt.objects.get(order=order).reason == "No one there"
    order.refresh_from_db()
    assert order.service_officer == "Ofc. Reed"
    text = read(place.liaison, page_of(order))
    assert "Firearms to be surrendered by" in text
    assert "22 h" in text or "23 h" in text
    assert "the respondent answered: no" in text


def test_police_put_right_the_service_that_they_recorded(place: Place) -> None:
    by_court, own, now = place.order("Court Birch"), place.order("Own Birch", hours=None), timezone.now()
    at = now - timedelta(hours=3)
    record_service(own, served_at=at, service_method="abode", by=place.liaison, now=now)
    colleague = browser(make.person(Role.LIAISON, place.police))
    sent = {**instant("served_at", at), "service_method": "in_hand", "reason": "Wrong line read"}

    def correct(order: Order) -> Any:
        seen = colleague.get(page_of(order, "correct-service")).context["form"]["seen"].value()
        return colleague.post(page_of(order, "correct-service"), {**sent, "seen": seen})

    refused = correct(by_court).content.decode()

    assert "Ask the clerk of the court to correct it" in refused
    assert "correct-service" not in read(place.liaison, page_of(by_court))
    assert page_of(own, "correct-service") in read(place.liaison, page_of(own))
    assert correct(own)["Location"] == page_of(own)
    own.refresh_from_db()
    assert own.service_method == "in_hand"
    assert own.history.get(kind="service_corrected").reason == "Wrong line read"
    colleague.post(page_of(own, "withdraw-service"), {"reason": "Another person"})
    own.refresh_from_db()
    assert own.served_at is None


def test_a_receipt_for_one_of_two_leaves_the_duty_late(place: Place) -> None:
    order = place.order(firearms=2)
    first = Firearm.objects.filter(order=order).order_by("id")[0]
    sent = {
        "firearms": [first.pk],
        **instant("received_at", timezone.now() - timedelta(hours=2)),
        "kind": "police",
        "agency": place.police.pk,
        "receipt_number": "R-1",
    }

    answer = browser(place.liaison).post(page_of(order, "paper"), sent)

    assert answer["Location"] == page_of(order)
    text = read(place.liaison, page_of(order))
    assert "1 of 2 accounted for" in text
    assert "Firearms not surrendered" in text
    assert "eceipt" in text
    assert rows_of(place.liaison)["late"][0].boxes == [True, False]


def test_a_receipt_is_withdrawn_with_a_reason(place: Place) -> None:
    order = place.order()
    sent = {
        "firearms": [Firearm.objects.get(order=order).pk],
        **instant("received_at", timezone.now() - timedelta(hours=2)),
        "kind": "police",
        "agency": place.police.pk,
    }
    client = browser(place.liaison)
    client.post(page_of(order, "paper"), sent)
    receipt = Receipt.objects.get(order=order)
    address = f"{page_of(order, 'withdraw-receipt')}?item={receipt.public_id}"
    assert address in read(place.liaison, page_of(order))

    refused = client.post(address, {"reason": ""})
    assert "Nothing is saved yet" in refused.content.decode()
    assert client.post(address, {"reason": "Wrong case"})["Location"] == page_of(order)

    assert not Receipt.objects.filter(order=order).exists()
    assert "Firearms not surrendered" in read(place.liaison, page_of(order))


def test_an_error_is_beside_its_field_and_in_the_summary_and_loses_nothing(place: Place) -> None:
    order = place.order(hours=None)
    sent = {"attempted_at_0": "", "attempted_at_1": "7pm", "method": "in_hand", "reason": "Dog in the yard"}

    text = browser(place.liaison).post(page_of(order, "attempt"), sent).content.decode()

    assert "<title>Error: " in text
    assert "Nothing is saved yet" in text
    assert "Dog in the yard" in text
    assert "7pm" in text
    assert not ServiceAttempt.objects.exists()


def test_a_marshal_serves_and_sees_no_firearms(place: Place) -> None:
    order = place.order("Unserved Birch", hours=None)
    office = make.agency(AgencyKind.MARSHAL)
    marshal = make.person(Role.MARSHAL, office)
    assert browser(marshal).get(page_of(order)).status_code == 404
    add_agency(order, agency=office, by=None, now=timezone.now())

    text = read(marshal, page_of(order))

    assert "Unserved Birch" in text
    assert page_of(order, "serve") in text
    assert page_of(order, "receipt") not in text
    assert "Ruger" not in text
    assert "accounted for" not in text
    assert PROTECTED not in text
    assert "Unserved Birch" in read(marshal, "/")
    assert browser(marshal).get(page_of(order, "receipt")).status_code == 403


def test_pages_have_no_inline_script_or_style(place: Place) -> None:
    order = place.order()
    Firer("test").fire(now=timezone.now())
    for address in ("/", page_of(order), page_of(order, "receipt")):
        text = read(place.liaison, address)
        assert "<script>" not in text
        assert "style=" not in text
        assert " onclick" not in text
