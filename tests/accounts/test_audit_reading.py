"""Who reads the access log, what is read in it, and that it was read."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Act, AgencyKind, AuditEntry, Door, Role, User
from accounts.services import access_report
from accounts.services.access_report import Question
from accounts.services.audit import record
from tests import make
from tests.orders.test_admin.conftest import signed_in

pytestmark = pytest.mark.django_db

LOG = "/admin/accounts/auditentry/"
CASE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def clerk(db: None) -> User:
    return make.person(Role.CLERK, make.agency(AgencyKind.COURT))


@pytest.fixture
def auditor(db: None) -> User:
    return make.person(Role.AUDITOR)


@pytest.fixture
def desk(auditor: User) -> Client:
    return signed_in(auditor)


def asked(**given: Any) -> dict[str, str]:
    """What somebody types; the last day unless told otherwise."""
    now = timezone.localtime()
    plain = {"since": now - timedelta(days=1), "until": now + timedelta(minutes=1)}
    return {
        name: f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else str(value)
        for name, value in {**plain, **given}.items()
    }


def lines(browser: Client, **given: Any) -> list[AuditEntry]:
    """The entries that the page shows for a question."""
    answer = browser.post(LOG, asked(**given))
    assert answer.status_code == 200
    assert not answer.context["form"].errors
    return [entry for _, entry in answer.context["lines"]]


def test_the_auditor_finds_the_log_and_nothing_else(desk: Client) -> None:
    assert LOG in desk.get("/").content.decode()
    index = desk.get("/admin/")
    assert [model["object_name"] for app in index.context["app_list"] for model in app["models"]] == [
        "AuditEntry"
    ]
    for address in ("orders/order/", "accounts/user/", "notifications/alert/"):
        assert desk.get(f"/admin/{address}").status_code == 403


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.AUDITOR, Role.ADMINISTRATOR)])
def test_nobody_else_opens_it(role: Role) -> None:
    browser = signed_in(make.person(role, make.agency(AgencyKind.COURT)))

    assert browser.get(LOG).status_code in (302, 403)
    assert browser.post(LOG, asked()).status_code in (302, 403)
    assert not AuditEntry.objects.filter(act=Act.LOG_READ).exists()


def test_nothing_is_changed_from_it(desk: Client, clerk: User) -> None:
    entry = record(Act.SEEN, Door.ADMIN, actor=clerk, cases=[CASE])

    for address in (f"{entry.pk}/", f"{entry.pk}/change/", f"{entry.pk}/delete/", "add/"):
        assert desk.get(f"{LOG}{address}").status_code == 404


def test_who_saw_this_case(desk: Client, auditor: User, clerk: User) -> None:
    other = make.person(Role.LIAISON, make.agency())
    first = record(Act.SEEN, Door.PAGE, what="notice", actor=other, cases=[OTHER, CASE], address="192.0.2.7")
    again = record(Act.DONE, Door.ADMIN, actor=clerk, cases=[CASE])
    record(Act.SEEN, Door.ADMIN, actor=clerk, cases=[OTHER])
    record(Act.SEEN, Door.ADMIN, actor=clerk, cases=[CASE], at=timezone.now() - timedelta(days=3))

    answer = desk.post(LOG, asked(case=CASE))

    assert [entry for _, entry in answer.context["lines"]] == [again, first]
    assert [(one.name, one.times) for one, _, _ in answer.context["lookers"]] == [
        (clerk.name, 1),
        (other.name, 1),
    ]
    page = answer.content.decode()
    assert f"{first.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-4] + " UTC" in page
    assert "192.0.2.7" in page
    read = AuditEntry.objects.get(act=Act.LOG_READ)
    assert (read.actor, read.door, read.cases) == (auditor, Door.ADMIN, [CASE])
    assert read.what == "admin:accounts_auditentry_changelist"


def test_what_did_this_person_see(desk: Client, clerk: User) -> None:
    mine = record(Act.SEEN, Door.ADMIN, actor=clerk, cases=[CASE, OTHER])
    record(Act.SEEN, Door.ADMIN, actor=make.person(Role.AUDITOR), cases=[CASE])

    assert lines(desk, person=clerk.email.upper()) == [mine]
    read = AuditEntry.objects.get(act=Act.LOG_READ)
    assert read.subject == clerk
    assert clerk.email not in str(read.detail)


def test_by_act_and_door_and_between_two_instants(desk: Client, clerk: User) -> None:
    now = timezone.now()
    api = record(Act.SEEN, Door.API, actor=clerk)
    refused = record(Act.REFUSED, Door.ADMIN, actor=clerk)
    old = record(Act.SEEN, Door.API, actor=clerk, at=now - timedelta(days=40))

    assert lines(desk, door=Door.API) == [api]
    assert lines(desk, act=Act.REFUSED) == [refused]
    assert lines(desk, since=now - timedelta(days=41), until=now - timedelta(days=39)) == [old]


def test_every_look_is_on_record_once(desk: Client, auditor: User) -> None:
    desk.get(LOG)
    desk.post(LOG, asked())
    desk.post(LOG, asked(person="nobody@agency.example"))

    assert [(one.act, one.actor) for one in AuditEntry.objects.all()] == [(Act.LOG_READ, auditor)] * 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"case": "HHD-FA26-1-S"}, "case"),
        ({"person": "nobody@agency.example"}, "person"),
        ({"person": "Rowan"}, "person"),
        ({"account": "nobody@agency.example"}, "account"),
        ({"until": "2020-01-01T00:00"}, "until"),
        ({"since": "2020-01-01T00:00"}, "until"),
        ({"since": "yesterday"}, "since"),
        ({"act": "fly"}, "act"),
        ({"older_than": "x 1"}, "older_than"),
        ({"older_than": "2026-01-01T00:00:00+00:00 x"}, "older_than"),
    ],
)
def test_a_question_that_cannot_be_answered_is_said_at_its_field(
    given: dict[str, str], field: str, desk: Client
) -> None:
    answer = desk.post(LOG, asked(**given))

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert not AuditEntry.objects.exists()


def test_administrators_read_all_but_who_saw_which_case(clerk: User) -> None:
    administrator = signed_in(make.person(Role.ADMINISTRATOR))
    record(Act.SEEN, Door.ADMIN, actor=clerk, cases=[CASE])
    record(Act.DONE, Door.ADMIN, actor=clerk, cases=[CASE])
    locked = record(Act.LOCKED, Door.PAGE, subject=clerk)
    refused = record(Act.REFUSED, Door.ADMIN, actor=clerk)

    assert lines(administrator) == [refused, locked]
    assert lines(administrator, person=clerk.email) == [refused]
    # That somebody read of this person is about the account too.
    assert locked in lines(administrator, account=clerk.email)
    assert "case" not in administrator.get(LOG).context["form"].fields
    answer = administrator.post(LOG, asked(act=Act.SEEN))
    assert list(answer.context["form"].errors) == ["act"]


def test_a_long_answer_is_read_page_by_page(
    desk: Client, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_report, "PAGE", 4)
    monkeypatch.setattr("accounts.audit_admin.PAGE", 4)
    now = timezone.now()
    # Some at one instant: the number decides.
    entries = [
        record(Act.SEEN, Door.ADMIN, actor=clerk, at=now - timedelta(seconds=n // 3)) for n in range(10)
    ]
    expected = sorted(entries, key=lambda one: (one.at, one.pk), reverse=True)

    found: list[AuditEntry] = []
    older = ""
    for _ in range(3):
        answer = desk.post(LOG, asked(person=clerk.email, older_than=older))
        found += [entry for _, entry in answer.context["lines"]]
        older = answer.context["older_than"]

    assert found == expected
    assert older == ""


def test_an_answer_takes_as_many_queries_for_many_entries_as_for_few(desk: Client, clerk: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked_for:
            desk.post(LOG, asked(case=CASE, person=clerk.email))
        return len(asked_for)

    record(Act.SEEN, Door.ADMIN, actor=clerk, cases=[CASE])
    queries()
    few = queries()
    for _ in range(50):
        record(Act.SEEN, Door.ADMIN, actor=clerk, subject=make.person(Role.AUDITOR), cases=[CASE])

    assert queries() == few


@pytest.fixture
def many(clerk: User) -> User:
    """Twenty thousand entries of one person, each of another case, and ten of somebody else, who is given."""
    other = make.person(Role.AUDITOR)
    with connection.cursor() as cursor:
        for actor, count in ((clerk, 20_000), (other, 10)):
            cursor.execute(
                "INSERT INTO accounts_auditentry"
                " (actor_id, at, act, door, what, succeeded, detail, cases, transaction)"
                " SELECT %s, now() - make_interval(secs => n), 'seen', 'admin', 'x', true, '{}',"
                " ARRAY[gen_random_uuid()], 1 FROM generate_series(1, %s) n",
                [actor.pk, count],
            )
        cursor.execute("ANALYZE accounts_auditentry")
    return other


def test_each_question_has_its_index(many: User, auditor: User) -> None:
    now = timezone.now()
    plain: dict[str, Any] = {"since": now - timedelta(days=7), "until": now}

    for question, index in [
        (Question(**plain, case=CASE), "audit_of_case"),
        (Question(**plain, person=many), "audit_of_actor"),
        (Question(**plain, act=Act.GUESSING), "audit_of_act"),
        (Question(**plain), "audit_newest_first"),
    ]:
        with CaptureQueriesContext(connection) as asked_for:
            access_report.entries(question, reader=auditor)
            if question.case:
                access_report.lookers(question)
        queries = [one["sql"] for one in asked_for if "accounts_auditentry" in one["sql"]]
        for query in queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert index in plan, plan
            assert "Seq Scan on accounts_auditentry" not in plan
