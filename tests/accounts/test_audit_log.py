"""Who saw which case: one entry for each request, by every door, or no answer."""

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

from accounts.models import Act, Agency, AgencyKind, ApiToken, AuditEntry, Door, Role, User
from accounts.services import guessing
from accounts.services.audit import Watch, address_of, asked_in_vain, record
from notifications.models import Alert
from notifications.services.firing import Firer
from orders.models import Order
from tests import make
from tests.api.conftest import Caller, MakeCaller, caller
from tests.orders.test_admin.conftest import page_of, signed_in, typed

pytestmark = pytest.mark.django_db

__all__ = ["caller"]

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
    """An alert to a liaison about an order whose time is over."""
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
    """After every test: the record names nobody's case, and every time is exact."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM accounts_auditentry e")
        for (row,) in cursor.fetchall():
            for word in (CANARY, "Canary", DOCKET):
                assert word not in row


def the_entry() -> AuditEntry:
    """The only entry there is."""
    return AuditEntry.objects.get()


def facts(entry: AuditEntry) -> tuple[Any, ...]:
    return entry.act, entry.door, entry.what, entry.actor, entry.succeeded


# ---- every door ----


def test_the_page_of_an_order(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)

    assert browser.get(page_of(order), REMOTE_ADDR="192.0.2.7").status_code == 200

    entry = the_entry()
    assert facts(entry) == (Act.SEEN, Door.ADMIN, "admin:orders_order_change", clerk, True)
    assert entry.cases == [order.case.public_id]
    assert (entry.address, entry.token, entry.detail) == ("192.0.2.7", None, {})


def test_when_is_exact_and_in_utc(clerk: User, order: Order) -> None:
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
        # Not cut off: to the microsecond.
        assert cursor.fetchone() == (-1,)


@pytest.mark.parametrize("address", ["orders/order", "orders/deadline"])
def test_a_list_of_orders(address: str, clerk: User, court: Agency, order: Order) -> None:
    other = make.order(now=timezone.now(), court=court, issued_at=timezone.now() - timedelta(days=1))
    make.order(now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))

    assert signed_in(clerk).get(f"/admin/{address}/").status_code == 200

    entry = the_entry()
    assert facts(entry) == (
        Act.SEEN,
        Door.ADMIN,
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


def test_a_list_without_rows_shows_nobody(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)

    for address in ("order/?kind=permanent_protective_order", "courtclosing/", "courtrule/"):
        assert browser.get(f"/admin/orders/{address}").status_code == 200

    assert not AuditEntry.objects.exists()


def test_an_act_and_its_form(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)
    address = f"{page_of(order)}serve/"

    assert browser.get(address).status_code == 200
    assert browser.post(address, {}).status_code == 200
    done = browser.post(address, {**typed(timezone.now()), "method": "in_hand", "officer": "Person Elm"})
    assert done.status_code == 302

    route = "admin:orders_order_act"
    assert [facts(one) for one in AuditEntry.objects.order_by("id")] == [
        (Act.SEEN, Door.ADMIN, route, clerk, True),
        (Act.SEEN, Door.ADMIN, route, clerk, True),
        (Act.DONE, Door.ADMIN, route, clerk, True),
    ]
    assert {tuple(one.cases) for one in AuditEntry.objects.all()} == {(order.case.public_id,)}


def test_what_concerns_no_case_is_done_too(clerk: User) -> None:
    done = signed_in(clerk).post(
        "/admin/orders/courtclosing/add/", {"closed_on": "2026-12-28", "name": "Snow", "reason": "Snow"}
    )
    assert done.status_code == 302

    entry = the_entry()
    assert facts(entry) == (Act.DONE, Door.ADMIN, "admin:orders_courtclosing_add", clerk, True)
    assert entry.cases == []


def test_home_and_a_notice_and_its_acknowledgement(alert: Alert) -> None:
    assert alert.recipient is not None
    browser = signed_in(alert.recipient)
    address = f"/notices/{alert.public_id}/"

    assert browser.get("/").status_code == 200
    assert browser.get(address).status_code == 200
    assert browser.post(f"{address}acknowledge/").status_code == 302

    assert [facts(one)[:4] for one in AuditEntry.objects.order_by("id")] == [
        (Act.SEEN, Door.PAGE, "home", alert.recipient),
        (Act.SEEN, Door.PAGE, "notice", alert.recipient),
        (Act.DONE, Door.PAGE, "acknowledge", alert.recipient),
    ]
    assert {tuple(one.cases) for one in AuditEntry.objects.all()} == {(alert.of_order.case.public_id,)}


@pytest.fixture
def system(order: Order, caller: MakeCaller) -> Caller:
    """A case system that calls with a token."""
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
    assert [(one.act, one.what, one.succeeded) for one in entries] == [
        (Act.SEEN, "order", True),
        (Act.SEEN, "orders", True),
        (Act.REFUSED, "order", False),
        (Act.DONE, "order-service-attempts", True),
    ]
    assert {(one.door, one.actor, one.token) for one in entries} == {(Door.API, token.user, token)}
    assert [one.cases for one in entries] == [[order.case.public_id]] * 2 + [[], [order.case.public_id]]


def test_a_system_that_guesses_is_answered_nothing(order: Order, system: Caller) -> None:
    answers = [system.get(f"/orders/{uuid.uuid4()}") for _ in range(guessing.MANY + 3)]

    assert [one.status_code for one in answers] == [404] * guessing.MANY + [429] * 3
    assert answers[-1].json()["code"] == "too_many_requests"
    for address in (f"/orders/{order.public_id}", "/orders?docket_number=HHD-FA26-1-S"):
        assert system.get(address).status_code == 429
    assert system.get("/orders").status_code == 200
    assert AuditEntry.objects.filter(act=Act.GUESSING).count() == 1


def test_a_command(order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("explain", DOCKET)

    assert facts(the_entry()) == (Act.SEEN, Door.COMMAND, "explain", None, True)
    assert the_entry().cases == [order.case.public_id]


def test_nobody_signed_in_is_nobody_on_record(client: Client, order: Order) -> None:
    for address in ("/", page_of(order), "/healthz", "/no-such-page/"):
        client.get(address)

    assert not AuditEntry.objects.exists()


def test_the_log_costs_one_query_more(clerk: User, court: Agency, order: Order) -> None:
    browser = signed_in(clerk)

    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len([one for one in queries if "accounts_auditentry" in one["sql"]])

    # On a page of one order the other is the look whether the person is guessing.
    before = asked("/admin/orders/order/"), asked(page_of(order))
    for _ in range(3):
        make.order(now=timezone.now(), court=court, issued_at=timezone.now() - timedelta(days=1))
    assert before == (asked("/admin/orders/order/"), asked(page_of(order))) == (1, 2)


# ---- no entry, no answer ----


@pytest.fixture
def unwritable(db: None) -> None:
    """A database that takes no entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.disk_full() RETURNS trigger LANGUAGE plpgsql AS $$"
            "BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$;"
            "CREATE TRIGGER disk_full BEFORE INSERT ON accounts_auditentry"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.disk_full()"
        )


