"""The page of the access log: who may read it, its filters, and the entries about reading."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AgencyKind, AuditAction, AuditEntry, EntryPoint, Role, User
from accounts.services.access import access_report
from accounts.services.access.access_log import record
from accounts.services.access.access_report import Question
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
    """Return the form data; the last day by default."""
    now = timezone.localtime()
    plain = {"since": now - timedelta(days=1), "until": now + timedelta(minutes=1)}
    return {
        name: f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else str(value)
        for name, value in {**plain, **given}.items()
    }


def lines(browser: Client, **given: Any) -> list[AuditEntry]:
    """Return the entries that the page shows."""
    answer = browser.post(LOG, asked(**given))
    assert answer.status_code == 200
    assert not answer.context["form"].errors
    return [entry for _, entry in answer.context["lines"]]


def test_auditor_sees_only_the_log(desk: Client) -> None:
    assert LOG in desk.get("/").content.decode()
    index = desk.get("/admin/")
    assert [model["object_name"] for app in index.context["app_list"] for model in app["models"]] == [
        "AuditEntry",
        "AuditReview",
    ]
    for address in ("orders/order/", "accounts/user/", "notifications/alert/"):
        assert desk.get(f"/admin/{address}").status_code == 403


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.AUDITOR, Role.ADMINISTRATOR)])
def test_other_roles_cannot_open_the_log(role: Role) -> None:
    browser = signed_in(make.person(role, make.agency(AgencyKind.COURT)))

    assert browser.get(LOG).status_code in (302, 403)
    assert browser.post(LOG, asked()).status_code in (302, 403)
    assert not AuditEntry.objects.filter(action=AuditAction.LOG_READ).exists()


def test_log_page_changes_nothing(desk: Client, clerk: User) -> None:
    entry = record(AuditAction.SEEN, EntryPoint.ADMIN, actor=clerk, cases=[CASE])

    for address in (f"{entry.pk}/", f"{entry.pk}/change/", f"{entry.pk}/delete/", "add/"):
        assert desk.get(f"{LOG}{address}").status_code == 404


def test_filter_by_case(desk: Client, auditor: User, clerk: User) -> None:
    other = make.person(Role.LIAISON, make.agency())
    first = record(
        AuditAction.SEEN,
        EntryPoint.PAGE,
        what="notice",
        actor=other,
        cases=[OTHER, CASE],
        address="192.0.2.7",
    )
    again = record(AuditAction.DONE, EntryPoint.ADMIN, actor=clerk, cases=[CASE])
    record(AuditAction.SEEN, EntryPoint.ADMIN, actor=clerk, cases=[OTHER])
    record(
        AuditAction.SEEN, EntryPoint.ADMIN, actor=clerk, cases=[CASE], at=timezone.now() - timedelta(days=3)
    )

    answer = desk.post(LOG, asked(case=CASE))

    assert [entry for _, entry in answer.context["lines"]] == [again, first]
    assert [(one.name, one.times) for one, _, _ in answer.context["case_viewers"]] == [
        (clerk.name, 1),
        (other.name, 1),
    ]
    page = answer.content.decode()
    assert f"{first.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-4] + " UTC" in page
    assert "192.0.2.7" in page
    read = AuditEntry.objects.get(action=AuditAction.LOG_READ)
    assert (read.actor, read.entry_point, read.cases) == (auditor, EntryPoint.ADMIN, [CASE])
    assert read.what == "admin:accounts_auditentry_changelist"


def test_filter_by_person(desk: Client, clerk: User) -> None:
    mine = record(AuditAction.SEEN, EntryPoint.ADMIN, actor=clerk, cases=[CASE, OTHER])
    record(AuditAction.SEEN, EntryPoint.ADMIN, actor=make.person(Role.AUDITOR), cases=[CASE])

    assert lines(desk, person=clerk.email.upper()) == [mine]
    read = AuditEntry.objects.get(action=AuditAction.LOG_READ)
    assert read.subject == clerk
    assert clerk.email not in str(read.detail)


def test_filter_by_action_entry_point_and_time(desk: Client, clerk: User) -> None:
    now = timezone.now()
    api = record(AuditAction.SEEN, EntryPoint.API, actor=clerk)
    refused = record(AuditAction.REFUSED, EntryPoint.ADMIN, actor=clerk)
    old = record(AuditAction.SEEN, EntryPoint.API, actor=clerk, at=now - timedelta(days=40))

    assert lines(desk, entry_point=EntryPoint.API) == [api]
    assert lines(desk, action=AuditAction.REFUSED) == [refused]
    assert lines(desk, since=now - timedelta(days=41), until=now - timedelta(days=39)) == [old]


def test_reading_the_log_is_logged_once(desk: Client, auditor: User) -> None:
    desk.get(LOG)
    desk.post(LOG, asked())
    desk.post(LOG, asked(person="nobody@agency.example"))

    assert [(one.action, one.actor) for one in AuditEntry.objects.all()] == [
        (AuditAction.LOG_READ, auditor)
    ] * 2


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
        ({"action": "fly"}, "action"),
        ({"older_than": "x 1"}, "older_than"),
        ({"older_than": "2026-01-01T00:00:00+00:00 x"}, "older_than"),
    ],
)
def test_invalid_filter_is_reported_at_its_field(given: dict[str, str], field: str, desk: Client) -> None:
    answer = desk.post(LOG, asked(**given))

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert not AuditEntry.objects.exists()


def test_administrators_do_not_see_who_viewed_cases(clerk: User) -> None:
    administrator = signed_in(make.person(Role.ADMINISTRATOR))
    record(AuditAction.SEEN, EntryPoint.ADMIN, actor=clerk, cases=[CASE])
    record(AuditAction.DONE, EntryPoint.ADMIN, actor=clerk, cases=[CASE])
    locked = record(AuditAction.LOCKED, EntryPoint.PAGE, subject=clerk)
    refused = record(AuditAction.REFUSED, EntryPoint.ADMIN, actor=clerk)

    assert lines(administrator) == [refused, locked]
    assert lines(administrator, person=clerk.email) == [refused]
    # The entry about reading is about this account too.
    assert locked in lines(administrator, account=clerk.email)
    assert "case" not in administrator.get(LOG).context["form"].fields
    answer = administrator.post(LOG, asked(action=AuditAction.SEEN))
    assert list(answer.context["form"].errors) == ["action"]


def test_long_result_has_pages(desk: Client, clerk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_report, "PAGE", 4)
    monkeypatch.setattr("accounts.admin.access_log.PAGE", 4)
    now = timezone.now()
    # Some have the same time: the number decides.
    entries = [
        record(AuditAction.SEEN, EntryPoint.ADMIN, actor=clerk, at=now - timedelta(seconds=n // 3))
        for n in range(10)
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


def test_queries_do_not_grow_with_entries(desk: Client, clerk: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked_for:
            desk.post(LOG, asked(case=CASE, person=clerk.email))
        return len(asked_for)

    record(AuditAction.SEEN, EntryPoint.ADMIN, actor=clerk, cases=[CASE])
    queries()
    few = queries()
    for _ in range(50):
        record(
            AuditAction.SEEN, EntryPoint.ADMIN, actor=clerk, subject=make.person(Role.AUDITOR), cases=[CASE]
        )

    assert queries() == few


@pytest.fixture
def many(clerk: User) -> User:
    """Twenty thousand entries of one person, each with another case, and ten of the person returned."""
    other = make.person(Role.AUDITOR)
    with connection.cursor() as cursor:
        for actor, count in ((clerk, 20_000), (other, 10)):
            cursor.execute(
                "INSERT INTO accounts_auditentry"
                " (actor_id, at, action, entry_point, what, succeeded, detail, cases, transaction)"
                " SELECT %s, now() - make_interval(secs => n), 'seen', 'admin', 'x', true, '{}',"
                " ARRAY[gen_random_uuid()], 1 FROM generate_series(1, %s) n",
                [actor.pk, count],
            )
        # As autovacuum would: a long pending list makes the planner avoid the index.
        cursor.execute("SELECT gin_clean_pending_list('audit_of_case')")
        cursor.execute("ANALYZE accounts_auditentry")
    return other


def test_each_filter_uses_its_index(many: User, auditor: User) -> None:
    now = timezone.now()
    plain: dict[str, Any] = {"since": now - timedelta(days=7), "until": now}

    for question, index in [
        (Question(**plain, case=CASE), "audit_of_case"),
        (Question(**plain, person=many), "audit_of_actor"),
        (Question(**plain, action=AuditAction.ENUMERATION), "audit_of_action"),
        (Question(**plain), "audit_newest_first"),
    ]:
        with CaptureQueriesContext(connection) as asked_for:
            access_report.entries(question, reader=auditor)
            if question.case:
                access_report.case_viewers(question)
        queries = [one["sql"] for one in asked_for if "accounts_auditentry" in one["sql"]]
        for query in queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert index in plan, plan
            assert "Seq Scan on accounts_auditentry" not in plan
