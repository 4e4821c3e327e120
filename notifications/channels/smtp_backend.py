"""Django's SMTP backend, with a limit on the whole time of each answer, and with more patience for the last.

`smtplib` waits its timeout for each piece that arrives, so a server that sends a byte now and then would hold
a sender for good. Here a connection and each answer have one limit in all.
"""

from __future__ import annotations

import io
import smtplib
import socket
import time
from collections.abc import Callable
from typing import Any

from django.core.mail.backends.smtp import EmailBackend
from typing_extensions import override

from notifications.channels.bounded_socket import resolve

#: Seconds to wait for the answer after the message was sent. If they are too few, a message that the server
#: accepts later is in doubt. Less than a lease, which begins again with each part.
ANSWER_WITHIN = 40.0
#: Seconds for a connection and each answer without a setting.
DEFAULT_TIMEOUT = 10.0
#: Seconds to wait for the farewell. By then every message is answered, and others wait.
FAREWELL_WITHIN = 1.0
#: The most bytes of one answer, of however many lines.
MOST_BYTES = 64 * 1024

#: What a server answers to DATA to ask for the message, and after it.
_SEND_IT, _TAKEN = 354, 250
_ACCEPTING, _REFUSING = range(200, 300), range(400, 600)


class UnclearReplyError(smtplib.SMTPException):
    """After the message the server answered something that neither accepts nor refuses it."""


class _TimedReader(io.RawIOBase):
    """Reads from a socket until the time is over, or the answer is too long.

    `begin` begins the next answer.
    """

    def __init__(self, source: socket.socket, left: Callable[[], float]) -> None:
        self._socket, self._left, self._read = source, left, 0

    def begin(self) -> None:
        """Count the bytes of the next answer."""
        self._read = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any) -> int:
        """Raises `TimeoutError` when the time is over, `ConnectionAbortedError` past `MOST_BYTES`."""
        if self._read >= MOST_BYTES:
            raise ConnectionAbortedError
        before = self._socket.gettimeout()
        self._socket.settimeout(self._left())
        try:
            read = self._socket.recv_into(buffer)
            self._read += read
            return read
        finally:
            if self._socket.fileno() >= 0:
                self._socket.settimeout(before)


class BoundedSmtp(smtplib.SMTP):
    """A session in which no answer takes longer than its time, and which knows if the message left."""

    #: True from when the server asks for the message until it answers: it may have accepted it.
    is_message_out = False
    _ends = 0.0
    _reader: _TimedReader | None = None
    _within: float | None = None

    def _seconds(self) -> float:
        return float(getattr(self, "timeout", None) or DEFAULT_TIMEOUT)

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect within `timeout` seconds in all, however many addresses the host has."""
        self._ends = time.monotonic() + self._seconds()
        error: OSError = socket.gaierror("unknown host")
        for address in resolve(host, port, self._seconds()):
            try:
                found = socket.create_connection((str(address), port), self._left(), self.source_address)
            except OSError as failure:
                error = failure
            else:
                found.settimeout(self._seconds())
                return found
        raise error

    @override
    def getreply(self) -> tuple[int, bytes]:
        """Return the answer."""
        self._ends = time.monotonic() + (self._within or self._seconds())
        if self.file is None and self.sock is not None:
            self._reader = _TimedReader(self.sock, self._left)
            self.file = io.BufferedReader(self._reader)
        if self._reader is not None:
            self._reader.begin()
        code, text = super().getreply()
        self.is_message_out = code == _SEND_IT
        return code, text

    @override
    def quit(self) -> tuple[int, bytes]:
        """End the session, and wait only a moment for the answer."""
        self._within = FAREWELL_WITHIN
        try:
            return super().quit()
        finally:
            self._within = None
            self.close()

    @override
    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the message; return the answer. Raises `UnclearReplyError` if that decides nothing."""
        self._within = ANSWER_WITHIN
        try:
            code, text = super().data(msg)
        except smtplib.SMTPDataError:
            # The server refused the command, and did not ask for the message.
            raise
        except smtplib.SMTPResponseException as error:
            raise UnclearReplyError from error
        finally:
            self._within = None
        if code in _ACCEPTING:
            return _TAKEN, text
        if code not in _REFUSING:
            self.is_message_out = True
            raise UnclearReplyError
        return code, text


class _BoundedSmtpOverTls(smtplib.SMTP_SSL, BoundedSmtp):
    """The same over TLS."""


class PatientBackend(EmailBackend):
    """The backend with limits, and with patience."""

    @property
    @override
    def connection_class(self) -> type[smtplib.SMTP]:
        return _BoundedSmtpOverTls if self.use_ssl else BoundedSmtp
