"""The database in trouble while the mail server has a message and has not answered yet."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from django.db import connection
from django.db.utils import Error
from pytest_django import Settings

from accounts.models import Role
from notifications.channels.protocol import Message, SendStatus
from notifications.models import Alert, AlertState, ParkedRow
from notifications.services import sql
from notifications.services.delivery import providers, sending
from notifications.services.firing.fire import Firer
from tests import make, rude_smtp
from tests.notifications.test_sending import DUE
from tests.rude_smtp import RudeServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

#: Too many connections, disk full, out of memory, read-only, deadlock, a lock that is not free, too slow,
#: serialization, a server that shuts down.
PASSING = ("53300", "53100", "53200", "25006", "40P01", "55P03", "57014", "40001", "57P01")

FAILING = """
CREATE SEQUENCE poison;
CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('poison') <= 3 THEN RAISE EXCEPTION 'in trouble' USING ERRCODE = '{code}'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER poison BEFORE {event} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION poison();
"""


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[RudeServer]:
    monkeypatch.setattr(sql, "RETRY", 0.05)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    with rude_smtp.running() as (found, port):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield found


@pytest.fixture
def failing() -> Iterator[None]:
    """Take away what `FAILING` made."""
    yield
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS poison() CASCADE; DROP SEQUENCE IF EXISTS poison")


def due() -> None:
    """One alert is ready: that of a surrender check."""
    liaison = make.person(Role.LIAISON, make.agency())
    make.served_order(respondent_town=make.town(liaison.memberships.get().agency))
    Firer("test").fire(now=DUE)
    Alert.objects.exclude(recipient=liaison, checkpoint__name="check").delete()
    Alert.objects.exclude(checkpoint__deadline__rule_id="CT-SUR-01").delete()


def states() -> list[int]:
    return list(Alert.objects.values_list("state", flat=True))


def fail(code: str, *, event: str, table: str, when: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(FAILING.format(code=code, event=event, table=table, when=when))


def in_another_session(statements: list[str]) -> None:
    """Run the statements in the thread's own connection."""
    try:
        with connection.cursor() as cursor:
            for one in statements:
                cursor.execute(one)
    finally:
        connection.close()


def test_a_sender_whose_connection_is_cut_records_what_it_knows(server: RudeServer) -> None:
    due()
    connection.ensure_connection()
    sender = connection.connection.info.backend_pid
    server.on_taken = lambda: in_another_session([f"SELECT pg_terminate_backend({sender})"])

    sending.drain(worker="w")

    assert (states(), len(server.taken)) == ([AlertState.ACCEPTED], 1)
    assert not Alert.objects.filter(possible_duplicate=True).exists()


def test_a_sender_waits_while_the_database_takes_no_writes(server: RudeServer) -> None:
    due()
    connection.ensure_connection()
    sender, name = connection.connection.info.backend_pid, connection.settings_dict["NAME"]
    writes = "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"
    back = [writes, f'ALTER DATABASE "{name}" RESET default_transaction_read_only']
    timer = threading.Timer(1, in_another_session, [back])

    def demote() -> None:
        in_another_session(
            [
                f'ALTER DATABASE "{name}" SET default_transaction_read_only = on',
                f"SELECT pg_terminate_backend({sender})",
            ]
        )
        timer.start()

    server.on_taken = demote
    try:
        sending.drain(worker="w")
    finally:
        timer.join()
        connection.close()

    assert (states(), len(server.taken)) == ([AlertState.ACCEPTED], 1)


@pytest.mark.parametrize("code", PASSING)
def test_what_passes_loses_no_result(code: str, server: RudeServer, failing: None) -> None:
    due()
    fail(
        code,
        event="UPDATE",
        table="notifications_alert",
        when=f"WHEN (NEW.state = {AlertState.ACCEPTED.value})",
    )

    sending.drain(worker="w")

    assert (states(), len(server.taken)) == ([AlertState.ACCEPTED], 1)
    assert not ParkedRow.objects.exists()


@pytest.mark.parametrize("code", PASSING)
def test_what_passes_parks_nothing_and_the_next_pulse_fires(code: str, failing: None) -> None:
    liaison = make.person(Role.LIAISON, make.agency())
    make.served_order(respondent_town=make.town(liaison.memberships.get().agency))
    fail(code, event="INSERT", table="notifications_alert")
    firer, tries = Firer("test"), 0

    while not Alert.objects.exists():
        tries += 1
        assert tries < 6
        try:
            firer.fire(now=DUE)
        except Error:
            connection.close()

    assert tries == 4
    assert not ParkedRow.objects.exists()


def test_the_first_provider_is_believed_if_no_other_can_be_tried(
    server: RudeServer, settings: Settings
) -> None:
    settings.EMAIL_PROVIDERS = ["smtp", "resend"]
    server.answers = {"MAIL": "530 5.7.0 Authentication required"}
    tried = []

    def begin(name: str, places: Sequence[int]) -> Sequence[int]:
        tried.append(name)
        if name == "resend":
            raise Error
        return places

    message = Message(key="1", address="officer@orders.example", subject="A notice", body="It waits.")
    found = list(providers.send("email", [message], begin=begin))

    assert tried == ["smtp", "resend"]
    assert [(name, one.status) for name, one in found] == [("smtp", SendStatus.DEFERRED)]
