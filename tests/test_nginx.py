"""`deploy/nginx.conf`: nginx accepts it, and requests go through it as its comments promise."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ledger import free_port

ROOT = Path(__file__).resolve().parent.parent
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NAME = "orders.example.gov"

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")


@dataclass
class Site:
    """The proxy, and what the application behind it received."""

    folder: Path
    port: int
    plain_port: int
    requests: list[dict[str, str]] = field(default_factory=list)

    def ask(
        self, path: str, *, method: str = "GET", body: bytes = b"", headers: dict[str, str] | None = None
    ) -> int:
        """Send a request through the proxy; return the status of the response."""
        request = [f"{method} {path} HTTP/1.1", f"Host: {NAME}", f"Content-Length: {len(body)}"]
        request += [f"{name}: {value}" for name, value in (headers or {}).items()]
        with self.connect() as sock:
            sock.sendall("\r\n".join([*request, "Connection: close", "", ""]).encode())
            # The proxy may answer a body that is too long before it has it all.
            with suppress(OSError):
                sock.sendall(body)
            return status_of(sock)

    def connect(self, **options: ssl.TLSVersion) -> ssl.SSLSocket:
        """Open a connection."""
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        for name, value in options.items():
            setattr(context, name, value)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        try:
            return context.wrap_socket(plain, server_hostname=NAME)
        except ssl.SSLError:
            plain.close()
            raise


def status_of(sock: ssl.SSLSocket) -> int:
    """Read a response; return its status."""
    with http.client.HTTPResponse(sock) as response:
        response.begin()
        response.read()
        return response.status


def configuration(folder: Path, ports: dict[str, str]) -> str:
    """The file of the repository, with ports and folders of the test."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for found, given in {
        "/etc/ssl/ctcompliance": str(folder),
        "/run/nginx.pid": str(folder / "nginx.pid"),
        "/var/log/nginx/error.log": str(folder / "error.log"),
        **ports,
    }.items():
        assert found in text
        text = text.replace(found, given)
    return text


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"),
            *("-keyout", "key.pem", "-out", "fullchain.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    found = Site(folder, free_port(), free_port())

    class Application(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            read = len(self.rfile.read(length))
            found.requests.append({**dict(self.headers), "path": self.path, "read": str(read)})
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_POST = do_PUT = do_GET

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    ports = {
        "127.0.0.1:8000": f"127.0.0.1:{server.server_port}",
        "listen 80 ": f"listen 127.0.0.1:{found.plain_port} ",
        "listen 443 ": f"listen 127.0.0.1:{found.port} ",
    }
    (folder / "nginx.conf").write_text(configuration(folder, ports))
    # Root's home of the tests is closed to the user of nginx.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    command = [
        str(NGINX),
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "error.log"),
    ]
    subprocess.run([*command, *user, "-t"], check=True, capture_output=True)
    directives = " ".join(["daemon off;", *user[1:]])
    process = subprocess.Popen([*command, "-g", directives])
    try:
        _wait_for(found.port)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=10)
        server.shutdown()
        thread.join()
        server.server_close()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("nginx did not start")


def test_a_request_goes_through_with_one_address_of_the_caller(site: Site) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.1", "X-Forwarded-Proto": "http"}

    assert site.ask("/healthz", headers=headers) == 200

    passed = site.requests[-1]
    assert passed["X-Forwarded-For"] == "127.0.0.1"
    assert passed["X-Forwarded-Proto"] == "https"
    assert passed["Host"] == NAME


def test_the_application_gets_a_slow_request_only_when_it_is_whole(site: Site) -> None:
    before = len(site.requests)
    with site.connect() as sock:
        sock.sendall(f"POST /slow HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 8\r\n\r\nabcd".encode())
        time.sleep(0.5)
        assert len(site.requests) == before, "its thread is free"

        sock.sendall(b"efgh")
        assert status_of(sock) == 200
    assert site.requests[-1]["read"] == "8"


def test_a_body_is_as_long_as_the_application_takes(site: Site) -> None:
    assert site.ask("/api/v1/orders", method="POST", body=b"x" * 1024 * 1024) == 200
    assert site.ask("/api/v1/orders", method="POST", body=b"x" * (1024 * 1024 + 1)) == 413
    path = "/api/v1/imports/6f9619ff-8b86-4011-b42d-00cf4fc964ff/files/orders"
    assert site.ask(path, method="PUT", body=b"x" * 3 * 1024 * 1024) == 200


def test_nothing_of_a_request_is_on_disk(site: Site) -> None:
    site.ask("/calendar/a-secret-key.ics")
    site.ask("/api/v1/orders", method="POST", body=b"Quillfeather" * 50_000)

    written = [path for path in site.folder.rglob("*") if path.is_file()]
    assert not [path for path in written if b"a-secret-key" in path.read_bytes()]
    assert not [path for path in written if b"Quillfeather" in path.read_bytes()]


def test_the_metrics_are_not_public(site: Site) -> None:
    before = len(site.requests)

    assert site.ask("/metrics") == 404
    assert len(site.requests) == before


def test_old_tls_is_refused(site: Site) -> None:
    old = {"minimum_version": ssl.TLSVersion.TLSv1, "maximum_version": ssl.TLSVersion.TLSv1_1}
    with warnings.catch_warnings(action="ignore"), pytest.raises(ssl.SSLError):
        site.connect(**old)
    site.connect(minimum_version=ssl.TLSVersion.TLSv1_3).close()


def test_plain_http_leads_to_https(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.plain_port, timeout=10)
    connection.request("GET", "/orders/", headers={"Host": NAME})
    response = connection.getresponse()
    response.read()
    connection.close()

    assert (response.status, response.headers["Location"]) == (301, f"https://{NAME}/orders/")


def test_many_sign_ins_from_one_address_are_slowed(site: Site) -> None:
    answers = [site.ask("/sign-in/", method="POST") for _ in range(45)]

    assert answers[0] == 200
    assert 429 in answers
    assert site.ask("/healthz") == 200, "other pages are not"
