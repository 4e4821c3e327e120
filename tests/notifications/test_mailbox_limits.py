"""A mailbox with anything in it, behind a server that answers anything, holds no one up."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

from notifications.channels import mailbox
from notifications.channels.mailbox import MOST, MOST_BYTES, Mailbox, MailboxError
from tests.notifications import imap_server, rude_imap
from tests.notifications.rude_imap import RudeImap

PATTERN = re.compile("(?<=Check )[0-9]+")
MANY = 2000
LARGE = 100 * 1024 * 1024


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RudeImap]:
    monkeypatch.setattr(mailbox, "TIMEOUT", 0.5)
    monkeypatch.setattr(mailbox, "VISIT", 1.0)
    with rude_imap.running() as found:
        yield found


def visit(server: RudeImap) -> list[str]:
    began = time.monotonic()
    try:
        return Mailbox.from_url(server.url).take_subjects(PATTERN)
    finally:
        assert time.monotonic() - began < 5, "no server holds a visit"


def drip(write: Callable[[bytes], object], _tag: bytes) -> None:
    while True:
        write(b"x")
        time.sleep(0.05)


def flood(write: Callable[[bytes], object], _tag: bytes) -> None:
    while True:
        write(b"* 1 EXPUNGE\r\n" * 5000)


def announce(write: Callable[[bytes], object], _tag: bytes) -> None:
    write(b"* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {%d}\r\n" % LARGE)
    flood(write, b"")


def nonsense(write: Callable[[bytes], object], _tag: bytes) -> None:
    write(b"\x00\xff {x}\r\n\r\n* * *\r\n")


def hang(_write: Callable[[bytes], object], _tag: bytes) -> None:
    time.sleep(2)


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "FETCH"])
@pytest.mark.parametrize("answer", [drip, flood, announce, nonsense, hang])
def test_a_rude_server_holds_no_visit(
    answer: Callable[[Callable[[bytes], object], bytes], object], command: str, server: RudeImap
) -> None:
    server.answers[command] = answer

    with pytest.raises(MailboxError, match=r"the connection broke|sign-in"):
        visit(server)


def found(write: Callable[[bytes], object], tag: bytes) -> None:
    header = b"Subject: Check 7\r\n\r\n"
    write(b"* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)]<0> {%d}\r\n" % len(header) + header + b")\r\n")
    write(tag + b" OK done\r\n")


@pytest.mark.parametrize("answer", [drip, flood, nonsense, hang])
def test_a_bad_farewell_loses_no_canary(
    answer: Callable[[Callable[[bytes], object], bytes], object], server: RudeImap
) -> None:
    server.answers |= {"FETCH": found, "LOGOUT": answer}

    assert visit(server) == ["7"]


def test_only_the_newest_are_read_and_of_each_only_the_beginning(server: RudeImap) -> None:
    server.answers["SELECT"] = lambda write, tag: write(b"* 50000 EXISTS\r\n" + tag + b" OK done\r\n")

    assert visit(server) == []

    (fetch,) = [one for one in server.commands if b"FETCH" in one]
    assert f"{50_000 - MOST + 1}:50000".encode() in fetch
    assert b"<0." in fetch
    assert not any(b"SEARCH" in one for one in server.commands)


def test_a_real_mailbox_that_is_full_of_other_mail() -> None:
    if imap_server.DOVECOT is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    with imap_server.running() as real:
        real.deliver(b"Subject: large\r\n\r\n" + b"x" * (2 * MOST_BYTES))
        real.deliver(b"Subject: " + b"y" * (2 * MOST_BYTES) + b"\r\n\r\n")
        for number in range(MANY):
            real.deliver(b"Subject: junk %d\r\n\r\n" % number)
        real.deliver(b"Subject: Check 8\r\n\r\n")
        box = Mailbox.from_url(real.url)

        assert box.take_subjects(PATTERN) == ["8"]
        assert box.take_subjects(PATTERN) == []
