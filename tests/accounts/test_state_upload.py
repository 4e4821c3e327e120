"""An administrator loads a state's file in the admin: checked first, shown, then stored as a whole."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.admin.state_file import LARGEST
from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, Role, Town, User
from accounts.services.agencies.state_file import EXAMPLE
from tests import make

pytestmark = pytest.mark.django_db

PAGE = "/admin/accounts/agency/load-state/"


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def send(desk: Client, content: str | bytes) -> str:
    """Send a file, and return what the page shows."""
    raw = content.encode() if isinstance(content, str) else content
    answer = desk.post(PAGE, {"file": SimpleUploadedFile("vermont.toml", raw)})
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def hidden(page: str) -> dict[str, str]:
    """The values that the button “Load” sends."""
    found = {name: re.search(rf'name="{name}" value="(.*?)"', page, re.DOTALL) for name in ("text", "shown")}
    return {name: match[1] for name, match in found.items() if match}


def checked(desk: Client, content: str) -> dict[str, str]:
    answer = desk.post(PAGE, {"file": SimpleUploadedFile("vermont.toml", content.encode())})
    return {name: unescape(value) for name, value in hidden(answer.content.decode()).items()}


def stored() -> int:
    return (
        Agency.objects.filter(jurisdiction="us_vt").count()
        + Town.objects.filter(jurisdiction="us_vt").count()
    )


def test_a_file_is_shown_then_loaded_and_on_record(desk: Client, administrator: User) -> None:
    page = send(desk, EXAMPLE)

    assert "Vermont: 5 rows will be added or changed" in page
    assert "place “Wilder, Vermont”: added" in page
    assert stored() == 0
    answer: Any = desk.post(PAGE, checked(desk, EXAMPLE), follow=True)
    assert "Vermont is loaded: 5 added or changed." in answer.content.decode()
    assert stored() == 5
    entry = AuditEntry.objects.get(action=AuditAction.DIRECTORY_CHANGED)
    assert (entry.actor, entry.entry_point) == (administrator, "admin")
    assert entry.detail == {"kind": "state file", "name": "Vermont", "rows": 5}
    assert "There is nothing to load: Vermont already is as the file has it." in send(desk, EXAMPLE)


def test_each_fault_is_named_with_its_row_and_remedy(desk: Client) -> None:
    page = send(desk, EXAMPLE.replace('"VTVSP0000"', '"VSP"').replace('within = "Hartford"', 'within = "Oz"'))

    assert "agency “Vermont State Police”: ori: Enter nine capital letters and digits" in page
    assert "place “Wilder”: within: No town is called “Oz”. Add it first." in page
    assert "Correct the file and send it again." in page
    assert 'value="Load"' not in page
    assert stored() == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"state = \xff", "Line 1: not UTF-8. Save the file as UTF-8"),
        (b"", "The file is empty. Choose another."),
        (b"#" * (LARGEST + 1), "The file is larger than 512 KB."),
        (b"state ==", "The file cannot be read: Invalid value (at line 1, column 8). Correct that place."),
        (b'state = "us_vt"\nagency = 5', "agency: write [[agency]] above the keys of each row."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(content: bytes, words: str, desk: Client) -> None:
    assert words in send(desk, content)


def test_no_file_is_asked_for(desk: Client) -> None:
    assert "Choose the file." in desk.post(PAGE, {}).content.decode()


def test_what_changed_since_the_check_is_shown_again(desk: Client) -> None:
    sent = checked(desk, EXAMPLE)
    make.agency(name="Hartford Police Department (Vermont)", state="us_vt")

    page = unescape(desk.post(PAGE, sent).content.decode())

    assert "Nothing is loaded yet. Someone changed agencies or places since you checked the file." in page
    assert 'value="Load"' in page
    assert stored() == 1


def test_text_is_cleaned_as_at_every_door(desk: Client) -> None:
    invisible = EXAMPLE.replace('name = "Vermont State Police"', 'name = "Vermont\\u200b  State Police"')

    desk.post(PAGE, checked(desk, invisible))

    assert Agency.objects.filter(name="Vermont State Police").exists()


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR, Role.JUDGE])
def test_other_roles_may_not(role: Role, client: Client) -> None:
    court = None if role == Role.AUDITOR else make.agency(AgencyKind.COURT)
    client.force_login(make.person(role, court))

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"text": EXAMPLE, "shown": ""}).status_code == 403
    assert stored() == 0


def test_the_list_of_agencies_leads_there(desk: Client) -> None:
    assert PAGE in desk.get("/admin/accounts/agency/").content.decode()
