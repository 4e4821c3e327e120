"""The quick exit: it signs out, shows nothing on Back, and works on error pages and without JavaScript."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import path
from pytest_django import Settings

from accounts.models import AgencyKind, AuditAction, AuditEntry, Role, Session, User
from ctcompliance.urls import urlpatterns as real
from tests import make

pytestmark = pytest.mark.django_db

EXIT = '<form method="post" action="/leave/" class="leave"'


def _fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


urlpatterns = [*real, path("fail/", _fail)]


def browser(person: User) -> Client:
    """A browser in which the person is signed in."""
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def advocate() -> Client:
    """The browser of an advocate."""
    return browser(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))


def test_exit_signs_out_and_opens_the_other_site(advocate: Client, settings: Settings) -> None:
    settings.EXIT_URL = "https://news.example"

    response = advocate.post("/leave/")

    assert response.headers["Refresh"] == "0; url=https://news.example"
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "ctcompliance ·" not in response.content.decode()
    assert not Session.objects.exists()
    assert AuditEntry.objects.filter(action=AuditAction.SIGN_OUT).count() == 1


def test_back_shows_a_page_without_a_name(advocate: Client) -> None:
    advocate.post("/leave/")

    response = advocate.get("/releases/", follow=True)

    assert response.redirect_chain == [("/leave/", 302)]
    page = response.content.decode()
    assert "<title>Closed</title>" in page
    assert "order" not in page.casefold()
    assert "Refresh" not in response.headers


def test_signing_in_again_ends_that(advocate: Client) -> None:
    advocate.post("/leave/")

    assert advocate.get("/sign-in/").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}]
)
def test_another_site_cannot_sign_the_reader_out(advocate: Client, headers: dict[str, str]) -> None:
    response = advocate.post("/leave/", headers=headers)

    assert "Refresh" not in response.headers
    assert advocate.get("/releases/").status_code == 200


def test_no_cookie_is_set_for_people_without_a_session(client: Client) -> None:
    response = client.post("/leave/")

    assert response.headers["Refresh"]
    assert not response.cookies


def test_the_exit_is_for_advocates_and_names_its_limits(advocate: Client) -> None:
    page = advocate.get("/account/").content.decode()

    assert EXIT in page
    assert "It cannot clear what this phone or computer has saved" in page
    clerk = browser(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    assert EXIT not in clerk.get("/account/").content.decode()


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "405", "429", "500", "503"])
def test_error_pages_offer_it_even_without_a_reader(code: str) -> None:
    assert EXIT in render_to_string(f"{code}.html")


def test_an_error_page_offers_it(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "SignInFirst" not in name]
    client = Client(raise_request_exception=False)

    assert EXIT in client.get("/fail/").content.decode()


def test_an_error_page_of_others_does_not() -> None:
    clerk = browser(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    assert EXIT not in clerk.get("/nothing-here/").content.decode()
