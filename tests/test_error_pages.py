"""What somebody sees when something is wrong: a plain page, and nothing about the inside."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from ctcompliance.urls import urlpatterns as real

SECRET = "Rowan Alder, 12 Elm Street"


def _fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(SECRET)


urlpatterns = [*real, path("fail/", _fail)]


def test_an_error_page_does_not_show_the_cause(db: None, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "SignInFirst" not in name]
    client = Client(raise_request_exception=False)

    response = client.get("/fail/")

    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()
    assert SECRET not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "host", "status", "heading"),
    [
        (f"/{SECRET}/", "testserver", 404, "Page not found"),
        ("/sign-in/", "elsewhere.example", 400, "Bad request"),
    ],
)
def test_what_was_asked_is_not_repeated(
    address: str, host: str, status: int, heading: str, client: Client
) -> None:
    response = client.get(address, headers={"host": host})

    page = response.content.decode()
    assert response.status_code == status
    assert heading in page
    assert SECRET not in page
    assert host not in page
