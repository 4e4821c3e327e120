"""Access log: one entry for each request through every entry point, or no response."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Agency, AgencyKind, ApiToken, AuditAction, AuditEntry, EntryPoint, Role, User
from accounts.services.access import enumeration_guard
from accounts.services.access.access_log import address_of, log_miss, record, start
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import Order
from tests import make
from tests.callers import Caller, MakeCaller
from tests.orders.test_admin.conftest import page_of, signed_in, typed

pytestmark = pytest.mark.django_db


#: Whatever is here must never be in the record.
CANARY = "Canary Warbler"
DOCKET = "HHD-FA26-424242-S"


@pytest.fixture
def court(db: None) -> Agency:
    return make.agency(AgencyKind.COURT, "Superior Court of Elm")


@pytest.fixture
def clerk(court: Agency) -> User:
    return make.person(Role.CLERK, court)


@pytest.fixture
def order(court: Agency) -> Order:
    now = timezone.now()
    return make.order(
        now=now,
        court=court,
        docket_number=DOCKET,
        respondent_name=CANARY,
        protected_person=f"Robin {CANARY}",
        issued_at=now - timedelta(days=2),
    )


@pytest.fixture
def alert(order: Order) -> Alert:
    """An alert to a liaison about an overdue order."""
    town = make.town()
    make.person(Role.LIAISON, town.police)
    now = timezone.now()
    served = make.served_order(
        ago=timedelta(days=2),
        now=now,
        issued_at=now - timedelta(days=4),
        respondent_town=town,
        respondent_name=CANARY,
    )
    Firer("test").fire(now=now)
    found = Alert.objects.filter(order=served, recipient__isnull=False).first()
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def _nothing_personal_is_on_record() -> Iterator[None]:
    """Check after every test that entries contain no personal data and that times are exact."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM accounts_auditentry e")
        for (row,) in cursor.fetchall():
            for word in (CANARY, "Canary", DOCKET):
                assert word not in row


def the_entry() -> AuditEntry:
    """Return the only entry."""
    return AuditEntry.objects.get()


def facts(entry: AuditEntry) -> tuple[Any, ...]:
    return entry.action, entry.entry_point, entry.what, entry.actor, entry.succeeded


# ---- every entry point ----


def test_page_of_an_order_is_logged(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)

    assert browser.get(page_of(order), REMOTE_ADDR="192.0.2.7").status_code == 200

    entry = the_entry()
    assert facts(entry) == (AuditAction.SEEN, EntryPoint.ADMIN, "admin:orders_order_change", clerk, True)
    assert entry.cases == [order.case.public_id]
    assert (entry.address, entry.token, entry.detail) == ("192.0.2.7", None, {})


def test_times_are_exact_and_in_utc(clerk: User, order: Order) -> None:
    before = datetime.now(UTC)
    signed_in(clerk).get(page_of(order))

    entry = the_entry()
    assert before <= entry.at <= datetime.now(UTC)
    assert entry.at.utcoffset() == timedelta(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT atttypmod FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'at'",
            ["accounts_auditentry"],
        )
        # To the microsecond, without rounding.
        assert cursor.fetchone() == (-1,)


@pytest.mark.parametrize("address", ["orders/order", "orders/deadline"])
def test_a_list_of_orders(address: str, clerk: User, court: Agency, order: Order) -> None:
    other = make.order(now=timezone.now(), court=court, issued_at=timezone.now() - timedelta(days=1))
    make.order(now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))

    assert signed_in(clerk).get(f"/admin/{address}/").status_code == 200

    entry = the_entry()
    assert facts(entry) == (
        AuditAction.SEEN,
        EntryPoint.ADMIN,
        f"admin:{address.replace('/', '_')}_changelist",
        clerk,
        True,
    )
    assert entry.cases == sorted([order.case.public_id, other.case.public_id])


def test_a_list_of_follow_ups_and_of_alerts(alert: Alert) -> None:
    browser = signed_in(make.person(Role.CLERK, alert.of_order.case.court))

    for address in ("/admin/orders/followup/", "/admin/notifications/alert/"):
        assert browser.get(address).status_code == 200
    assert [entry.cases for entry in AuditEntry.objects.all()] == [[alert.of_order.case.public_id]] * 2


def test_empty_list_writes_no_entry(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)

    for address in ("order/?kind=permanent_protective_order", "courtclosing/", "courtrule/"):
        assert browser.get(f"/admin/orders/{address}").status_code == 200

    assert not AuditEntry.objects.exists()


