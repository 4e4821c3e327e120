"""Sign-in and sign-out, and no access without them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, Session, User
from accounts.services import people
from tests.accounts.conftest import PASSWORD, MakePerson

pytestmark = pytest.mark.django_db

#: The addresses that answer without sign-in. The mailbox exists on a machine's own demonstration only.
OPEN = {
    "/sign-in/",
    "/sign-in/passkey/",
    # Ask for a link by mail, and the page behind a wrong link, which leads there.
    "/sign-in/forgotten/",
    "/sign-in/forgotten/x/",
    "/sign-out/",
    "/leave/",
    "/admin/logout/",
    "/healthz",
    "/healthz/deadlines",
    "/metrics",
    "/mailbox/",
    "/mailbox/x/",
    # Authenticated by the signature of the caller.
    "/callbacks/email/",
    "/callbacks/sms/",
    "/callbacks/sms/00000000-0000-0000-0000-000000000000/",
    "/calendar/x.ics",
    "/favicon.ico",
    "/.well-known/security.txt",
    "/.well-known/change-password",
    # Asks a protected person for a PIN; the page is the same for every link.
    "/p/x",
    # Help without an account; tests/guidance shows that it keeps nothing about its readers.
    "/help/",
    "/help/es/",
    "/help/hsds.json",
    "/guides/",
    "/guides/es/",
    "/guides/x/",
    "/guides/x/es/",
    "/statistics/",
    "/statistics/es/",
    "/statistics/1/1/",
    "/statistics/1/1/es/",
    "/statistics/1/1/figures.csv",
    "/statistics/1/1/figures.json",
}

SAMPLES = {"int": "1", "uuid": "00000000-0000-0000-0000-000000000000"}


@pytest.mark.parametrize("typed", ["clerk@example.org", "Clerk@Example.ORG", " clerk@example.org "])
def test_sign_in_ignores_letter_case(typed: str, client: Client, make_person: MakePerson) -> None:
    make_person(Role.CLERK)

    response = _sign_in(client, typed, PASSWORD)

    assert (response.status_code, response.url) == (302, "/")
    assert client.get("/").status_code == 200


def test_sign_in_continues_to_the_page_but_not_to_other_sites(
    make_person: MakePerson,
) -> None:
    make_person(Role.CLERK)

    for asked, reached in [
        ("/admin/", "/admin/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
    ]:
        assert _sign_in(Client(), "clerk@example.org", PASSWORD, asked).url == reached


def test_refusal_does_not_reveal_whether_the_account_exists(client: Client, make_person: MakePerson) -> None:
    make_person(Role.CLERK)
    gone = make_person(Role.LIAISON)
    people.deactivate_user(user=gone)

    refusals = {
        _without_noise(_password(client, email, password).content.decode(), email)
        for email, password in [
            ("clerk@example.org", "wrong"),
            ("nobody@example.org", "wrong"),
            ("liaison@example.org", PASSWORD),
            ("liaison@example.org", "wrong"),
        ]
    }

    assert len(refusals) == 1
    assert "do not match an account that can sign in" in refusals.pop()


def test_empty_fields_are_named(client: Client) -> None:
    page = _password(client, "", "").content.decode()

    assert "Enter your email address." in page
    assert "Enter your password." in page
    assert "<title>Error: Sign in" in page


def test_sign_out_needs_post_and_ends_the_session(client: Client, make_person: MakePerson) -> None:
    client.force_login(make_person(Role.CLERK))

    assert client.get("/sign-out/").status_code == 405
    assert Session.objects.count() == 1

    response = client.post("/sign-out/")

    assert (response.status_code, response.headers["Location"]) == (302, "/sign-in/")
    assert Session.objects.count() == 0


def test_sign_out_needs_a_csrf_token(make_person: MakePerson) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_person(Role.CLERK))

    response = client.post("/sign-out/")

    assert response.status_code == 403
    assert "open too long" in response.content.decode()


def test_sign_out_after_the_session_has_ended_does_not_ask_to_sign_in_first(client: Client) -> None:
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"


def test_the_header_names_the_person_and_the_roles(client: Client, make_person: MakePerson) -> None:
    client.force_login(make_person(Role.CLERK))

    page = client.get("/").content.decode()

    assert "Rowan Court clerk" in page
    assert "Court clerk, Place of a clerk" in page
    assert '<form method="post" action="/sign-out/">' in page


def test_deactivating_a_person_ends_that_persons_sessions_only(make_person: MakePerson) -> None:
    clerk, judge = make_person(Role.CLERK), make_person(Role.JUDGE)
    clients = {person.pk: Client() for person in (clerk, judge)}
    for person in (clerk, judge):
        clients[person.pk].force_login(person)

    people.deactivate_user(user=clerk)
    people.reactivate_user(user=clerk)

    assert clients[clerk.pk].get("/admin/", follow=True).request["PATH_INFO"] == "/sign-in/"
    assert clients[judge.pk].get("/admin/").status_code == 200


def test_email_address_is_unique_ignoring_case(make_person: MakePerson) -> None:
    make_person(Role.CLERK)

    with pytest.raises(Exception, match="Another account uses"):
        people.create_user(email="CLERK@example.org", name="Other Clerk", password=PASSWORD)
    assert User.objects.count() == 1


def test_the_process_is_healthy_without_a_database(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_every_address_requires_sign_in(client: Client) -> None:
    addresses = set(addresses_below(get_resolver(), "/"))
    assert len(addresses) > 20

    answers = {address: client.get(address, follow=True) for address in addresses - OPEN}

    assert (
        {
            address
            for address, answer in answers.items()
            if answer.request["PATH_INFO"] != "/sign-in/"
            # Programs get an error instead of a redirect. Without a provider there is no single sign-on.
            and (answer.status_code, address[:5]) != (401, "/api/")
            and (answer.status_code, address[:13]) != (404, "/sign-in/sso/")
        }
        == set()
    )


def test_missing_page_reveals_nothing(client: Client) -> None:
    response = client.get("/no-such-page/")

    assert response.status_code == 404
    assert "no-such-page" not in response.content.decode()


def _sign_in(client: Client, email: str, password: str, then: str = "") -> Any:
    assert _password(client, email, password, then).url == "/sign-in/use-notice/"
    return client.post("/sign-in/use-notice/")


def _password(client: Client, email: str, password: str, then: str = "") -> Any:
    return client.post("/sign-in/", {"username": email, "password": password, "next": then})


def _without_noise(page: str, email: str) -> str:
    return re.sub(r'value="[^"]{64}"', "", page).replace(email, "")


def addresses_below(resolver: URLResolver, prefix: str) -> Iterator[str]:
    """Return an address for every route, with sample values."""
    for entry in resolver.url_patterns:
        address = prefix + _sample(entry)
        if isinstance(entry, URLResolver):
            yield from addresses_below(entry, address)
        else:
            yield address


def _sample(entry: URLPattern | URLResolver) -> str:
    """Return an address that the pattern matches."""
    pattern = str(entry.pattern)
    if isinstance(entry.pattern, RegexPattern):
        first_choice = re.sub(r"\(\?P<\w+>(\w*)[^)]*\)", r"\1", pattern)
        return first_choice.strip("^$")
    return re.sub(r"<(?:(\w+):)?\w+>", lambda parameter: SAMPLES.get(parameter.group(1), "x"), pattern)
