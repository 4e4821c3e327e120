"""A restored database sends nothing until a person confirms it; then what may arrive twice is marked."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from psycopg import sql
from psycopg.conninfo import make_conninfo

from accounts.models import AuditEntry, Role, User
from ctcompliance.embedded import programs
from notifications.models import Alert, AlertState, ConfirmedDatabase, WebhookSubscription
from notifications.services import restored
from notifications.services.delivery import sending
from notifications.services.watch import delivery
from notifications.services.webhooks import outbox as webhooks
from notifications.services.webhooks import subscriptions
from orders.errors import InvalidFact
from tests import make
from tests.ledger import Ledger
from tests.make import NOW
from tests.notifications.fixtures import OrderFixture, by_sms, set_up

_PACKAGES = Path(psycopg.__file__).parent.parent


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def fired() -> OrderFixture:
    found = set_up()
    found.fire_alone(("respondent_police", "court"))
    return found


def _restore() -> None:
    """Make this database a copy of the one that was confirmed."""
    ConfirmedDatabase.objects.create(identity="7000000000000000000.00000001.16385", confirmed_at=NOW)


@pytest.mark.django_db
def test_nothing_is_sent_until_a_person_confirms(
    fired: OrderFixture, administrator: User, ledger: Ledger
) -> None:
    _restore()

    assert sending.drain(worker="w") == 0
    assert [one.code for one in delivery.restored()] == ["restored"]
    assert ledger.lines() == []

    found = restored.confirm(by=administrator, now=timezone.now())

    assert (found.waiting, found.marked) == (2, 2)
    assert sending.drain(worker="w") == 2
    assert list(delivery.restored()) == []
    states = set(Alert.objects.values_list("state", "possible_duplicate"))
    assert states == {(AlertState.ACCEPTED.value, True)}
    entry = AuditEntry.objects.get(what="confirm_restore")
    assert (entry.actor, entry.detail) == (administrator, {"waiting": 2, "marked": 2})


@pytest.mark.django_db
def test_webhooks_wait_as_well() -> None:
    agency = make.agency()
    person = make.person(Role.LIAISON, agency)
    hook = WebhookSubscription.objects.create(
        agency=agency,
        url="https://system.example/",
        encrypted_secret="x",
        events=[],
        created_at=NOW,
        created_by=person,
    )
    subscriptions.ping(hook, now=NOW)
    _restore()

    assert webhooks.lease(limit=10) == []
    ConfirmedDatabase.objects.all().delete()
    assert len(webhooks.lease(limit=10)) == 1


@pytest.mark.django_db
def test_a_log_narrows_the_marks_to_the_addresses_it_names(fired: OrderFixture, administrator: User) -> None:
    _restore()
    log = [f"postfix/smtp[7]: 1A2: to=<{fired.liaison.email.upper()}>, relay=mx, status=sent (250)\n"]

    found = restored.confirm(by=administrator, now=timezone.now(), log=log)

    assert (found.waiting, found.marked) == (2, 1)
    assert Alert.objects.get(possible_duplicate=True).recipient == fired.liaison


@pytest.mark.django_db
@pytest.mark.parametrize(("line", "marked"), [("SM1 to +18605550100 delivered", 1), ("to 18605550101", 0)])
def test_a_log_of_text_messages_names_numbers(line: str, marked: int, administrator: User) -> None:
    order = set_up()
    by_sms(order.liaison)
    order.fire(("respondent_police",))
    Alert.objects.exclude(channel="sms").delete()

    assert (restored.mark([line]).marked, Alert.objects.count()) == (marked, 1)


@pytest.mark.django_db
def test_one_in_doubt_is_marked_by_its_own_decision(fired: OrderFixture) -> None:
    Alert.objects.update(state=AlertState.IN_DOUBT)

    assert restored.mark(None).marked == 0


@pytest.mark.django_db
def test_prepare_confirms_a_new_database_and_never_a_copy(administrator: User) -> None:
    restored.confirm_first(NOW)
    assert not restored.is_held()
    with pytest.raises(InvalidFact, match="not held"):
        restored.confirm(by=administrator, now=NOW)

    ConfirmedDatabase.objects.update(identity="another")
    restored.confirm_first(NOW)

    assert restored.is_held()


@pytest.mark.django_db
def test_the_command_looks_refuses_and_confirms(
    fired: OrderFixture, administrator: User, tmp_path: Path
) -> None:
    _restore()
    log = tmp_path / "mail.log"
    log.write_text("nothing of ours\n")

    assert "restored copy" in _run()
    with pytest.raises(CommandError, match="not an administrator"):
        _run("--by", fired.clerk.email)
    with pytest.raises(CommandError, match="--log: cannot read"):
        _run("--by", administrator.email, "--log", str(tmp_path / "missing"))
    assert restored.is_held()

    done = _run("--by", administrator.email, "--log", str(log))

    assert re.fullmatch(r"Confirmed\. \d+ alerts wait to be sent; 0 may be repeats\.\n", done)
    assert "is confirmed" in _run()
    with pytest.raises(CommandError, match="not held"):
        _run("--by", administrator.email)


def _run(*arguments: str) -> str:
    printed = StringIO()
    call_command("confirm_restore", *arguments, stdout=printed)
    return printed.getvalue()


@pytest.fixture
def copy() -> Iterator[str]:
    """An empty database beside the one of the tests, by its name."""
    name = f"{connection.settings_dict['NAME']}_copy"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(make_conninfo(**_server("postgres")), autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield name
        server.execute(drop)


def _server(name: str) -> dict[str, str]:
    settings = connection.settings_dict
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    found = {ours: str(settings[theirs]) for ours, theirs in parts.items() if settings[theirs]}
    return {"dbname": name} | found


@pytest.mark.django_db(transaction=True)
def test_a_dump_that_was_loaded_is_held(copy: str) -> None:
    restored.confirm_first(NOW)
    name = str(connection.settings_dict["NAME"])
    dump = _program("pg_dump", "--table=notifications_confirmeddatabase", name)
    _program("psql", "--quiet", copy, given=dump)

    with psycopg.connect(make_conninfo(**_server(copy))) as other:
        held = other.execute(f"SELECT NOT {restored.MAY_SEND}").fetchone()

    assert held == (True,)
    assert not restored.is_held()


def _program(name: str, *arguments: str, given: str | None = None) -> str:
    server = _server("")
    environment = {f"PG{key.upper()}": value for key, value in server.items() if value}
    return subprocess.run(
        [str(_PACKAGES / programs.BIN / name), *arguments],
        input=given,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
