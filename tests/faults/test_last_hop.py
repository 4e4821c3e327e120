"""The last hop: a mail server or a broker in trouble, and a row that cannot be processed."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from tests.faults.checker import CLEAN
from tests.faults.conftest import FULL, Broker, Outside, Settle, found, full_only
from tests.faults.stack import Stack, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900 if FULL else 600)]

MANY = 1000 if FULL else 60
#: Seconds that the second firing may take longer; more where other tests run beside it.
SLACK = 2 if FULL else 10


@pytest.fixture(autouse=True)
def mail_again(outside: Outside) -> None:
    outside.mail.refuses = {}
    outside.mail.delay = 0.0


@pytest.mark.long
@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        pytest.param("MAIL", "530 5.7.0 Authentication required", id="530 to MAIL"),
        pytest.param("CONNECT", "554 5.7.1 no", id="554 at once", marks=full_only),
        pytest.param("RCPT", "554 5.7.1 Relay access denied", id="554 to RCPT", marks=full_only),
        pytest.param("MESSAGE", "552 5.3.4 too big", id="552 after DATA", marks=full_only),
    ],
)
def test_a_mail_server_that_refuses_us_fails_no_alert_and_is_seen_within_two_minutes(
    stack: Stack, outside: Outside, settle: Settle, stage: str, reply: str
) -> None:
    stack.email = "smtp"
    stack.web()
    stack.worker()
    wait_for("the pulse", lambda: stack.health()[0] == 200, 60)
    outside.mail.refuses = {stage: reply}
    began = time.monotonic()
    court = int(stack.scenario("due", MANY, 0)["court"])

    wait_for("the health page", lambda: stack.health()[0] == 503, 120)
    assert time.monotonic() - began < 120
    wait_for("the finding", lambda: bool(stack.scenario("findings")["codes"]), 30)
    time.sleep(60 if FULL else 5)
    assert stack.scenario("states", court).keys() <= {"READY", "TEMPORARY_FAILURE", "LEASED", "SENDING"}

    outside.mail.refuses = {}
    outcome = settle(court, MANY, 120)
    assert found(outside, outcome) == CLEAN
    assert outcome["duplicates"] == []


@pytest.mark.long
def test_after_an_outage_the_backlog_goes_out_at_once(stack: Stack, outside: Outside, settle: Settle) -> None:
    stack.email = "smtp"
    outside.mail.refuses = {"CONNECT": "421 down"}
    stack.worker()
    court = int(stack.scenario("due", MANY, -1)["court"])
    wait_for("the circuit", lambda: bool(stack.scenario("findings")["codes"]), 60)
    time.sleep(180 if FULL else 10)

    outside.mail.refuses = {}
    began = time.monotonic()
    outcome = settle(court, MANY, 60)

    taken = time.monotonic() - began
    assert found(outside, outcome) == CLEAN
    assert outcome["attempts"] == 1, "what was never offered is no attempt"
    assert taken < 45, f"{MANY} in {taken:.0f} s, with the wait for the circuit"


def test_a_row_that_cannot_be_fired_stops_no_other(stack: Stack) -> None:
    many = 4788 if FULL else 200
    usual, _ = fired_in(stack, int(stack.scenario("due", many, -1, "late")["court"]))
    court = int(stack.scenario("due", many, -1, "unfirable")["court"])

    taken, fired = fired_in(stack, court)

    assert fired == many - 1
    assert sum(stack.scenario("states", court).values()) == many - 1
    assert "parked" in stack.scenario("findings")["codes"]
    assert taken < SLACK + 2 * usual, f"{taken:.1f} s instead of {usual:.1f} s"


def fired_in(stack: Stack, court: int) -> tuple[float, int]:
    """Fire what is due; return the seconds it took, and how many of the court's checks fired."""
    began = time.monotonic()
    stack.scenario("fire")
    taken = time.monotonic() - began
    return taken, sum(stack.scenario("states", court).values())


def test_a_broker_that_refuses_writes_stops_nothing(
    stack: Stack, outside: Outside, settle: Settle, broker: Broker
) -> None:
    stack.email = "smtp"
    stack.start("python", "manage.py", "pulse")
    worker = stack.worker()
    wait_for("both pulses", lambda: stack.scenario("pulses")["processes"] == 2, 60)
    with Redis(port=broker.port) as client:
        client.execute_command("CONFIG", "SET", "maxmemory", "1")
        try:
            outcome = settle(int(stack.scenario("due", 20, 2)["court"]), 20, 60)
            # Whether or not Celery's worker lives through it.
            worker.kill()
            again = settle(int(stack.scenario("due", 20, 2)["court"]), 20, 90)
        finally:
            client.execute_command("CONFIG", "SET", "maxmemory", "0")

    assert found(outside, outcome) == CLEAN
    assert found(outside, again) == CLEAN


@full_only
def test_a_server_that_takes_half_a_minute_to_accept_doubles_nothing(
    stack: Stack, outside: Outside, settle: Settle
) -> None:
    stack.email = "smtp"
    outside.mail.delay = 30.0
    stack.worker()
    stack.worker()
    court = int(stack.scenario("due", 20, 2)["court"])

    outcome = settle(court, 20, 600)

    assert found(outside, outcome) == CLEAN
    assert outcome["duplicates"] == []
