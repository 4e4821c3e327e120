"""A provider of email and SMS on loopback, which records each call and each message before it answers.

It answers as Resend at `/emails` and as Twilio at `/2010-04-01/Accounts/<sid>/Messages.json`. A call is a
line of the ledger with `"what": "call"`; a message that it sent is a line with `"what": "effect"`. Resend
stores keys, so a repeated key is a second call without a second effect. Twilio has no keys.

As a separate process:

    python -m tests.provider --port 8025 --ledger calls.jsonl --control control.json

The control file is read when it changes. It sets the behavior of the next calls, then of all others:

    {"next": [{"status": 500}, {"hang": 3}], "always": {}, "keeps_keys": true}
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
class Behavior:
    """The behavior for one call; the defaults are those of a healthy provider.

    `status`, `headers` and `body`: the answer. `hang`: seconds before the answer. `reset`: no answer; the
    connection is reset after the request was read. `drip`: seconds between the bytes of the answer. `takes`:
    whether the message is accepted; by default it is, unless `status` is set. `to`: only for messages to this
    address.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | str = ""
    hang: float = 0.0
    reset: bool = False
    drip: float = 0.0
    takes: bool | None = None
    to: str = ""


HEALTHY = Behavior()


class Provider:
    """The provider's record of calls and messages, and its behavior, which tests set."""

    def __init__(self, file: Path, control: Path | None = None) -> None:
        self.file = file
        self._book = Book(file)
        self.port = 0
        #: For the next calls, one each; then `always`.
        self.next: list[Behavior] = []
        self.always = HEALTHY
        #: False: a repeated key sends a second message, as with a provider that forgot the key.
        self.keeps_keys = True
        self._control, self._read_at = control, 0
        self._lock = threading.Lock()
        # After a restart the keys are still known.
        self._kept = {str(one["key"]): one for one in self.effects() if one["provider"] == "resend"}

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def calls(self) -> list[dict[str, Any]]:
        """Every call, in order."""
        return [line for line in self._book.lines() if line["what"] == "call"]

    def effects(self) -> list[dict[str, Any]]:
        """Every message sent, in order."""
        return [line for line in self._book.lines() if line["what"] == "effect"]

    def keys(self) -> Counter[str]:
        """Count the messages by key."""
        return Counter(str(line["key"]) for line in self.effects())

    def next_behavior(self, message: dict[str, Any]) -> Behavior:
        """The behavior for this message."""
        with self._lock:
            self._reread()
            for place, behavior in enumerate(self.next):
                if not behavior.to or behavior.to in message["to"]:
                    return self.next.pop(place)
            return self.always

    def take(self, message: dict[str, Any]) -> str:
        """The id of the message, taken now or before under the same key; empty if the body differs."""
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
        """Record the call on disk."""
        with self._lock:
            append(self.file, {"what": "call", **message, "headers": headers, "at": time.time()})

    def _reread(self) -> None:
        if self._control is None or not self._control.exists():
            return
        changed = self._control.stat().st_mtime_ns
        if changed == self._read_at:
            return
        given = json.loads(self._control.read_text(encoding="utf-8"))
        self._read_at = changed
        self.next = [Behavior(**one) for one in given.get("next", [])]
        self.always = Behavior(**given.get("always", {}))
        self.keeps_keys = given.get("keeps_keys", True)


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
        """Ignore clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Record the call, take the message or not, and answer as the behavior says."""
        provider = self.server.provider
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        message = self._resend(body) if self.path == "/emails" else self._twilio(body)
        provider.called(message, {name.lower(): value for name, value in self.headers.items()})
        behavior = provider.next_behavior(message)
        takes = behavior.takes if behavior.takes is not None else not behavior.status
        ref = provider.take(message) if takes else ""
        time.sleep(behavior.hang)
        if behavior.reset:
            # Zero seconds to linger: the connection is reset, not closed.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        status, given = (
            (behavior.status, behavior.body) if behavior.status else _healthy_answer(message["provider"], ref)
        )
        self._answer(status, behavior, given if isinstance(given, str) else json.dumps(given))

    def _resend(self, body: str) -> dict[str, Any]:
        given = json.loads(body)
        return {
            "provider": "resend",
            "key": self.headers.get("Idempotency-Key", ""),
            "to": given["to"],
            "body": given,
        }

    def _twilio(self, body: str) -> dict[str, Any]:
        given = {name: values[-1] for name, values in parse_qs(body).items()}
        key = urlsplit(given.get("StatusCallback", "")).path.rstrip("/").rpartition("/")[2]
        return {"provider": "twilio", "key": key, "to": [given["To"]], "body": given}

    def _answer(self, status: int, behavior: Behavior, given: str) -> None:
        head = [
            f"HTTP/1.1 {status} Status",
            "Content-Type: application/json",
            f"Content-Length: {len(given)}",
        ]
        head += [f"{name}: {value}" for name, value in behavior.headers.items()]
        raw = ("\r\n".join([*head, "", ""]) + given).encode()
        for byte in raw if behavior.drip else [raw]:
            self.wfile.write(bytes([byte]) if isinstance(byte, int) else byte)
            time.sleep(behavior.drip)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


def _healthy_answer(provider: str, ref: str) -> tuple[int, dict[str, Any]]:
    """The answer of a provider that took the message, or that had another message under the key."""
    if not ref:
        return 409, {
            "name": "invalid_idempotent_request",
            "statusCode": 409,
            "message": "Another message has this key.",
        }
    if provider == "resend":
        return 200, {"id": ref}
    return 201, {"sid": ref, "status": "queued", "error_code": None}


@contextmanager
def running(file: Path, *, port: int = 0, control: Path | None = None) -> Iterator[Provider]:
    """Run the provider on a loopback port until the block ends."""
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
    """The body and headers of a Resend event about an email, such as `email.delivered`."""
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


def twilio_form(url: str, given: dict[str, str], *, token: str) -> tuple[bytes, dict[str, str]]:
    """The body and headers of a Twilio callback to `url`."""
    signed = url + "".join(f"{name}{given[name]}" for name in sorted(given))
    mark = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    return urlencode(given).encode(), {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": mark,
    }


def tell(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Post a callback to a running server; return the status."""
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def main() -> None:
    """Run until killed."""
    parser = argparse.ArgumentParser(description="A provider of email and SMS on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--control", type=Path)
    given = parser.parse_args()
    with running(given.ledger, port=given.port, control=given.control):
        threading.Event().wait()


if __name__ == "__main__":
    main()
