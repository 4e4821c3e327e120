"""A provider of email and SMS on loopback, which writes each call and each message down before it answers.

It speaks as Resend at `/emails` and as Twilio at `/2010-04-01/Accounts/<sid>/Messages.json`. A call is a line
of the ledger with `"what": "call"`; what it brought about, if anything, is one with `"what": "effect"`.
Resend keeps keys, so that a repeated key is a second call and no second effect; Twilio does not know them.

As a process of its own, to be killed or outlive others:

    python -m tests.provider --port 8025 --ledger calls.jsonl --control control.json

The control file is read when it changes, and says how the next calls are met, then all others:

    {"acts": [{"status": 500}, {"hang": 3}], "always": {}, "keeps_keys": true}
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from typing_extensions import override

from tests.ledger import Book, append


@dataclass(frozen=True, kw_only=True)
class Act:
    """How one call is met; as it stands, like a provider that is well.

    `status`, `headers` and `body`: answered instead. `hang`: seconds before the answer. `reset`: no answer,
    the line is reset after the request was read. `drip`: seconds between the bytes of the answer. `takes`:
    whether the message is taken; where nothing is said, it is unless another status is answered. `to`: only
    a message to that address is met so.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | str = ""
    hang: float = 0.0
    reset: bool = False
    drip: float = 0.0
    takes: bool | None = None
    to: str = ""


WELL = Act()


