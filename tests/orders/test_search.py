"""One search: any spelling, any part of a number, and only what the person may see of a case."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, Membership, Role, User
from orders.models import Order
from orders.services import corrections
from orders.services.firearms.inventory import list_firearm, record_permit
from orders.services.firearms.receipts import record_receipt
from orders.services.orders.corrections import correct_docket
from orders.services.parties.releases import record_release
from orders.services.search import Matched, search
from tests import make

pytestmark = pytest.mark.django_db

NAME = "José O'Neill-Díaz"
BORN = date(1980, 4, 19)


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT, "Superior Court of Elm")


@pytest.fixture
def clerk(court: Agency) -> User:
    return make.person(Role.CLERK, court)


@pytest.fixture
def order(court: Agency) -> Order:
    found = make.order(
        court=court,
        docket_number="HHD-FA25-0000815-S",
        por_number="POR-2026-0007",
        respondent_name=NAME,
        respondent_dob=BORN,
    )
    by: dict[str, Any] = {"by": None, "now": make.NOW}
    firearm = list_firearm(found, serial="ZQ-98765", source="police", **by)
    corrections.correct(firearm, {"serial": "AB-1O234"}, reason="Misread.", **by)
    record_receipt(
        found,
        kind="police",
        agency=found.order_agencies.get(capacity="respondent_police").agency,
        received_at=make.NOW,
        firearms=[firearm],
        receipt_number="RC-77-0815",
        **by,
    )
    record_permit(found, kind="Pistol permit", number="PP-4711", **by)
    correct_docket(found, docket_number="HHD-FA26-6012345-S", reason="Misread.", **by)
    return Order.objects.get(pk=found.pk)


def found_by(person: User, text: str) -> list[tuple[int, tuple[Matched, ...]]]:
    return [(one.order.pk, one.matched) for one in search(person, text, now=make.NOW)]


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("José O'Neill-Díaz", Matched.NAME),
        ("JOSE ONEILL DIAZ", Matched.NAME),
        ("jose\u0301 o\u2019neill\u200b diaz", Matched.NAME),
        ("Díaz, José", Matched.NAME),
        ("oneill", Matched.NAME),
        ("onei", Matched.NAME),
        ("pepe diaz", Matched.NAME),
        ("Jose Oneil Dias", Matched.NAME),
        ("Jose Onell", Matched.NAME),
        ("eill", Matched.NAME),
        ("ose eil", Matched.NAME),
        ("on", Matched.NAME),
        ("jose on", Matched.NAME),
        ("Di Jo", Matched.NAME),
        ("Dí, José", Matched.NAME),
        ("j diaz", Matched.NAME),
        ("Diaz J", Matched.NAME),
        ("Jose A. Diaz", Matched.NAME),
        ("Onyl", Matched.SIMILAR_NAME),
        ("4/19/1980", Matched.BIRTH_DATE),
        ("04-19-80", Matched.BIRTH_DATE),
        ("April 19, 1980", Matched.BIRTH_DATE),
        ("DOB: 1980-04-19", Matched.BIRTH_DATE),
        ("HHD-FA26-6012345-S", Matched.DOCKET),
        ("hhd \u2013 fa26 \u2013 6012345 \u2013 s", Matched.DOCKET),
        ("6012345", Matched.DOCKET),
        ("12345", Matched.DOCKET),
        ("FA26-60", Matched.DOCKET),
        ("POR-2026-0007", Matched.REGISTRY),
        ("por-2026", Matched.REGISTRY),
        ("AB-1O234", Matched.SERIAL),
        ("ab 10234", Matched.SIMILAR_SERIAL),
        ("B1O2", Matched.SERIAL),
        ("o234", Matched.SERIAL),
        ("RC-77-0815", Matched.RECEIPT),
        ("770815", Matched.RECEIPT),
        ("PP-4711", Matched.PERMIT),
        ("4711", Matched.PERMIT),
        ("HHD-FA25-0000815-S", Matched.FORMER),
        ("zq9", Matched.FORMER),
        ("ZQ-98765", Matched.FORMER),
    ],
)
def test_an_order_is_found_by_what_is_typed(
    text: str, matched: Matched, *, order: Order, clerk: User
) -> None:
    make.order(court=order.case.court, respondent_name="Ivy Oakley", docket_number="HHD-FA26-7000000-S")

    (pk, fields), *others = found_by(clerk, text)

    assert (pk, others) == (order.pk, [])
    assert matched in fields


@pytest.mark.parametrize(
    "text", ["Maria Oakley", "M Diaz", "Jose Di Ma", "6012346", "XY-99999", "4/20/1980", "Diego", "--"]
)
def test_what_does_not_fit_is_not_found(text: str, order: Order, clerk: User) -> None:
    assert found_by(clerk, text) == []


def test_the_name_of_the_person_comes_before_others_with_a_similar_name(court: Agency, clerk: User) -> None:
    similar = make.order(court=court, respondent_name="Marion Garcia")
    equal = make.order(court=court, respondent_name="María García", respondent_dob=BORN)
    dated = make.order(court=court, respondent_name="Maria Garcia", respondent_dob=date(1999, 1, 1))

    assert next(pk for pk, _ in found_by(clerk, "maria garcia 4/19/1980")) == equal.pk
    assert {pk for pk, _ in found_by(clerk, "maria garcia")} >= {equal.pk, dated.pk}
    assert similar.pk not in [pk for pk, _ in found_by(clerk, "maria garcia")][:2]


def test_a_corrected_name_is_found_by_the_new_spelling_only(order: Order, clerk: User) -> None:
    respondent = order.case.respondent
    respondent.name = "Rowan Ash"
    respondent.save(update_fields=["name"])

    assert [pk for pk, _ in found_by(clerk, "rowan")] == [order.pk]
    assert found_by(clerk, "oneill") == []


@pytest.mark.parametrize("text", ["oneill", "6012345", "POR-2026-0007", "AB-1O234", "4/19/1980"])
def test_strangers_find_nothing(text: str, order: Order) -> None:
    strangers = [
        make.person(Role.CLERK, make.agency(AgencyKind.COURT)),
        make.person(Role.LIAISON, make.agency()),
        make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)),
        make.person(Role.ADMINISTRATOR),
    ]

    assert [found_by(person, text) for person in strangers] == [[]] * 4


def released_to(order: Order) -> User:
    """An advocate with a release in force."""
    organization, now = make.agency(AgencyKind.ADVOCACY), timezone.now()
    record_release(
        order,
        agency=organization,
        signed_on=make.NOW.date() - timedelta(days=1),
        begins_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=30),
        by=None,
        now=max(now, make.NOW),
    )
    return make.person(Role.ADVOCATE, organization)


def test_an_advocate_finds_released_orders_by_their_docket_only(order: Order) -> None:
    advocate = released_to(order)

    assert found_by(advocate, "6012345") == [(order.pk, (Matched.DOCKET,))]
    for text in ("oneill", "POR-2026-0007", "AB-1O234", "4/19/1980"):
        assert found_by(advocate, text) == []


def test_an_advocate_reads_no_name(order: Order) -> None:
    page = signed_in(released_to(order)).post("/search/", {"text": "6012345"}).content.decode()

    assert "HHD-FA26-6012345-S" in page
    assert "Neill" not in page
    assert "1980" not in page


def test_a_school_reads_its_notices_and_searches_nothing(order: Order) -> None:
    school = make.agency(AgencyKind.SCHOOL)
    order.order_agencies.create(agency=school, capacity="school")
    client = signed_in(make.person(Role.SCHOOL, school))

    assert client.post("/search/", {"text": "oneill"}).status_code == 404
    assert client.post("/api/v1/searches", {"text": "oneill"}).status_code == 403
    assert 'role="search"' not in client.get("/school/").content.decode()


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_page_shows_results_logs_the_cases_and_puts_nothing_in_the_address(
    order: Order, clerk: User
) -> None:
    answer = signed_in(clerk).post("/search/", {"text": "oneill"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HHD-FA26-6012345-S" in page
    assert f"/admin/orders/order/{order.public_id}/" in page
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.cases) == (AuditAction.SEEN, [order.case.public_id])
    assert "oneill" not in str(entry.detail)


def test_a_term_in_the_address_is_ignored(order: Order, clerk: User) -> None:
    assert "HHD-FA26" not in signed_in(clerk).get("/search/?text=oneill").content.decode()


def test_searching_for_what_is_not_there_never_blocks(order: Order, clerk: User) -> None:
    browser = signed_in(clerk)

    for number in range(30):
        assert browser.post("/search/", {"text": f"HHD-FA26-90{number:05}-S"}).status_code == 200
    assert browser.get(f"/admin/orders/order/{order.public_id}/").status_code == 200
    assert not AuditEntry.objects.filter(action=AuditAction.REFUSED).exists()


@pytest.mark.parametrize("text", ["", " ", "\u200b", "a", "x" * 101])
def test_a_text_that_cannot_be_looked_up_is_refused_in_words(text: str, clerk: User) -> None:
    answer = signed_in(clerk).post("/search/", {"text": text})

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()


def test_people_who_see_no_case_have_no_search() -> None:
    browser = signed_in(make.person(Role.ADMINISTRATOR))

    assert browser.get("/search/").status_code == 404
    assert 'role="search"' not in browser.get("/").content.decode()


@pytest.mark.parametrize("address", ["/", "/account/", "/admin/", "/admin/orders/order/", "/preferences/"])
def test_every_page_has_the_search(address: str, clerk: User) -> None:
    page = signed_in(clerk).get(address, follow=True).content.decode()

    assert page.count('action="/search/"') == 1


def test_police_are_led_to_their_follow_up(order: Order, clerk: User) -> None:
    police = order.order_agencies.get(capacity="respondent_police").agency
    person = make.person(Role.LIAISON, police)
    page = signed_in(person).post("/search/", {"text": "oneill"}).content.decode()

    assert "HHD-FA26-6012345-S" in page
    assert "/admin/" not in page.partition("<table")[2]


def count_queries(work: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


@pytest.fixture
def two_roles(clerk: User) -> User:
    Membership.objects.create(user=clerk, agency=make.agency(), role=Role.LIAISON)
    return User.objects.get(pk=clerk.pk)


def test_the_number_of_queries_does_not_grow(court: Agency, two_roles: User, order: Order) -> None:
    browser = signed_in(two_roles)
    browser.post("/search/", {"text": "oneill"})
    one = count_queries(lambda: browser.post("/search/", {"text": "oneill"}))
    for _ in range(5):
        make.order(court=court, respondent_name=NAME, respondent_dob=BORN)

    assert count_queries(lambda: browser.post("/search/", {"text": "oneill"})) == one


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("orders_case WHERE orders_docket_parts(docket_number) @> %s", "case_docket_parts"),
        ("orders_respondent WHERE name_parts && ARRAY['onei']", "respondent_name_parts"),
        ("orders_respondent WHERE orders_docket_parts(name_key) @> %s", "respondent_inner_parts"),
        ("orders_respondent WHERE date_of_birth = '1980-04-19'", "respondent_birthday"),
        (
            "orders_firearm WHERE orders_near_serial(serial_key) = '1' AND NOT (serial_key = '')",
            "firearm_near_serial",
        ),
        (
            "orders_firearm WHERE orders_docket_parts(serial_key) @> %s AND NOT (serial_key = '')",
            "firearm_serial_parts",
        ),
        (
            "orders_receipt WHERE orders_docket_parts(receipt_number) @> %s AND NOT (receipt_number = '')",
            "receipt_number_parts",
        ),
        (
            "orders_permit WHERE orders_docket_parts(number) @> %s AND NOT (number = '')",
            "permit_number_parts",
        ),
        (
            "orders_historyentry WHERE orders_docket_parts(orders_former_numbers(data)) @> %s "
            "AND NOT (orders_former_numbers(data) = '')",
            "history_former_parts",
        ),
    ],
)
def test_each_field_has_an_index(condition: str, index: str, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        # In an empty table each index of the same rows is as good as another.
        rivals = "firearm_serial_once_per_order, receipt_number_once_per_order"
        if index.endswith("_parts"):
            cursor.execute(f"DROP INDEX firearm_near_serial, {rivals}")
        elif index == "firearm_near_serial":
            cursor.execute(f"DROP INDEX firearm_serial_parts, {rivals}")
        cursor.execute(f"EXPLAIN SELECT id FROM {condition.replace('%s', QUOTED)}")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert index in plan


#: Two parts of a number.
QUOTED = "ARRAY['601','012']"