@pytest.mark.usefixtures("unwritable")
def test_what_cannot_be_recorded_is_not_answered(
    clerk: User, order: Order, caplog: pytest.LogCaptureFixture
) -> None:
    browser = signed_in(clerk)
    with transaction.atomic():
        answer = browser.get(page_of(order))
        transaction.set_rollback(True)

    page = answer.content.decode()
    assert answer.status_code == 503
    assert "Not shown, because it could not be recorded" in page
    assert CANARY not in page
    assert DOCKET not in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert "not written, so not answered" in caplog.text
    assert CANARY not in caplog.text


@pytest.mark.usefixtures("unwritable")
def test_at_the_api_neither(order: Order, system: Caller) -> None:
    with transaction.atomic():
        answer = system.get(f"/orders/{order.public_id}")
        transaction.set_rollback(True)

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "busy"
    assert CANARY not in answer.content.decode()


# ---- refusals, and guessing ----


def test_a_case_of_another_agency_is_refused_and_on_record(order: Order) -> None:
    stranger = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    browser = signed_in(stranger)
    absent = uuid.uuid4()
    addresses = [page_of(order), page_of(order).replace(str(order.public_id), str(absent))]

    answers = [browser.get(address) for address in addresses]

    assert {(one.status_code, one.content) for one in answers} == {(404, answers[0].content)}
    entries = AuditEntry.objects.order_by("id")
    assert {facts(one) for one in entries} == {
        (Act.REFUSED, Door.ADMIN, "admin:orders_order_change", stranger, False)
    }
    assert [one.detail for one in entries] == [
        {"status": 404, "asked": str(order.public_id)},
        {"status": 404, "asked": str(absent)},
    ]
    assert [one.cases for one in entries] == [[], []]


