"""The mailbox to which canaries travel by real mail, read over IMAP."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from urllib.parse import unquote, urlsplit

#: Seconds to wait for the mail server.
TIMEOUT = 8.0
#: The most messages that one visit reads, the newest first.
MOST = 50
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

        Raises `MailboxError`.
        """
        try:
            session = self._session()
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(f"no connection: {type(error).__name__}") from None
        with session:
            try:
                return self._take(session, pattern)
            except (OSError, imaplib.IMAP4.error) as error:
                raise MailboxError(f"the connection broke: {type(error).__name__}") from None

    def _session(self) -> imaplib.IMAP4:
        if self.has_tls:
            return imaplib.IMAP4_SSL(self.host, self.port, timeout=TIMEOUT)
        return imaplib.IMAP4(self.host, self.port, timeout=TIMEOUT)

    def _take(self, session: imaplib.IMAP4, pattern: re.Pattern[str]) -> list[str]:
        try:
            session.login(self.user, self.password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise MailboxError("the server refuses the sign-in") from None
        if session.select(f'"{self.folder}"')[0] != _OK:
            raise MailboxError("the folder cannot be opened")
        taken = []
        for number, subject in _subjects(session):
            if found := pattern.search(subject):
                taken.append(found[0])
                session.store(number, "+FLAGS", "(\\Deleted)")
        if taken:
            session.expunge()
        return taken


def _subjects(session: imaplib.IMAP4) -> Iterator[tuple[str, str]]:
    """Yield number and subject of the newest messages."""
    _, found = session.search(None, "UNDELETED")
    numbers = (found[0] or b"").split()[-MOST:]
    for number in numbers:
        _, parts = session.fetch(number.decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        for part in parts:
            if isinstance(part, tuple):
                header = message_from_bytes(part[1])["Subject"] or ""
                # An encoding that this Python does not know is not one of ours.
                try:
                    subject = str(make_header(decode_header(header)))
                except (LookupError, ValueError):
                    continue
                yield number.decode(), " ".join(subject.split())
