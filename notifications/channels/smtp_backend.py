"""Django's SMTP backend, with more patience for a server that takes long to accept a message."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.mail.backends.smtp import EmailBackend
from typing_extensions import override

#: Seconds to wait for the answer after the message was sent. If they are too few, a message that the server
#: accepts later is in doubt. Less than a lease, which begins again with each part.
ANSWER_WITHIN = 40.0


@contextmanager
def _patience(session: smtplib.SMTP) -> Iterator[None]:
    """Wait longer for the server's answers inside the block."""
    sock: socket.socket | None = session.sock
    before = sock.gettimeout() if sock is not None else None
    if sock is not None:
        sock.settimeout(ANSWER_WITHIN)
    try:
        yield
    finally:
        if sock is not None and sock.fileno() >= 0:
            sock.settimeout(before)


class _Smtp(smtplib.SMTP):
    @override
    def data(self, msg: Any) -> Any:
        with _patience(self):
            return super().data(msg)


class _SmtpOverTls(smtplib.SMTP_SSL):
    @override
    def data(self, msg: Any) -> Any:
        with _patience(self):
            return super().data(msg)


class PatientBackend(EmailBackend):
    """The backend with patience."""

    @property
    @override
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SmtpOverTls if self.use_ssl else _Smtp