def test_an_act_that_the_role_does_not_do_is_refused_with_the_case(order: Order) -> None:
    judge = make.person(Role.JUDGE, order.case.court)

    assert signed_in(judge).post(f"{page_of(order)}vacate/", {"reason": "x"}).status_code == 403

    entry = the_entry()
    assert facts(entry) == (Act.REFUSED, Door.ADMIN, "admin:orders_order_act", judge, False)
    assert (entry.cases, entry.detail) == ([order.case.public_id], {"status": 403})
    assert guessing.guesses(judge) == 0


def test_an_address_that_is_none_is_no_guess(clerk: User) -> None:
    browser = signed_in(clerk)

    for number in range(30):
        assert browser.get(f"/no-such-page/{number}/").status_code == 404
        assert browser.get(f"/admin/no-such-page/{number}/").status_code == 404

    assert not AuditEntry.objects.exists()


def guess(browser: Client, times: int, **headers: Any) -> list[int]:
    """Asks for so many ids that are nobody's."""
    return [browser.get(f"/notices/{uuid.uuid4()}/", **headers).status_code for _ in range(times)]


def test_who_guesses_is_on_record_once_and_answered_nothing(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)
    assert guess(browser, guessing.MANY - 1) == [404] * (guessing.MANY - 1)
    assert not guessing.too_many_guesses(clerk)
    assert browser.get(page_of(order)).status_code == 200

    assert guess(browser, 6) == [404, *[429] * 5]

    assert guessing.guesses(clerk) == guessing.MANY
    assert guessing.too_many_guesses(clerk)
    found = AuditEntry.objects.get(act=Act.GUESSING)
    assert (found.actor, found.door, found.cases, found.detail) == (clerk, Door.PAGE, [], {})
    # What is there is answered as what is not; nobody learns from the difference.
    answers = [browser.get(page_of(order)), browser.get(f"/notices/{uuid.uuid4()}/")]
    assert {(one.status_code, one.content) for one in answers} == {(429, answers[0].content)}
    # Lists are no guesses, and others work on.
    assert browser.get("/admin/orders/order/").status_code == 200
    assert signed_in(make.person(Role.CLERK, order.case.court)).get(page_of(order)).status_code == 200


def test_the_same_address_again_and_again_is_one_guess(clerk: User) -> None:
    browser = signed_in(clerk)
    address = f"/notices/{uuid.uuid4()}/"

    assert {browser.get(address).status_code for _ in range(guessing.MANY + 5)} == {404}
    assert guessing.guesses(clerk) == 1


LIST = "/admin/orders/order/"


def test_a_search_that_finds_nothing_is_a_guess_and_one_that_finds_is_a_look(
    clerk: User, order: Order
) -> None:
    elsewhere = make.order(now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))
    browser = signed_in(clerk)

    # Whatever the list is narrowed to besides: the order is theirs, or it is not.
    for term in (elsewhere.case.docket_number, "NONE", order.case.docket_number):
        assert browser.post(f"{LIST}?served=yes", {"q": term}).status_code == 302

    assert {one.act for one in AuditEntry.objects.all()} == {Act.REFUSED}
    assert [set(one.detail) for one in AuditEntry.objects.all()] == [{"status", "asked"}] * 2
    assert guessing.guesses(clerk) == 2
    assert browser.get(LIST).status_code == 200
    assert AuditEntry.objects.get(act=Act.SEEN).cases == [order.case.public_id]


