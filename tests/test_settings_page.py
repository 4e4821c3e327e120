"""The first page of the admin site: every list has its group and a line, and opens for its reader."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import AgencyKind, Role
from ctcompliance.templatetags.settings_page import GROUPS
from tests import make

pytestmark = pytest.mark.django_db

_ENTRY = re.compile(r'<li><a href="([^"]+)">([^<]+)</a> <span>([^<]+)</span>')


def browser(role: Role) -> Client:
    """A browser of a person with that role."""
    agency = make.agency(AgencyKind.COURT) if role in (Role.CLERK, Role.JUDGE) else None
    client = Client()
    client.force_login(make.person(role, agency))
    return client


def entries(client: Client) -> dict[str, str]:
    """The addresses of the page by title."""
    page = client.get("/admin/").content.decode()
    return {title: address for address, title, _ in _ENTRY.findall(page)}


def test_every_list_has_a_line_about_it() -> None:
    listed = [name for models in GROUPS.values() for name in models]

    assert sorted(listed) == sorted(model._meta.label for model in admin.site._registry)
    assert all(about.endswith(".") for models in GROUPS.values() for about in models.values())


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE, Role.ADMINISTRATOR, Role.AUDITOR])
def test_each_entry_opens(role: Role) -> None:
    client = browser(role)
    found = entries(client)

    assert len(found) >= 4
    for title, address in found.items():
        assert client.get(address).status_code == 200, title


def test_a_clerk_sets_and_a_judge_reads_what_a_court_sets() -> None:
    clerk, judge = (browser(role).get("/admin/").content.decode() for role in (Role.CLERK, Role.JUDGE))

    for page in (clerk, judge):
        assert "Your court" in page
        assert 'href="/closings/"' in page
        assert "are set by an administrator" in page
        assert "/admin/accounts/user/" not in page
    assert "/admin/orders/courtrule/add/" in clerk
    assert 'href="/import/#mappings"' in clerk
    assert "/import/" not in judge.partition("<main")[2]
    assert "/add/" not in judge


def test_an_administrator_reads_no_group_of_a_court() -> None:
    page = browser(Role.ADMINISTRATOR).get("/admin/").content.decode()

    assert "<h1>Administration</h1>" in page
    assert "People and agencies" in page
    assert "are set by an administrator" not in page
    assert "/admin/orders/order/" not in page
