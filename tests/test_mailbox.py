"""The mailbox of the demonstration: newest first, quick however full, harmless whatever is in it."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings as project
from django.test import Client
from pytest_django import Settings

from ctcompliance import mailbox

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not project.IS_LOCAL, reason="there is a mailbox on the embedded database only"),
]


@pytest.fixture
def received(tmp_path: Path, settings: Settings) -> Path:
    """Where the catcher would put messages."""
    settings.LOCAL_DIR = tmp_path
    folder = tmp_path / "mailbox" / "new"
    folder.mkdir(parents=True)
    return folder


def put(
    folder: Path, second: int, subject: str = "Notice", body: str = "Text", kind: str = "text/plain"
) -> str:
    """A message as the catcher stores it: its key."""
    key = f"{second}.M25P7Q1.host"
    (folder / key).write_bytes(
        f"From: a@example.org\r\nTo: b@example.org\r\nSubject: {subject}\r\n"
        f"Content-Type: {kind}\r\n\r\n{body}\r\n".encode()
    )
    return key


def test_newest_message_is_first(client: Client, received: Path) -> None:
    for second, subject in ((9, "third"), (100, "first"), (20, "second")):
        put(received, second, subject)

    page = client.get("/mailbox/").content.decode()

    assert re.findall(r">(first|second|third)<", page) == ["first", "second", "third"]


def test_page_asks_again_only_when_it_is_the_first(client: Client, received: Path) -> None:
    for second in range(60):
        put(received, second)

    assert client.get("/mailbox/").headers["Refresh"] == "5"
    assert "Refresh" not in client.get("/mailbox/?page=2").headers


def test_only_the_shown_messages_are_opened_when_there_are_ten_thousand(
    client: Client, received: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in range(10_000):
        put(received, second, subject=f"number {second}")
    opened: list[Path] = []
    read = mailbox.headers

    def counted(file: Path) -> EmailMessage:
        opened.append(file)
        return read(file)

    monkeypatch.setattr(mailbox, "headers", counted)

    page = client.get("/mailbox/?page=200").content.decode()

    assert len(opened) == 50
    assert "number 0<" in page
    assert "Page 200 of 200" in page


def test_message_is_text_with_links(client: Client, received: Path) -> None:
    key = put(received, 1, body="Open https://orders.example/alerts/1 <script>alert(1)</script>")

    page = client.get(f"/mailbox/{key}/").content.decode()

    assert 'href="https://orders.example/alerts/1"' in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("kind", "body", "seen"),
    [
        ("text/html", "<p>bold</p>", "&lt;p&gt;bold"),
        ("text/plain; charset=klingon", "plain", "plain"),
        ("multipart/mixed; boundary=x", "no part", ""),
        ("application/pdf", "%PDF", ""),
    ],
)
def test_strange_message_is_shown_as_far_as_it_goes(
    client: Client, received: Path, kind: str, body: str, seen: str
) -> None:
    key = put(received, 1, kind=kind, body=body)

    assert client.get("/mailbox/").status_code == 200
    answer = client.get(f"/mailbox/{key}/")

    assert answer.status_code == 200
    assert seen in answer.content.decode()


@pytest.mark.parametrize(
    "key", ["..", "1.M1P1Q1.gone", "%2e%2e%2fsecret", "1.M1P1Q1..%2f..%2fsecret", "anything"]
)
def test_nothing_is_found_when_the_key_is_no_message(client: Client, received: Path, key: str) -> None:
    (received.parent.parent / "secret").write_text("Subject: secret\r\n\r\nsecret")

    assert client.get(f"/mailbox/{key}/").status_code == 404


def test_mailbox_is_empty_when_no_catcher_has_run(client: Client, tmp_path: Path, settings: Settings) -> None:
    settings.LOCAL_DIR = tmp_path

    assert "There is no message yet" in client.get("/mailbox/").content.decode()


@pytest.mark.parametrize("address", ["/mailbox/", "/mailbox/1.M25P7Q1.host/"])
def test_there_is_no_mailbox_when_the_database_is_named(
    client: Client, received: Path, settings: Settings, address: str
) -> None:
    put(received, 1)
    settings.IS_LOCAL = False

    assert client.get(address).status_code == 404