def test_who_guesses_by_docket_searches_no_more(clerk: User, order: Order) -> None:
    browser = signed_in(clerk)
    for number in range(guessing.MANY):
        assert browser.post(LIST, {"q": f"NONE-{number}"}).status_code == 302

    answers = [browser.post(LIST, {"q": term}) for term in ("NONE", order.case.docket_number)]

    assert {(one.status_code, one.content) for one in answers} == {(429, answers[0].content)}
    assert browser.get(LIST).status_code == 200


def test_after_ten_minutes_it_is_over(clerk: User) -> None:
    old = timezone.now() - guessing.WINDOW - timedelta(seconds=1)
    for _ in range(guessing.MANY):
        record(Act.REFUSED, Door.PAGE, actor=clerk, detail={"asked": str(uuid.uuid4())}, at=old)
    record(Act.GUESSING, Door.PAGE, actor=clerk, at=old)

    assert not guessing.too_many_guesses(clerk)
    assert guess(signed_in(clerk), 1) == [404]
    assert guessing.guesses(clerk) == 1


def test_a_name_that_was_asked_for_is_kept_as_a_digest(clerk: User) -> None:
    request = RequestFactory().get("/")
    request.watch = Watch()  # type: ignore[attr-defined]

    asked_in_vain(request, DOCKET)

    assert len(request.watch.asked) == 32  # type: ignore[attr-defined]
    assert DOCKET not in request.watch.asked  # type: ignore[attr-defined]


def test_administrators_are_told_who_guesses(clerk: User) -> None:
    guess(signed_in(clerk), guessing.MANY, REMOTE_ADDR="192.0.2.66")

    page = signed_in(make.person(Role.ADMINISTRATOR)).get("/").content.decode()
    assert "Somebody guesses at cases" in page
    assert clerk.name in page
    assert "192.0.2.66" in page
    assert "Somebody guesses" not in signed_in(clerk).get("/").content.decode()


def test_refusals_are_counted_by_an_index(clerk: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditentry"
            " (actor_id, at, act, door, what, succeeded, detail, cases, transaction) "
            "SELECT %s, now() - make_interval(secs => n),"
            " CASE n %% 100 WHEN 0 THEN 'refused' ELSE 'seen' END,"
            " 'admin', 'x', true, '{}', '{}', 1 FROM generate_series(1, 20000) n",
            [clerk.pk],
        )
        cursor.execute("ANALYZE accounts_auditentry")
    with CaptureQueriesContext(connection) as asked:
        guessing.guesses(clerk)
        guessing.too_many_guesses(clerk)
    for query in asked.captured_queries:
        assert "audit_of_act" in explained(query["sql"])


def explained(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        return "\n".join(line for (line,) in cursor.fetchall())


# ---- where from ----


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
def test_the_address_is_what_can_be_believed(
    is_proxied: object, remote: str, forwarded: str, address: str | None, settings: Settings
) -> None:
    settings.BEHIND_PROXY = is_proxied
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"X-Forwarded-For": forwarded})

    assert address_of(request) == address


# ---- what administrators keep ----


def test_a_changed_agency_is_one_entry(order: Order) -> None:
    administrator = make.person(Role.ADMINISTRATOR)
    agency = make.agency(name="Elm Police")
    fields = {
        "name": "Elm Police Department",
        "kind": agency.kind,
        "ori": "",
        "email": "",
        "docket_prefixes": "",
    }

    changed = signed_in(administrator).post(f"/admin/accounts/agency/{agency.pk}/change/", fields)

    assert changed.status_code == 302
    assert (the_entry().act, the_entry().door, the_entry().actor) == (
        Act.DIRECTORY_CHANGED,
        Door.ADMIN,
        administrator,
    )
