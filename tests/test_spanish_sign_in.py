"""Sign-in, the set-up of a second factor and errors in Spanish: by the preferences, else by the browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AgencyKind, Role, User
from notifications.models import Language, Preference
from tests import make
from tests.accounts.sign_in_steps import accept, give_code, password, set_up_app
from tests.notifications.test_spanish_pages import english_of

pytestmark = pytest.mark.django_db

IN_SPANISH = {"accept-language": "es-PR,es;q=0.9,en;q=0.5"}


@pytest.fixture
def person() -> User:
    """An advocate who reads Spanish, on a browser in English."""
    user = make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY))
    user.set_password("only-a-demonstration")
    user.save()
    Preference.objects.create(user=user, language=Language.SPANISH)
    return user


def left_in(pages: dict[str, Any], *names: str) -> dict[str, list[str]]:
    """The English texts of each page."""
    found = {}
    for name, answer in pages.items():
        shown = answer.content.decode()
        assert '<html lang="es"' in shown, name
        for one in names:
            shown = shown.replace(one, "")
        if english := english_of(shown):
            found[name] = english
    return found


def test_who_has_not_signed_in_gets_the_language_of_the_browser() -> None:
    reader = Client(headers=IN_SPANISH)

    pages = {path: reader.get(path) for path in ("/sign-in/", "/sign-in/forgotten/", "/leave/")}
    pages["wrong"] = password(reader, "nadie@mail.example", "no")
    pages["empty"] = reader.post("/sign-in/", {})
    pages["asked"] = reader.post("/sign-in/forgotten/", {"username": "nadie@mail.example"}, follow=True)
    pages["missing"] = reader.get("/sign-in/nothing/here/")
    pages["guide"] = Client().get("/guides/not-a-guide/es/")

    assert left_in(pages) == {}
    assert '<html lang="en"' in Client().get("/sign-in/").content.decode()
    assert '<html lang="en"' in reader.get("/guides/not-a-guide/").content.decode()


def test_who_signs_in_gets_the_language_of_the_preferences_from_the_password_on(person: User) -> None:
    reader = Client()
    password(reader, person.email, "only-a-demonstration")

    pages = {"notice": reader.get("/sign-in/use-notice/")}
    accept(reader)
    pages |= {path: reader.get(path) for path in ("/account/set-up/", "/account/app/add/")}
    pages["wrong code"] = reader.post("/account/app/add/", {"code": "000000"})
    set_up_app(reader)
    pages["codes"] = reader.get("/account/recovery-codes/")
    reader.post("/sign-out/")
    password(reader, person.email, "only-a-demonstration")
    accept(reader)
    pages["ask"] = reader.get("/sign-in/second-factor/")
    pages["wrong"] = give_code(reader, "000000")

    assert left_in(pages, person.name, person.email) == {}


def test_an_error_is_in_the_language_of_the_person_at_every_address(person: User) -> None:
    reader = Client()
    reader.force_login(person)

    pages = {
        path: reader.get(path)
        for path in (
            "/confidentiality-releases/6f0b4c7d-8a1e-4d25-9c33-2b7e6a100a31/",
            "/nothing/",
            "/figures/",
            "/sign-out/",
        )
    }

    assert {one.status_code for one in pages.values()} <= {403, 404, 405}
    assert left_in(pages, person.name) == {}
