"""One stack whose messages go to a provider and a mail server that record each before they answer."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import psutil
import pytest
from redis import Redis

from ctcompliance.embedded.valkey import Valkey
from tests import ledger as ledgers
from tests.database import give_prepared
from tests.faults.checker import Verdict, judge
from tests.faults.stack import ROOT, Stack, kill, wait_for
from tests.ledger import Ledger, free_port
from tests.provider import Provider

#: `make faults` waits as long as the product would, with thousands of alerts. In the subset of `make test`
#: waiting times are skipped.
FULL = os.environ.get("CTC_FAULTS") == "full"

#: For tests that take long, or show what another test also shows.
full_only = pytest.mark.skipif(not FULL, reason="long: only in `make faults`")


@dataclass
class Outside:
    """The provider's process, its instructions, and the mail server beside it."""

    folder: Path
    mail: Ledger
    port: int = field(default_factory=free_port)
    process: psutil.Popen | None = None
    instructions: int = 0

    @cached_property
    def book(self) -> Provider:
        """The provider's record."""
        return Provider(self.folder / "calls.jsonl")

    def runs(self) -> list[tuple[str, float]]:
        """Every message sent through either: its key and its time."""
        by_mail = [(str(line["key"]).strip("<>").partition("@")[0], line["at"]) for line in self.mail.lines()]
        by_http = [(line["key"], line["at"]) for line in self.book.effects()]
        return [(str(key), float(str(at))) for key, at in by_mail + by_http]

    def start(self) -> None:
        """Start the provider."""
        ledger, control = self.folder / "calls.jsonl", self.folder / "control.json"
        command = [sys.executable, "-m", "tests.provider", "--port", str(self.port)]
        command += ["--ledger", str(ledger), "--control", str(control)]
        self.process = psutil.Popen(command, cwd=ROOT)

    def behave(self, *following: Mapping[str, Any], always: Mapping[str, Any] | None = None) -> None:
        """Set how the provider answers the next calls, and all after them."""
        new = self.folder / "control.new"
        new.write_text(json.dumps({"next": following, "always": always or {}}))
        # Renamed as a whole and with a new modification time, because the provider may read it at any moment.
        self.instructions += 1
        os.utime(new, ns=(self.instructions * 10**9, self.instructions * 10**9))
        new.rename(self.folder / "control.json")

    def environment(self) -> dict[str, str]:
        """Settings of a stack that sends through the provider: email by Resend, text messages by Twilio."""
        return {
            "CTC_EMAIL_PROVIDERS": "resend",
            "CTC_RESEND_API_KEY": "re_only_for_tests",
            "CTC_RESEND_SIGNING_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
            "CTC_RESEND_URL": f"http://127.0.0.1:{self.port}",
            "CTC_SMS_PROVIDERS": "twilio",
            "CTC_TWILIO_ACCOUNT_SID": "AConlyfortests",
            "CTC_TWILIO_AUTH_TOKEN": "only-for-tests",
            "CTC_TWILIO_FROM": "+18605550100",
            "CTC_TWILIO_URL": f"http://127.0.0.1:{self.port}",
        }


class Broker:
    """A broker of its own, to be killed."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: psutil.Popen | None = None

    def start(self) -> None:
        """Start the server unless it runs."""
        if self._process is None:
            program = str(Valkey(ROOT).program)
            options = ["--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
            self._process = psutil.Popen([program, *options], stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """Kill the server."""
        if self._process is not None:
            kill(self._process)
            self._process = None

    def queued(self, queue: str) -> int:
        """The number of hints in the queue."""
        with Redis(port=self.port) as client:
            return int(client.execute_command("LLEN", queue))

    def flush(self) -> None:
        """Delete all queued hints."""
        with Redis(port=self.port) as client:
            client.flushall()


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    found = Broker()
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outside, int]]:
    folder = tmp_path_factory.mktemp("outside")
    with ledgers.running(folder / "mail.jsonl") as (mail, port):
        found = Outside(folder, mail)
        found.start()
        yield found, port
        if found.process is not None:
            kill(found.process)


@pytest.fixture(scope="session")
def outside(provider: tuple[Outside, int]) -> Outside:
    """The provider and the mail server."""
    return provider[0]


@pytest.fixture(scope="session")
def shared(
    tmp_path_factory: pytest.TempPathFactory, provider: tuple[Outside, int], broker: Broker
) -> Iterator[Stack]:
    outside, smtp_port = provider
    found = Stack(
        tmp_path_factory.mktemp("stack"),
        outside.environment()
        | {
            "CELERY_BROKER_URL": f"redis://127.0.0.1:{broker.port}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        },
    )
    give_prepared(found.folder / "local")
    found.run("manage.py", "prepare")
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def stack(shared: Stack, outside: Outside, broker: Broker) -> Iterator[Stack]:
    """The stack, with no process running before and after the test."""
    outside.behave()
    broker.start()
    shared.email = "resend"
    shared.scenario("quiet")
    yield shared
    # Shown if the test failed.
    sys.stdout.write(shared.logs())
    shared.end()


@pytest.fixture(params=["smtp", pytest.param("resend", marks=full_only)])
def carrier(request: pytest.FixtureRequest, stack: Stack) -> str:
    """The email provider of the processes that the test starts."""
    stack.email = str(request.param)
    return stack.email


class Settle(Protocol):
    """Wait until each of the court's checks notified its police; return the outcome."""

    def __call__(self, court: int, count: int, seconds: float = 60) -> dict[str, Any]: ...


@pytest.fixture
def settle(stack: Stack) -> Settle:
    """Wait until each of the court's checks notified its police; return the outcome."""

    def wait(court: int, count: int, seconds: float = 60) -> dict[str, Any]:
        # Counting thousands slows down the senders.
        every = 0.1 if count < 1000 else 1.0
        wait_for("all alerts", lambda: stack.scenario("states", court) == {"ACCEPTED": count}, seconds, every)
        return stack.scenario("outcome", court)

    return wait


def found(outside: Outside, outcome: Mapping[str, Any], within: float = math.inf) -> Verdict:
    """The checker's verdict on the alerts of the outcome."""
    return judge(outcome["due_at"], outside.runs(), within=within)
