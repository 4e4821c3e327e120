"""A real mailbox: Dovecot on the loopback, and a mail server that delivers into it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from mailbox import Maildir
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.ledger import free_port

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
#: Root starts it; mail belongs to this user, since Dovecot refuses that of root.
_OWNER = 65534
_CONFIGURATION = """
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner} home={folder}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@dataclass
class ImapServer:
    """The mailbox, and the port of the mail server that delivers into it."""

    folder: Path
    imap_port: int
    smtp_port: int
    #: False while the mail server accepts messages and loses them.
    delivers: bool = True

    @property
    def url(self) -> str:
        """The address of the mailbox."""
        return f"imap://canary%40court.example:secret@127.0.0.1:{self.imap_port}/INBOX"

    def messages(self) -> list[str]:
        """The subjects of the messages there."""
        return [str(one["Subject"]) for one in Maildir(self.folder / "mail", create=False)]

    def deliver(self, content: bytes) -> None:
        """Put a message into the mailbox."""
        box = Maildir(self.folder / "mail", create=False)
        key = box.add(content)
        for path in (self.folder / "mail").rglob(f"{key}*"):
            shutil.chown(path, _OWNER, _OWNER)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Accept a message, and deliver it unless it is lost."""
        if self.delivers:
            self.deliver(envelope.original_content or b"")
        return "250 OK"


@contextmanager
def running() -> Iterator[ImapServer]:
    """Start both servers, and stop them."""
    assert DOVECOT is not None
    folder = Path(tempfile.mkdtemp(prefix="ctc-imap-"))
    folder.chmod(0o755)
    server = ImapServer(folder, free_port(), free_port())
    Maildir(folder / "mail", create=True)
    for path in [folder / "mail", *(folder / "mail").iterdir()]:
        shutil.chown(path, _OWNER, _OWNER)
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, owner=_OWNER, port=server.imap_port), encoding="utf-8"
    )
    process = subprocess.Popen([DOVECOT, "-F", "-c", str(configuration)])
    controller = Controller(server, hostname="127.0.0.1", port=server.smtp_port)
    controller.start()
    try:
        _wait_for(server.imap_port)
        yield server
    finally:
        controller.stop()
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            if connection.recv(4) == b"* OK":
                return
        time.sleep(0.1)
    raise AssertionError("Dovecot did not start")
