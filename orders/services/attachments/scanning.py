"""Scan a file for viruses with a clamd, where one is configured (`CTC_CLAMD`)."""

from __future__ import annotations

import logging
import socket
import struct
from contextlib import ExitStack, closing

from django.conf import settings

from orders.errors import InvalidFact
from orders.models import ScanResult

logger = logging.getLogger(__name__)

#: Seconds to wait for the scanner.
_PATIENCE = 30
_CHUNK = 64 * 1024


def scan_file(content: bytes) -> ScanResult:
    """Return the result for a file that may be stored. Raises `InvalidFact` for a virus.

    A scanner that is configured and does not answer stops the upload: a file must not pass because of that.
    """
    if not settings.CLAMD:
        return ScanResult.NOT_SCANNED
    try:
        answer = _ask(settings.CLAMD, content)
    except OSError as error:
        logger.error("virus scanner: no answer: %s", type(error).__name__)
        raise _down() from None
    if answer.endswith(" OK"):
        return ScanResult.CLEAN
    if answer.endswith(" FOUND"):
        raise InvalidFact("file", "virus", "The file has a virus and was not stored. Use another file.")
    logger.error("virus scanner: it refused the file")
    raise _down()


def _down() -> InvalidFact:
    return InvalidFact(
        "file", "not_scanned", "The virus scanner does not answer, so nothing was stored. Try again later."
    )


def _ask(address: str, content: bytes) -> str:
    """Send the content with the command INSTREAM of clamd, and return its answer. Raises `OSError`."""
    with closing(_connected(address)) as link:
        link.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), _CHUNK):
            part = content[start : start + _CHUNK]
            link.sendall(struct.pack("!I", len(part)) + part)
        link.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0"):
            got = link.recv(_CHUNK)
            if not got:
                break
            answer += got
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _connected(address: str) -> socket.socket:
    if address.startswith("unix:"):
        with ExitStack() as failed:
            link = failed.enter_context(closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)))
            link.settimeout(_PATIENCE)
            link.connect(address.removeprefix("unix:"))
            failed.pop_all()
        return link
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE)
