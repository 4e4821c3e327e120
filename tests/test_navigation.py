"""One navigation for each role, on the site's own pages and in the admin site alike."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import AgencyKind, Role
from tests import make

pytestmark = pytest.mark.django_db

_NAVIGATION = re.compile(r'<nav class="site".*?</nav>', re.DOTALL)
_LINK = re.compile(r'<a href="([^"]+)"( aria-current="page")?>([^<]+)</a>')


def links(client: Client, address: str) -> list[tuple[str, bool, str]]:
    """The links of the navigation: address, whether it is the page itself, and title."""
    found = _NAVIGATION.search(client.get(address).content.decode())
    assert found, address
    return [(to, bool(here), title) for to, here, title in _LINK.findall(found[0])]


def browser(role: Role, kind: AgencyKind | None = None) -> Client:
    """A browser of a person in this role."""
    client = Client()
    client.force_login(make.person(role, make.agency(kind) if kind else None))
    return client


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE])
def test_court_staff_have_one_navigation_everywhere(role: Role) -> None:
    client = browser(role, AgencyKind.COURT)

    of_site, of_admin = links(client, "/"), links(client, "/admin/orders/deadline/")

    assert [one[::2] for one in of_site] == [one[::2] for one in of_admin]
    titles = [title for _, _, title in of_site]
    assert titles[0] == "Today"
    assert {"Orders", "Deadlines", "Reports", "Settings"} <= set(titles)
    assert [title for _, here, title in of_site if here] == ["Today"]
    assert [title for _, here, title in of_admin if here] == ["Deadlines"]


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE])
def test_every_page_of_the_navigation_opens(role: Role) -> None:
    client = browser(role, AgencyKind.COURT)

    for address, _, title in links(client, "/"):
        assert client.get(address).status_code == 200, title
        assert [found for _, here, found in links(client, address) if here] == [title]


@pytest.mark.parametrize(
    ("role", "kind", "titles"),
    [
        (
            Role.LIAISON,
            AgencyKind.POLICE,
            [
                "Home",
                "Follow-ups",
                "Custody",
                "Verify a card",
                "Figures",
                "Notifications",
                "Account security",
            ],
        ),
        (Role.ADMINISTRATOR, None, ["Home", "Administration", "Notifications", "Account security"]),
        (
            Role.MARSHAL,
            AgencyKind.MARSHAL,
            ["Home", "To serve", "Pay sheet", "Notifications", "Account security"],
        ),
        (
            Role.PROSECUTOR,
            AgencyKind.PROSECUTOR,
            ["Home", "Referrals", "Follow-ups", "Notifications", "Account security"],
        ),
        (Role.LICENSING, AgencyKind.LICENSING, ["Home", "Permits", "Notifications", "Account security"]),
        (Role.SCHOOL, AgencyKind.SCHOOL, ["Home", "Notices", "Notifications", "Account security"]),
        (
            Role.ADVOCATE,
            AgencyKind.ADVOCACY,
            ["Home", "Your clients&#x27; orders", "Notifications", "Account security"],
        ),
    ],
)
def test_others_see_only_what_they_may_open(role: Role, kind: AgencyKind | None, titles: list[str]) -> None:
    found = [title for _, _, title in links(browser(role, kind), "/") if title != "Mailbox"]

    assert found == titles


def test_the_settings_of_a_court_lead_to_the_persons_own() -> None:
    page = browser(Role.CLERK, AgencyKind.COURT).get("/admin/").content.decode()

    assert "<h1>Settings</h1>" in page
    for address in ("/preferences/", "/account/", "/away/", "/admin/orders/courtrule/"):
        assert f'href="{address}"' in page