def test_act_and_its_form_are_logged(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)
    address = f"{page_of(order)}serve/"

    assert browser.get(address).status_code == 200
    assert browser.post(address, {}).status_code == 200
    done = browser.post(
        address,
        {**typed(timezone.now(), "served_at"), "service_method": "in_hand", "service_officer": "Person Elm"},
    )
    assert done.status_code == 302

    route = "admin:orders_order_act"
    assert [facts(one) for one in AuditEntry.objects.order_by("id")] == [
        (AuditAction.SEEN, EntryPoint.ADMIN, route, clerk, True),
        (AuditAction.SEEN, EntryPoint.ADMIN, route, clerk, True),
        (AuditAction.DONE, EntryPoint.ADMIN, route, clerk, True),
    ]
    assert {tuple(one.cases) for one in AuditEntry.objects.all()} == {(order.case.public_id,)}


def test_change_without_a_case_is_logged(clerk: User) -> None:
    done = signed_in(clerk).post(
        "/admin/orders/courtclosing/add/", {"closed_on": "2026-12-28", "name": "Snow", "reason": "Snow"}
    )
    assert done.status_code == 302

    entry = the_entry()
    assert facts(entry) == (AuditAction.DONE, EntryPoint.ADMIN, "admin:orders_courtclosing_add", clerk, True)
    assert entry.cases == []


def test_home_and_a_notice_and_its_acknowledgment(alert: Alert) -> None:
    assert alert.recipient is not None
    browser = signed_in(alert.recipient)
    address = f"/notices/{alert.public_id}/"

    assert browser.get("/").status_code == 200
    assert browser.get(address).status_code == 200
    assert browser.post(f"{address}acknowledge/").status_code == 302

    assert [facts(one)[:4] for one in AuditEntry.objects.order_by("id")] == [
        (AuditAction.SEEN, EntryPoint.PAGE, "home", alert.recipient),
        (AuditAction.SEEN, EntryPoint.PAGE, "notice", alert.recipient),
        (AuditAction.DONE, EntryPoint.PAGE, "acknowledge", alert.recipient),
    ]
    assert {tuple(one.cases) for one in AuditEntry.objects.all()} == {(alert.of_order.case.public_id,)}


@pytest.fixture
def system(order: Order, caller: MakeCaller) -> Caller:
    """A system that calls the API with a token."""
    return caller(make.person(Role.CLERK, order.case.court))


def test_a_system_by_its_token(order: Order, system: Caller) -> None:
    token = ApiToken.objects.get()
    address = f"/orders/{order.public_id}"

    assert system.get(address).status_code == 200
    assert system.get("/orders").status_code == 200
    assert system.get(f"/orders/{uuid.uuid4()}").status_code == 404
    attempt = {"attempted_at": timezone.now().isoformat(), "method": "in_hand", "reason": "x"}
    assert system.post(f"{address}/service-attempts", attempt).status_code == 201

    entries = list(AuditEntry.objects.order_by("id"))
    assert [(one.action, one.what, one.succeeded) for one in entries] == [
        (AuditAction.SEEN, "order", True),
        (AuditAction.SEEN, "orders", True),
        (AuditAction.REFUSED, "order", False),
        (AuditAction.DONE, "order-service-attempts", True),
    ]
    assert {(one.entry_point, one.actor, one.token) for one in entries} == {
        (EntryPoint.API, token.user, token)
    }
    assert [one.cases for one in entries] == [[order.case.public_id]] * 2 + [[], [order.case.public_id]]


def test_system_that_tries_many_ids_is_blocked(order: Order, system: Caller) -> None:
    answers = [system.get(f"/orders/{uuid.uuid4()}") for _ in range(enumeration_guard.LIMIT + 3)]

    assert [one.status_code for one in answers] == [404] * enumeration_guard.LIMIT + [429] * 3
    assert answers[-1].json()["code"] == "too_many_requests"
    assert system.get(f"/orders/{order.public_id}").status_code == 429
    for address in ("/orders", "/orders?docket_number=HHD-FA26-1-S"):
        assert system.get(address).status_code == 200
    assert AuditEntry.objects.filter(action=AuditAction.ENUMERATION).count() == 1


