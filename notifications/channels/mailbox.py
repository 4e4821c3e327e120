"""The mailbox to which canaries travel by real mail, read over IMAP."""

from __future__ import annotations

import imaplib
import io
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from notifications.channels.bounded_socket import BoundedReader

#: Seconds to wait for one answer of the mail server, and for a whole visit.
TIMEOUT, VISIT = 8.0, 20.0
#: The most messages that one visit reads, the newest.
MOST = 200
#: The most bytes of a subject that are read, and of all answers of a visit.
LONGEST_SUBJECT, MOST_BYTES = 1000, 4 * 1024 * 1024
#: What a broken connection raises, and what `imaplib` raises at an answer that makes no sense.
_BROKEN = (OSError, imaplib.IMAP4.error, ValueError, LookupError)
_OK = "OK"
_PORT, _TLS_PORT = 143, 993


class MailboxError(Exception):
    """The mailbox cannot be read. The text names no account and no address."""


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """Where a mailbox is, from `imaps://user:password@host:993/FOLDER`. The folder is INBOX if left out."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    has_tls: bool

    @classmethod
    def from_url(cls, url: str) -> Mailbox:
        """Read the parts of the URL. Raises `ValueError` if it is not one of a mailbox."""
        parts = urlsplit(url)
        host, user, password = parts.hostname, parts.username, parts.password
        if parts.scheme not in ("imaps", "imap") or not (host and user and password):
            raise ValueError("not the URL of a mailbox")
        has_tls = parts.scheme == "imaps"
        return cls(
            host=host,
            port=parts.port or (_TLS_PORT if has_tls else _PORT),
            user=unquote(user),
            password=unquote(password),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            has_tls=has_tls,
        )

    def take_subjects(self, pattern: re.Pattern[str]) -> list[str]:
        """Return what the pattern matches in the subjects, and delete these messages; leave all others.

        Takes `VISIT` seconds at most. Raises `MailboxError`.
        """
        try:
            session = self._session()
        except _BROKEN as error:
            raise MailboxError(f"no connection: {type(error).__name__}") from None
        try:
            return self._take(session, pattern)
        except _BROKEN as error:
            raise MailboxError(f"the connection broke: {type(error).__name__}") from None
        finally:
            # What was read is known by now; a server that answers the farewell badly changes nothing.
            with suppress(*_BROKEN):
                session.logout()
            with suppress(*_BROKEN):
                session.shutdown()

    def _session(self) -> imaplib.IMAP4:
        kind = _BoundedTls if self.has_tls else _Bounded
        return kind(self.host, self.port, timeout=TIMEOUT)

    def _take(self, session: imaplib.IMAP4, pattern: re.Pattern[str]) -> list[str]:
        try:
            session.login(self.user, self.password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise MailboxError("the server refuses the sign-in") from None
        status, found = session.select(f'"{self.folder}"')
        if status != _OK:
            raise MailboxError("the folder cannot be opened")
        taken = []
        for number, subject in _subjects(session, int(found[0] or 0)):
            if match := pattern.search(subject):
                taken.append(match[0])
                session.store(number, "+FLAGS", "(\\Deleted)")
        if taken:
            session.expunge()
        return taken


class _Bounded(imaplib.IMAP4):
    """A session that ends after `VISIT` seconds, or when the server has sent `MOST_BYTES`.

    `imaplib` waits its timeout for each piece that arrives, and reads as much as the server announces.
    """

    @override
    def open(self, host: str = "", port: int | None = _PORT, timeout: float | None = None) -> None:
        """Connect."""
        ends = time.monotonic() + VISIT
        super().open(host, port or _PORT, timeout)

        def left() -> float:
            if (seconds := ends - time.monotonic()) <= 0:
                raise TimeoutError
            return min(seconds, TIMEOUT)

        self._answers = io.BufferedReader(BoundedReader(self.sock, left, MOST_BYTES))

    @override
    def read(self, size: int) -> bytes:
        return self._answers.read(size)

    @override
    def readline(self) -> bytes:
        return self._answers.readline(MOST_BYTES)


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    """The same over TLS."""


def _subjects(session: imaplib.IMAP4, count: int) -> list[tuple[str, str]]:
    """Return number and subject of the newest messages of so many. Of each subject only the beginning."""
    if not count:
        return []
    newest = f"{max(1, count - MOST + 1)}:{count}"
    _, parts = session.fetch(newest, f"(BODY.PEEK[HEADER.FIELDS (SUBJECT)]<0.{LONGEST_SUBJECT}>)")
    found = []
    for part in parts:
        if isinstance(part, tuple):
            header = message_from_bytes(part[1])["Subject"] or ""
            # An encoding that this Python does not know is not one of ours.
            with suppress(LookupError, ValueError):
                subject = str(make_header(decode_header(header)))
                found.append((part[0].split()[0].decode(), " ".join(subject.split())))
    return found
