"""The application's role: what it may do to each table, and that the product runs under it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError, ProgrammingError
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from accounts.models import AgencyKind, AuditAction, AuditEntry, EntryPoint, Role
from accounts.services.access import audit_chain
from accounts.services.access.access_log import record
from ctcompliance import database_roles
from notifications.models import Heartbeat
from notifications.services.delivery import audit_digests
from notifications.services.firing.fire import Firer
from notifications.services.watch import purge
from notifications.services.watch.audits import audit
from orders.models import HistoryEntry
from orders.services.retention import dispositions
from orders.services.retention.tables import delete_cases
from tests import make
from tests.accounts.test_audit_chain import verify
from tests.make import NOW
from tests.notifications.test_dispositions import approve, old
from tests.orders.test_admin.conftest import page_of, signed_in

pytestmark = pytest.mark.django_db

ROLE = "ctc_tests_app"
_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.fixture
def role() -> str:
    """The application's role, with its privileges, which the owner may take on in this database."""
    settings = connection.settings_dict
    server = make_conninfo(
        host=str(settings["HOST"]), port=str(settings["PORT"] or 5432), user="postgres", dbname="postgres"
    )
    with psycopg.connect(server, autocommit=True) as admin:
        # Of the whole server: another process may make it at the same time.
        admin.execute(
            f"DO $$ BEGIN CREATE ROLE {ROLE} NOINHERIT; GRANT {ROLE} TO {settings['USER']};"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    database_roles.grant(ROLE)
    return ROLE


@contextmanager
def acting(role: str) -> Iterator[None]:
    """Run statements as the role."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SET ROLE {role}")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("RESET ROLE")


def test_every_table_is_listed_once() -> None:
    assert database_roles.tables() - {"cache"} <= database_roles.listed().keys()
    assert database_roles.listed().keys() <= database_roles.tables() | {"cache"}


def test_the_role_has_exactly_the_privileges_of_the_file(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t, array_agg(p ORDER BY p) FILTER (WHERE has_table_privilege(%s, t, p))"
            " FROM unnest(%s::text[]) t CROSS JOIN unnest(%s::text[]) p GROUP BY t",
            [role, sorted(database_roles.tables()), list(_RIGHTS)],
        )
        rights = {table: tuple(found or ()) for table, found in cursor.fetchall()}

    kinds = database_roles.listed()
    assert rights == {
        table: tuple(sorted(database_roles.PRIVILEGES[kinds[table]])) for table in database_roles.tables()
    }


def test_a_table_that_is_not_listed_stops_the_command(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE forgotten (id int)")

    with pytest.raises(CommandError, match="does not list forgotten"):
        call_command("grant_roles", "--role", role)


def test_a_role_that_owns_the_tables_is_refused() -> None:
    with pytest.raises(CommandError, match="could change the access log"):
        call_command("grant_roles", "--role", str(connection.settings_dict["USER"]))
    with pytest.raises(CommandError, match="CTC_APP_ROLE: empty"):
        call_command("grant_roles")


@pytest.mark.parametrize(
    "statement",
    [
        f"{act} {table}{rest}"
        for table in (
            "accounts_auditentry",
            "accounts_auditchainlink",
            "accounts_auditreview",
            "notifications_auditdigest",
            "orders_historyentry",
        )
        for act, rest in (("DELETE FROM", ""), ("TRUNCATE", ""), ("UPDATE", " SET id = id"))
    ]
    + [
        "ALTER TABLE accounts_auditentry DISABLE TRIGGER USER",
        "ALTER TABLE accounts_user ADD COLUMN x int",
        "DROP TABLE accounts_auditentry",
        "DROP FUNCTION accounts_lock_access_log()",
        "CREATE TABLE more (id int)",
        "TRUNCATE accounts_user CASCADE",
        "DELETE FROM django_migrations",
    ],
)
def test_the_application_cannot_change_records_or_tables(role: str, statement: str) -> None:
    with (
        acting(role),
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_entries_join_the_chain_also_after_a_restore(role: str) -> None:
    with acting(role):
        for number in (50, 60):
            record(AuditAction.SEEN, EntryPoint.PAGE, transaction=number)
            audit_chain.extend_chain()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditchainlink DISABLE TRIGGER USER")
        cursor.execute("UPDATE accounts_auditchainlink SET database = '7.00000001.5'")
        cursor.execute("ALTER TABLE accounts_auditchainlink ENABLE TRIGGER USER")

    with acting(role):
        record(AuditAction.SEEN, EntryPoint.PAGE, transaction=5)
        assert audit_chain.extend_chain() == 1
        report = verify()
        assert (report.fault, report.links) == (None, 3)
        assert audit_digests.send_digests(at=datetime.now(UTC)) == 1


def test_facts_deadlines_alerts_and_audits_work(role: str) -> None:
    police = make.agency()
    make.person(Role.LIAISON, police)
    town = make.town(police)
    with acting(role):
        order = make.served_order(respondent_town=town)
        found = Firer("test").fire(now=NOW + timedelta(hours=23))
        assert found.checkpoints
        assert HistoryEntry.objects.filter(order=order).exists()
        audit()


def test_the_purge_works(role: str) -> None:
    with acting(role):
        Heartbeat.objects.create(name="old", last_pulse_at=timezone.now() - timedelta(days=3))
        assert purge.purge()["heartbeats"] == 1


def test_pages_work(role: str) -> None:
    order = make.order()
    clerk = make.person(Role.CLERK, order.case.court)
    with acting(role):
        browser = signed_in(clerk)
        assert browser.get("/").status_code == 200
        assert browser.get(page_of(order)).status_code == 200
        assert AuditEntry.objects.filter(actor=clerk).exists()


def test_the_application_deletes_the_history_of_an_approved_case_alone(role: str) -> None:
    court, by = make.agency(AgencyKind.COURT), make.person(Role.ADMINISTRATOR)
    order, young = old(court), old(court, ago=timedelta(days=700))
    dispositions.list_due(now=timezone.now(), rehearsed=[])
    approve(by)

    with acting(role):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            delete_cases([young.case_id], now=timezone.now())
        assert dispositions.carry_out(now=timezone.now(), rehearsed=[], seconds=60)["deleted"] == 1

    assert not HistoryEntry.objects.filter(order=order.pk).exists()
    assert HistoryEntry.objects.filter(order=young).exists()