class Provider:
    """What it was asked, what it did, and how it behaves. Tests set the latter."""

    def __init__(self, file: Path, control: Path | None = None) -> None:
        self.file = file
        self._book = Book(file)
        self.port = 0
        #: Used up one by one; then `always`.
        self.acts: list[Act] = []
        self.always = WELL
        #: Whether a repeated key is a second message, as with a provider that forgot.
        self.keeps_keys = True
        self._control, self._read_at = control, 0
        self._lock = threading.Lock()
        # A provider that was killed and started again remembers.
        self._kept = {str(one["key"]): one for one in self.effects() if one["provider"] == "resend"}

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def calls(self) -> list[dict[str, Any]]:
        """Every call, in order."""
        return [line for line in self._book.lines() if line["what"] == "call"]

    def effects(self) -> list[dict[str, Any]]:
        """Every message that somebody was sent, in order."""
        return [line for line in self._book.lines() if line["what"] == "effect"]

    def keys(self) -> Counter[str]:
        """How often somebody was sent the message with each key."""
        return Counter(str(line["key"]) for line in self.effects())

    def next_act(self, message: dict[str, Any]) -> Act:
        """How the next call is met, which is for this message."""
        with self._lock:
            self._reread()
            for place, act in enumerate(self.acts):
                if not act.to or act.to in message["to"]:
                    return self.acts.pop(place)
            return self.always

    def take(self, message: dict[str, Any]) -> str:
        """The provider's id of the message, taken now or under the same key before; empty for other words."""
        with self._lock:
            has_keys = message["provider"] == "resend"
            kept = self._kept.get(message["key"]) if has_keys and self.keeps_keys else None
            if kept:
                return str(kept["ref"]) if kept["body"] == message["body"] else ""
            ref = str(uuid4()) if has_keys else f"SM{uuid4().hex}"
            if has_keys:
                self._kept[message["key"]] = message | {"ref": ref}
            append(self.file, {"what": "effect", **message, "ref": ref, "at": time.time()})
            return ref

    def called(self, message: dict[str, Any], headers: dict[str, str]) -> None:
        """The call is on the disk."""
        with self._lock:
            append(self.file, {"what": "call", **message, "headers": headers, "at": time.time()})

    def _reread(self) -> None:
        if self._control is None or not self._control.exists():
            return
        changed = self._control.stat().st_mtime_ns
        if changed == self._read_at:
            return
        said = json.loads(self._control.read_text(encoding="utf-8"))
        self._read_at = changed
        self.acts = [Act(**one) for one in said.get("acts", [])]
        self.always = Act(**said.get("always", {}))
        self.keeps_keys = said.get("keeps_keys", True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, provider: Provider, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.provider = provider
        provider.port = self.server_port

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hung up, hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Writes it down, takes the message or not, and answers as it was told to."""
        provider = self.server.provider
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        message = self._resend(body) if self.path == "/emails" else self._twilio(body)
        provider.called(message, {name.lower(): value for name, value in self.headers.items()})
        act = provider.next_act(message)
        takes = act.takes if act.takes is not None else not act.status
        ref = provider.take(message) if takes else ""
        time.sleep(act.hang)
        if act.reset:
            # Zero seconds to linger: the line is reset, not closed.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        status, said = (act.status, act.body) if act.status else _well(message["provider"], ref)
        self._answer(status, act, said if isinstance(said, str) else json.dumps(said))

    def _resend(self, body: str) -> dict[str, Any]:
        said = json.loads(body)
        return {
            "provider": "resend",
            "key": self.headers.get("Idempotency-Key", ""),
            "to": said["to"],
            "body": said,
        }

    def _twilio(self, body: str) -> dict[str, Any]:
        said = {name: values[-1] for name, values in parse_qs(body).items()}
        key = urlsplit(said.get("StatusCallback", "")).path.rstrip("/").rpartition("/")[2]
        return {"provider": "twilio", "key": key, "to": [said["To"]], "body": said}

    def _answer(self, status: int, act: Act, said: str) -> None:
        head = [f"HTTP/1.1 {status} Said", "Content-Type: application/json", f"Content-Length: {len(said)}"]
        head += [f"{name}: {value}" for name, value in act.headers.items()]
        raw = ("\r\n".join([*head, "", ""]) + said).encode()
        for byte in raw if act.drip else [raw]:
            self.wfile.write(bytes([byte]) if isinstance(byte, int) else byte)
            time.sleep(act.drip)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def _well(provider: str, ref: str) -> tuple[int, dict[str, Any]]:
    """What a provider answers that took the message, or had taken other words under its key."""
    if not ref:
        return 409, {"name": "invalid_idempotent_request", "statusCode": 409, "message": "Other words."}
    if provider == "resend":
        return 200, {"id": ref}
    return 201, {"sid": ref, "status": "queued", "error_code": None}


@contextmanager
def running(file: Path, *, port: int = 0, control: Path | None = None) -> Iterator[Provider]:
    """The provider on a port of the loopback, until the block ends."""
    provider = Provider(file, control)
    server = _Server(provider, port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def resend_event(
    kind: str,
    *,
    ref: str,
    key: str = "",
    secret: str,
    at: float | None = None,
    event: str = "",
    **data: Any,
) -> tuple[bytes, dict[str, str]]:
    """The body and the headers with which Resend tells of an email: `email.delivered` and the like."""
    headers = [{"name": "X-Metadata", "value": json.dumps({"key": key})}] if key else []
    facts = {"email_id": ref, "to": ["nobody@orders.example"], "headers": headers, **data}
    body = json.dumps({"type": kind, "created_at": "2026-11-22T12:00:00.000Z", "data": facts})
    id_, stamp = event or f"msg_{uuid4().hex}", str(int(time.time() if at is None else at))
    signed = hmac.new(
        base64.b64decode(secret.removeprefix("whsec_")), f"{id_}.{stamp}.{body}".encode(), hashlib.sha256
    ).digest()
    return body.encode(), {
        "Content-Type": "application/json",
        "svix-id": id_,
        "svix-timestamp": stamp,
        "svix-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def twilio_form(url: str, said: dict[str, str], *, token: str) -> tuple[bytes, dict[str, str]]:
    """The body and the headers with which Twilio tells something at `url`."""
    signed = url + "".join(f"{name}{said[name]}" for name in sorted(said))
    mark = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    return urlencode(said).encode(), {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": mark,
    }


def tell(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status with which a running server answers a callback."""
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def main() -> None:
    """Runs until it is killed."""
    parser = argparse.ArgumentParser(description="A provider of email and SMS on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--control", type=Path)
    given = parser.parse_args()
    with running(given.ledger, port=given.port, control=given.control):
        threading.Event().wait()


if __name__ == "__main__":
    main()