def test_a_command(order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("explain", DOCKET)

    assert facts(the_entry()) == (AuditAction.SEEN, EntryPoint.COMMAND, "explain", None, True)
    assert the_entry().cases == [order.case.public_id]


def test_anonymous_requests_write_no_entry(client: Client, order: Order) -> None:
    for address in ("/", page_of(order), "/healthz", "/no-such-page/"):
        client.get(address)

    assert not AuditEntry.objects.exists()


def test_log_costs_one_query(clerk: User, court: Agency, order: Order) -> None:
    browser = signed_in(clerk)

    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len([one for one in queries if "accounts_auditentry" in one["sql"]])

    # On a page of one order, the second query checks whether the user is blocked.
    before = asked("/admin/orders/order/"), asked(page_of(order))
    for _ in range(3):
        make.order(now=timezone.now(), court=court, issued_at=timezone.now() - timedelta(days=1))
    assert before == (asked("/admin/orders/order/"), asked(page_of(order))) == (1, 2)


# ---- no entry, no response ----


@pytest.fixture
def unwritable(db: None) -> None:
    """A database that refuses entries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.disk_full() RETURNS trigger LANGUAGE plpgsql AS $$"
            "BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$;"
            "CREATE TRIGGER disk_full BEFORE INSERT ON accounts_auditentry"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.disk_full()"
        )


@pytest.mark.usefixtures("unwritable")
def test_page_that_cannot_be_logged_is_refused(
    clerk: User, order: Order, caplog: pytest.LogCaptureFixture
) -> None:
    browser = signed_in(clerk)
    with transaction.atomic():
        answer = browser.get(page_of(order))
        transaction.set_rollback(True)

    page = answer.content.decode()
    assert answer.status_code == 503
    assert "Not shown: the access log is unavailable" in page
    assert CANARY not in page
    assert DOCKET not in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert "not written, so not answered" in caplog.text
    assert CANARY not in caplog.text


@pytest.mark.usefixtures("unwritable")
def test_api_response_that_cannot_be_logged_is_refused(order: Order, system: Caller) -> None:
    with transaction.atomic():
        answer = system.get(f"/orders/{order.public_id}")
        transaction.set_rollback(True)

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "busy"
    assert CANARY not in answer.content.decode()


# ---- refusals and the enumeration guard ----


def test_case_of_another_agency_is_refused_and_logged(order: Order) -> None:
    stranger = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    browser = signed_in(stranger)
    absent = uuid.uuid4()
    addresses = [page_of(order), page_of(order).replace(str(order.public_id), str(absent))]

    answers = [browser.get(address) for address in addresses]

    assert {(one.status_code, one.content) for one in answers} == {(404, answers[0].content)}
    entries = AuditEntry.objects.order_by("id")
    assert {facts(one) for one in entries} == {
        (AuditAction.REFUSED, EntryPoint.ADMIN, "admin:orders_order_change", stranger, False)
    }
    assert [one.detail for one in entries] == [
        {"status": 404, "requested": str(order.public_id)},
        {"status": 404, "requested": str(absent)},
    ]
    assert [one.cases for one in entries] == [[], []]


def test_forbidden_act_is_logged_with_its_case(order: Order) -> None:
    judge = make.person(Role.JUDGE, order.case.court)

    assert signed_in(judge).post(f"{page_of(order)}vacate/", {"reason": "x"}).status_code == 403

    entry = the_entry()
    assert facts(entry) == (AuditAction.REFUSED, EntryPoint.ADMIN, "admin:orders_order_act", judge, False)
    assert (entry.cases, entry.detail) == ([order.case.public_id], {"status": 403})
    assert enumeration_guard.count_refused_ids(judge) == 0


def test_unknown_page_does_not_count_as_enumeration(clerk: User) -> None:
    browser = signed_in(clerk)

    for number in range(30):
        assert browser.get(f"/no-such-page/{number}/").status_code == 404
        assert browser.get(f"/admin/no-such-page/{number}/").status_code == 404

    assert not AuditEntry.objects.exists()


def request_unknown(browser: Client, times: int, **headers: Any) -> list[int]:
    """Request `number` unknown ids."""
    return [browser.get(f"/notices/{uuid.uuid4()}/", **headers).status_code for _ in range(times)]


def test_enumeration_is_logged_once_and_blocked(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)
    assert request_unknown(browser, enumeration_guard.LIMIT - 1) == [404] * (enumeration_guard.LIMIT - 1)
    assert not enumeration_guard.is_blocked(clerk)
    assert browser.get(page_of(order)).status_code == 200

    assert request_unknown(browser, 6) == [404, *[429] * 5]

    assert enumeration_guard.count_refused_ids(clerk) == enumeration_guard.LIMIT
    assert enumeration_guard.is_blocked(clerk)
    found = AuditEntry.objects.get(action=AuditAction.ENUMERATION)
    assert (found.actor, found.entry_point, found.cases, found.detail) == (clerk, EntryPoint.PAGE, [], {})
    # Existing and unknown ids get the same response.
    answers = [browser.get(page_of(order)), browser.get(f"/notices/{uuid.uuid4()}/")]
    assert {(one.status_code, one.content) for one in answers} == {(429, answers[0].content)}
    # Lists still open, and other users are not affected.
    assert browser.get("/admin/orders/order/").status_code == 200
    assert signed_in(make.person(Role.CLERK, order.case.court)).get(page_of(order)).status_code == 200


def test_repeated_address_counts_once(clerk: User) -> None:
    browser = signed_in(clerk)
    address = f"/notices/{uuid.uuid4()}/"

    assert {browser.get(address).status_code for _ in range(enumeration_guard.LIMIT + 5)} == {404}
    assert enumeration_guard.count_refused_ids(clerk) == 1


LIST = "/admin/orders/order/"


def test_searching_for_dockets_that_are_not_entered_is_not_guessing(clerk: User, order: Order) -> None:
    elsewhere = make.order(now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))
    browser = signed_in(clerk)

    terms = [
        elsewhere.case.docket_number,
        *(f"NONE-{number}" for number in range(enumeration_guard.LIMIT + 5)),
    ]
    assert {browser.post(LIST, {"q": term}).status_code for term in terms} == {302}

    assert not AuditEntry.objects.exists()
    assert browser.get(page_of(order)).status_code == 200


def test_blocked_person_can_still_search(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)
    request_unknown(browser, enumeration_guard.LIMIT)

    assert browser.post(LIST, {"q": order.case.docket_number}).status_code == 302

    assert order.case.docket_number in browser.get(LIST).content.decode()
    assert browser.get(page_of(order)).status_code == 429


def test_block_ends_after_ten_minutes(clerk: User) -> None:
    old = timezone.now() - enumeration_guard.WINDOW - timedelta(seconds=1)
    for _ in range(enumeration_guard.LIMIT):
        record(
            AuditAction.REFUSED, EntryPoint.PAGE, actor=clerk, detail={"requested": str(uuid.uuid4())}, at=old
        )
    record(AuditAction.ENUMERATION, EntryPoint.PAGE, actor=clerk, at=old)

    assert not enumeration_guard.is_blocked(clerk)
    assert request_unknown(signed_in(clerk), 1) == [404]
    assert enumeration_guard.count_refused_ids(clerk) == 1


def test_requested_name_is_stored_as_a_digest(clerk: User) -> None:
    request = RequestFactory().get("/")
    context = start(request)

    log_miss(request, DOCKET)

    assert len(context.missed) == 32
    assert DOCKET not in context.missed


def test_administrators_see_who_was_blocked(clerk: User) -> None:
    request_unknown(signed_in(clerk), enumeration_guard.LIMIT, REMOTE_ADDR="192.0.2.66")

    page = signed_in(make.person(Role.ADMINISTRATOR)).get("/").content.decode()
    assert "Possible guessing of case addresses" in page
    assert clerk.name in page
    assert "192.0.2.66" in page
    assert "Possible guessing of case addresses" not in signed_in(clerk).get("/").content.decode()


def test_counting_refusals_uses_an_index(clerk: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditentry"
            " (actor_id, at, action, entry_point, what, succeeded, detail, cases, transaction) "
            "SELECT %s, now() - make_interval(secs => n),"
            " CASE n %% 100 WHEN 0 THEN 'refused' ELSE 'seen' END,"
            " 'admin', 'x', true, '{}', '{}', 1 FROM generate_series(1, 20000) n",
            [clerk.pk],
        )
        cursor.execute("ANALYZE accounts_auditentry")
    with CaptureQueriesContext(connection) as asked:
        enumeration_guard.count_refused_ids(clerk)
        enumeration_guard.is_blocked(clerk)
    for query in asked.captured_queries:
        assert "audit_of_action" in explained(query["sql"])


def explained(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        return "\n".join(line for (line,) in cursor.fetchall())


# ---- network addresses ----


@pytest.mark.parametrize(
    ("is_proxied", "remote", "forwarded", "address"),
    [
        (False, "192.0.2.7", "", "192.0.2.7"),
        (False, "192.0.2.7", "203.0.113.9", "192.0.2.7"),
        (True, "192.0.2.7", "203.0.113.9", "203.0.113.9"),
        (True, "192.0.2.7", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (True, "192.0.2.7", "203.0.113.9, <script>", None),
        (True, "192.0.2.7", "", None),
        (False, "2001:DB8::1", "", "2001:db8::1"),
        (False, "fe80::1%eth0", "", "fe80::1"),
        (False, "", "", None),
        (False, "unix:", "", None),
    ],
)
def test_network_address_is_the_trusted_one(
    is_proxied: object, remote: str, forwarded: str, address: str | None, settings: Settings
) -> None:
    settings.BEHIND_PROXY = is_proxied
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded})

    assert address_of(request) == address


# ---- agencies ----


def test_changed_agency_writes_one_entry(order: Order) -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    agency = make.agency(name="Elm Police")
    fields = {
        "name": "Elm Police Department",
        "kind": agency.kind,
        "jurisdiction": agency.jurisdiction,
        "ori": "",
        "email": "",
        "docket_prefixes": "",
    }

    changed = signed_in(administrator).post(f"/admin/accounts/agency/{agency.pk}/change/", fields)

    assert changed.status_code == 302
    assert (the_entry().action, the_entry().entry_point, the_entry().actor) == (
        AuditAction.DIRECTORY_CHANGED,
        EntryPoint.ADMIN,
        administrator,
    )
