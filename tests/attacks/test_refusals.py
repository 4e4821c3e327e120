"""What is refused has the policies of every other answer, and no download begins a formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, Role
from accounts.own_pages import own_page
from guidance.models import StatisticsRelease
from guidance.views.statistics import as_text
from orders.services.desk.tables import csv_lines
from tests import make

#: How a request is refused, and the status of the answer.
REFUSED: dict[str, tuple[Callable[[Client], Any], int]] = {
    "a form of another site": (lambda one: one.post("/preferences/", {"a": "b"}), 403),
    "more fields than any form has": (
        lambda one: one.post("/sign-in/", {f"field{number}": "x" for number in range(10_000)}),
        400,
    ),
    "another host": (lambda one: one.get("/sign-in/", headers={"host": "elsewhere.example"}), 400),
    "another host in the API": (
        lambda one: one.get("/api/v1/orders", headers={"host": "elsewhere.example"}),
        400,
    ),
    "an address that is not there": (lambda one: one.get("/nowhere/"), 404),
    "without sign-in": (lambda _one: Client().get("/board/"), 302),
    "another method": (lambda one: one.put("/board/"), 403),
    "the API without sign-in": (lambda _one: Client().get("/api/v1/orders"), 401),
}


@pytest.mark.django_db
@pytest.mark.parametrize("how", REFUSED)
def test_a_refusal_has_the_policies_and_stays_in_no_cache(how: str) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    ask, status = REFUSED[how]

    answer = ask(client)

    assert answer.status_code == status
    assert "no-store" in answer.headers.get("Cache-Control", "")
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Permissions-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "elsewhere" not in answer.content.decode()


ELSEWHERE = [
    "https://elsewhere.example/",
    "//elsewhere.example",
    "/\\elsewhere.example",
    "javascript:alert(1)",
]
ELSEWHERE += [
    "https:elsewhere.example",
    "elsewhere.example",
    "elsewhere",
    "a\0b",
    "/a\r\nX: elsewhere",
    "9" * 40,
]
LED: dict[str, Callable[[Client, str], Any]] = {
    "sign-in": lambda one, page: one.get("/sign-in/", {"next": page}),
    "use notice": lambda one, page: one.get("/sign-in/use-notice/", {"next": page}),
    "language": lambda one, page: one.post("/language/", {"language": "en", "next": page}),
    "sign-in again": lambda one, page: one.get("/account/sign-in-again/", {"next": page}),
    "sign-out": lambda one, page: one.post("/sign-out/", {"next": page}),
    "admin": lambda one, page: one.get("/admin/login/", {"next": page}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("door", LED)
def test_no_address_leads_to_another_site_or_breaks_a_page(door: str) -> None:
    advocate = make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY))
    for page in ELSEWHERE:
        client = Client(raise_request_exception=False)
        client.force_login(advocate)

        answer = LED[door](client, page)

        assert answer.status_code < 500, page
        target = answer.headers.get("Location", "/")
        assert target.startswith("/"), page
        assert not target.startswith(("//", "/\\")), page
        if answer.status_code == 302 and "?" in target:
            # The sign-in that follows leads nowhere else either.
            assert client.get(target).headers.get("Location", "/").startswith("/"), page
        assert 'href="elsewhere' not in answer.content.decode()


def test_a_page_of_this_site_is_one() -> None:
    assert own_page("/board/?q=x") == "/board/?q=x"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1"]
FORMULAS += ["\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(1)"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_of_a_download_begins_a_formula(cell: str) -> None:
    released = StatisticsRelease(
        year=2026,
        quarter=3,
        version=1,
        released_at=timezone.now(),
        figures={"state": CELLS, "courts": {cell: CELLS}, "agencies": {}},
    )

    assert f"'{cell}" in "".join(csv_lines(["Name"], [[cell]]))
    assert f"'{cell}" in as_text(released)


CELLS = {"orders": 20, "proven": 10}
