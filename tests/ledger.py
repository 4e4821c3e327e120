"""A mail server that writes each message to disk before it accepts it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


def append(file: Path, line: dict[str, object]) -> None:
    """Append the line and sync the file to disk."""
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")
        out.flush()
        os.fsync(out.fileno())


class Book:
    """A file of lines that only grows. Each line is read from disk once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read: list[dict[str, Any]] = []
        self._place = 0

    def lines(self) -> list[dict[str, Any]]:
        """Every whole line of the file; empty without a file."""
        if self.file.exists():
            with self.file.open("rb") as grown:
                grown.seek(self._place)
                new = grown.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._place += len(whole)
            self._read += map(json.loads, whole.splitlines())
        return list(self._read)


class Ledger:
    """Takes mail and keeps a line for each message. Tests set how it behaves."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._book = Book(file)
        #: Answers to give instead of taking the message, used up one by one.
        self.answers: list[str] = []
        #: How many messages to take and write down without ever answering: the line breaks instead.
        self.break_after_taking = 0
        #: Seconds to wait before answering.
        self.delay = 0.0
        #: Answers to every session, by stage: CONNECT, AUTH, MAIL, RCPT, DATA (to the command), MESSAGE.
        self.refuses: dict[str, str] = {}
        #: Answers to RCPT, by address.
        self.refuses_to: dict[str, str] = {}

    def authenticate(self, *_: object) -> AuthResult:
        """Accept every sign-in unless AUTH is refused."""
        return AuthResult(success="AUTH" not in self.refuses, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.refuses:
            return self.refuses["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self.refuses_to.get(address) or self.refuses.get("RCPT"):
            return refusal
        if self.answers and self.answers[0].startswith("55"):
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "MESSAGE" in self.refuses:
            return self.refuses["MESSAGE"]
        if self.answers:
            return self.answers.pop(0)
        if self.delay:
            await asyncio.sleep(self.delay)
        self._write(envelope)
        if self.break_after_taking:
            self.break_after_taking -= 1
            if server.transport is not None:
                server.transport.close()
        return "250 OK"

    def _write(self, envelope: Envelope) -> None:
        message = message_from_bytes(envelope.original_content or b"")
        line = {
            "to": envelope.rcpt_tos,
            "key": message["Message-ID"],
            "headers": dict(message.items()),
            "body": str(message.get_payload()),
            "at": time.time(),
        }
        append(self.file, line)

    def lines(self) -> list[dict[str, Any]]:
        """Every message taken, in order."""
        return self._book.lines()

    def keys(self) -> Counter[str]:
        """How often each alert was taken."""
        return Counter(str(line["key"]) for line in self.lines())


class _Server(SMTP):
    """Refuses at once, or at the command DATA, if the ledger is set to."""

    async def _handle_client(self) -> None:
        if refusal := self.event_handler.refuses.get("CONNECT"):
            await self.push(refusal)
            assert self.transport is not None
            self.transport.close()
            return
        await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:
        if refusal := self.event_handler.refuses.get("DATA"):
            await self.push(refusal)
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, auth_require_tls=False, authenticator=self.handler.authenticate)


def free_port() -> int:
    """A port of the loopback that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(file: Path) -> Iterator[tuple[Ledger, int]]:
    """The ledger's mail server on a free port of the loopback."""
    ledger = Ledger(file)
    port = free_port()
    controller = _Controller(ledger, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield ledger, port
    finally:
        controller.stop()
