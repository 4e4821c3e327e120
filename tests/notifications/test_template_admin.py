"""Messages at the admin site: read with their history, looked at before they are stored, never changed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AgencyKind, AuditAction, AuditEntry, Role, User
from notifications.models import Alert, MessageTemplate
from notifications.services.delivery.templates import Wordings, add_wording, messages, parts_of, preview
from notifications.services.firing.fire import Firer
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

LIST = "/admin/notifications/messagetemplate/"
EMAIL = f"{LIST}notice/email/"
SMS = f"{LIST}notice/sms/"


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def desk(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def previewed(desk: Client, address: str, given: dict[str, Any]) -> str:
    """The page that shows the typed wording as it will be."""
    response = desk.post(address, given)
    assert response.status_code == 200
    return response.content.decode()


def stored(desk: Client, address: str, given: dict[str, Any]) -> str:
    """The page after the wording was previewed and saved."""
    found = re.search(r'name="previewed" value="(\w+)"', previewed(desk, address, given))
    assert found
    return desk.post(
        address, given | {"previewed": found[1], "store": "Save and put in force"}, follow=True
    ).content.decode()


def test_the_list_has_every_message_and_the_version_in_force(desk: Client) -> None:
    add_wording(("notice", "email", "es"), subject="Aviso", body="{link}", by=None, now=NOW)

    page = desk.get(LIST).content.decode()

    for name, channel in messages():
        assert f'href="{LIST}{name}/{channel}/"' in page
    assert len(re.findall(r"Version \d+, shipped", page)) == 2 * len(messages()) - 1
    assert "Version 2, Fri, Dec 4, 2026" in page


def test_a_message_shows_both_languages_and_every_wording_with_who_and_when(
    desk: Client, administrator: User
) -> None:
    add_wording(
        ("notice", "email", "en"), subject="Please look", body="See {link}", by=administrator, now=NOW
    )

    page = desk.get(EMAIL).content.decode()

    for said in (
        "English",
        "Español",
        "Please look",
        f"See {settings.BASE_URL}/n/",
        "Tiene un aviso por leer",
        "notice.email.en/2",
        "Fri, Dec 4, 2026, 4:00 p.m.",
        administrator.name,
        "notice.email.en/1",
        "A notice is waiting for you.",
        "notice.email.es/1",
        "The project",
    ):
        assert said in page
    assert page.index("notice.email.en/2") < page.index("notice.email.en/1")


def test_a_new_wording_is_previewed_and_then_in_force(desk: Client, administrator: User) -> None:
    given = {"subject": "Please look", "body": "Please look here:\r\n\r\n{link}\r\n"}

    shown = previewed(desk, f"{EMAIL}en/", given)
    assert f"Please look here:\n\n{settings.BASE_URL}/n/" in shown
    assert "Tiene un aviso por leer" in shown, "beside the other language"
    assert not MessageTemplate.objects.exists()
    page = stored(desk, f"{EMAIL}en/", given)

    assert "Now in force: notice.email.en/2." in page
    wording = MessageTemplate.objects.get()
    assert (wording.subject, wording.body) == ("Please look", "Please look here:\n\n{link}")
    assert (wording.version, wording.created_by) == (2, administrator)
    assert Wordings().in_force(("notice", "email", "en")) == wording
    (entry,) = AuditEntry.objects.all()
    assert (entry.action, entry.detail) == (
        AuditAction.DIRECTORY_CHANGED,
        {"kind": "wording", "name": "notice.email.en/2"},
    )


def test_what_was_not_previewed_is_not_stored(desk: Client) -> None:
    given = {"subject": "Please look", "body": "{link}"}
    found = re.search(r'name="previewed" value="(\w+)"', previewed(desk, f"{EMAIL}en/", given))
    assert found

    for sent in (
        given | {"store": "Save and put in force"},
        given | {"store": "Save and put in force", "previewed": found[1], "body": "Go to {link}"},
    ):
        assert "Save and put in force" in previewed(desk, f"{EMAIL}en/", sent)

    assert not MessageTemplate.objects.exists()


def test_the_form_begins_from_the_wording_in_force_and_names_the_fields(desk: Client) -> None:
    page = desk.get(f"{SMS}es/").content.decode()

    assert "Tiene un aviso por leer. Responda {code}" in page
    assert "Fields: {link}, {code}" in page
    assert 'name="subject"' not in page


@pytest.mark.parametrize(
    ("address", "given", "field", "said"),
    [
        (
            f"{EMAIL}en/",
            {"subject": "Court", "body": "{link}"},
            "subject",
            "“court” would reveal the subject",
        ),
        (f"{EMAIL}en/", {"subject": "Hello", "body": "{docket} {link}"}, "body", "Use {link}."),
        (f"{EMAIL}es/", {"subject": "", "body": "{link}"}, "subject", "Enter a subject."),
        (f"{EMAIL}es/", {"subject": "Hola", "body": ""}, "body", "Enter a text."),
        (f"{EMAIL}es/", {"subject": "Hola", "body": "{link"}, "body", "A brace is missing or extra"),
        (f"{SMS}en/", {"body": "{link} " + "x" * 180}, "body", "Shorten it."),
    ],
)
def test_a_revealing_wording_is_refused_at_its_field(
    desk: Client, *, address: str, given: dict[str, str], field: str, said: str
) -> None:
    response = desk.post(address, given)

    assert list(response.context["form"].errors) == [field]
    assert said in response.context["form"].errors[field][0]
    assert "Save and put in force" not in response.content.decode()
    assert desk.post(address, given | {"store": "x", "previewed": "x"}).status_code == 200
    assert not MessageTemplate.objects.exists()


def test_a_text_message_is_shown_with_its_length_and_parts(desk: Client) -> None:
    body = "Look: {link}"
    written = preview(("notice", "sms", "en"), subject="", body=body).body

    page = previewed(desk, f"{SMS}en/", {"body": body})

    assert f"{len(written)} characters, sent in 1 part<" in page


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 81, 2),
        ("á" * 70, 1),
        ("á" * 71, 2),
    ],
)
def test_parts_are_counted_as_networks_count_them(text: str, parts: int) -> None:
    assert parts_of(text) == parts


def test_two_who_write_at_once_get_one_version_each(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"subject": "Please look", "body": "{link}"}
    behind = Wordings()
    stored(desk, f"{EMAIL}en/", given)
    monkeypatch.setattr("notifications.services.delivery.templates.Wordings", lambda: behind)

    page = stored(desk, f"{EMAIL}en/", given | {"subject": "Another"})

    assert "Another administrator just added a version." in page
    assert MessageTemplate.objects.get().subject == "Please look"


def test_a_stored_wording_that_cannot_be_written_is_shown_as_broken(desk: Client) -> None:
    MessageTemplate.objects.create(
        name="notice", channel="email", language="en", version=2, subject="x", body="{link", created_at=NOW
    )

    assert "This wording cannot be rendered" in desk.get(EMAIL).content.decode()


@pytest.mark.parametrize(
    "address", [f"{LIST}notice/fax/", f"{LIST}what/email/", f"{EMAIL}fr/", f"{LIST}1/change/"]
)
def test_there_is_nothing_else(desk: Client, address: str) -> None:
    assert desk.get(address).status_code == 404
    assert desk.post(address, {"post": "yes"}).status_code == 404


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR])
@pytest.mark.parametrize("address", [LIST, EMAIL, f"{EMAIL}en/"])
def test_no_other_role_reads_or_adds_them(role: Role, address: str) -> None:
    client = Client()
    client.force_login(make.person(role, make.agency(AgencyKind.COURT) if role == Role.CLERK else None))

    assert client.get(address).status_code == 403


def test_an_alert_shows_the_wording_that_it_was_sent_in_and_its_text() -> None:
    court = make.agency(AgencyKind.COURT)
    clerk = make.person(Role.CLERK, court)
    for _ in range(2):
        make.served_order(court=court)
    Firer("test").fire(now=NOW + timedelta(hours=23))
    add_wording(("notice", "email", "en"), subject="Please look", body="Own words {link}", by=None, now=NOW)
    older, newer = Alert.objects.filter(recipient=clerk).order_by("id")[:2]
    for alert, label in ((older, "notice.email.en/1"), (newer, "notice.email.en/2")):
        Alert.objects.filter(pk=alert.pk).update(template=label, first_sent_at=NOW)
    client = Client()
    client.force_login(clerk)
    client.get("/admin/notifications/alert/")

    with CaptureQueriesContext(connection) as captured:
        page = client.get("/admin/notifications/alert/").content.decode()

    assert "One notice by email, version 1</summary><pre>A notice is waiting for you." in page
    assert "One notice by email, version 2</summary><pre>Own words {link}" in page
    assert "notice.email" not in page
    assert "Not sent" in page
    assert sum("messagetemplate" in one["sql"] for one in captured) == 1
