"""Administrators check and edit the help directory; others do not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditAction, AuditEntry, Role
from guidance.models import HelpEntry
from guidance.services import directory
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("towns")]

LIST = "/admin/guidance/helpentry/"
ONE = f"{LIST}interval-house/"


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make.person(Role.ADMINISTRATOR))
    return client


def typed(**given: Any) -> dict[str, Any]:
    """A checked entry as it is typed."""
    plain = {
        "kind": "advocates",
        "name": "Interval House",
        "phone": "(860) 555-0117",
        "en": "Advocates and shelter.",
        "es": "Defensoras y refugio.",
        "source": "Call with the office",
        "checked": "2026-11-03",
        "towns": ["Hartford"],
    }
    return plain | given


def test_the_list_has_the_entries_that_are_due_first(desk: Client) -> None:
    page = desk.get(LIST).content.decode()

    assert f'href="{ONE}"' in page
    assert "are due for a check" in page
    assert page.index("Interval House") < page.index("CT Safe Connect")


def test_the_list_names_the_guides_whose_sources_are_old(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guidance.admin.directory.court_date", lambda _: date(2028, 1, 3))

    assert 'href="/guides/ask/"' in desk.get(LIST).content.decode()


def test_home_asks_the_administrator_to_check(desk: Client) -> None:
    page = desk.get("/").content.decode()

    assert f'href="{LIST}"' in page
    assert "due for a check" in page


def test_a_new_version_is_stored_shown_and_logged(desk: Client) -> None:
    answer = desk.post(ONE, typed(), follow=True)

    assert "Interval House, version 1 is shown on the page." in answer.content.decode()
    row = HelpEntry.objects.get()
    assert (row.key, row.phone, row.towns) == ("interval-house", "(860) 555-0117", ["Hartford"])
    assert row.created_by is not None
    entry = AuditEntry.objects.filter(action=AuditAction.DIRECTORY_CHANGED).get()
    assert entry.detail["kind"] == "help entry"
    assert "Call with the office" in desk.get(ONE).content.decode()


def test_the_day_of_the_check_is_asked_for_again(desk: Client) -> None:
    """A version without a check of its own would carry the old day over."""
    directory.store(
        "interval-house",
        content=typed(checked="2026-11-03") | {"checked": None},
        by=None,
        now=make.NOW,
    )

    answer = desk.post(ONE, typed(checked=""))

    assert answer.status_code == 200
    assert HelpEntry.objects.count() == 1
    assert "Not saved. Correct the marked fields." in answer.content.decode()


def test_a_day_to_come_is_refused_beside_its_field(desk: Client) -> None:
    answer = desk.post(ONE, typed(checked="2035-01-01"))

    assert "This day is still to come." in answer.content.decode()
    assert HelpEntry.objects.count() == 0


def test_an_entry_of_its_own_is_added_and_taken_off(desk: Client) -> None:
    desk.post(f"{LIST}add/", typed(name="Harbor House"))
    assert "Harbor House" in desk.post("/help/", {"town": "Hartford"}).content.decode()
    again = desk.post(f"{LIST}add/", typed(name="Harbor House"))
    assert "An entry has this name." in again.content.decode()

    desk.post(f"{LIST}harbor-house/", typed(name="Harbor House", is_removed="on"))

    assert "Harbor House" not in desk.post("/help/", {"town": "Hartford"}).content.decode()


@pytest.mark.parametrize("role", [Role.CLERK, Role.ADVOCATE, Role.AUDITOR, Role.AGENCY_ADMINISTRATOR])
def test_other_roles_may_neither_read_nor_write(role: Role) -> None:
    client = Client()
    client.force_login(make.person(role, make.agency()))

    for address in (LIST, ONE, f"{LIST}add/"):
        assert client.get(address).status_code in (302, 403, 404)
        client.post(address, typed())
    assert HelpEntry.objects.count() == 0


def test_an_unknown_entry_is_not_found(desk: Client) -> None:
    assert desk.get(f"{LIST}atlantis/").status_code == 404
