"""The desk of a court in Spanish, for a clerk who chose it: no English that the catalog has is left."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.models import Agency, User
from ctcompliance.catalogs import read
from ctcompliance.spanish.pages import in_spanish
from ctcompliance.spanish.words import FILE, desk_words
from notifications.services.contacts.preferences import set_language
from orders.forms.acts import ACTS
from orders.services.desk.reports import FIRST
from orders.services.planning.rulebooks import bundled
from tests.orders.desk.test_today import everything
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now, page_of

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/admin/orders/order/?shown=all",
    "/admin/orders/order/?q=zzz",
    "/admin/orders/order/add/",
    "/admin/orders/deadline/",
    "/hearings/",
    "/hearings/?show=list",
    "/reports/?by=judge",
    *(f"/reports/{name}/" for name in FIRST),
    "/import/",
    "/admin/orders/followup/",
    "/admin/orders/reviewitem/",
    "/release-requests/",
    "/documents/days/",
    "/search/?q=zz",
    "/admin/",
)
#: Words that only English has.
_ENGLISH = re.compile(r"\b(the|of|is|are|was|with|this|has|which|from|that|and|by|not)\b", re.IGNORECASE)
_SHOWN = re.compile(r"<(?:script|style|textarea)\b.*?</|>([^<]+)<", re.DOTALL)


def shown(page: str) -> Iterator[str]:
    """Yield the texts of a page."""
    for found in _SHOWN.finditer(page):
        if text := re.sub(r"\s+", " ", unescape(found[1] or "")).strip():
            yield text


def english_in(page: str) -> set[str]:
    """Return the texts of a page that are English: a text of the catalog, or one with English words."""
    # The sentences of the rulebook are quoted as the law is written.
    quoted: list[Any] = [
        *bundled().rules,
        *bundled().entries,
        *(one.rule for one in bundled().announced.values()),
    ]
    law = ["Debatable: ", "Fuente: ", *(one.title.rstrip(".") for one in quoted)]
    law += [one.note for one in quoted if getattr(one, "note", "")]
    known = {one for one in desk_words().exact if desk_words().exact[one] != one and " " in one}
    return {
        text
        for text in shown(page)
        if text in known or (len(_ENGLISH.findall(text)) > 1 and not any(title in text for title in law))
    }


@pytest.fixture
def spanish(desk: Client, clerk: User) -> Client:
    """The desk of a clerk who reads Spanish."""
    set_language(clerk, "es")
    return desk


def test_every_page_of_the_desk_is_in_spanish(spanish: Client, enter: Enter, now: datetime) -> None:
    orders = everything(enter, now)
    order = page_of(orders["overdue"])
    found = {}
    for page in (*PAGES, order):
        answer = spanish.get(page, follow=True)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert '<html lang="es"' in text, page
        if english := english_in(text):
            found[page] = english

    assert found == {}


def test_every_form_of_an_act_is_in_spanish(spanish: Client, enter: Enter, now: datetime) -> None:
    orders = everything(enter, now)
    order = page_of(orders["overdue"])
    found = {}
    for name, act in ACTS.items():
        answer = spanish.get(f"{order}{name}/", follow=True) if act.fact is None else None
        if answer is not None and (english := english_in(answer.content.decode())):
            found[name] = english

    assert found == {}


def test_what_is_typed_and_sent_stays_as_it_is() -> None:
    page = (
        '<p title="Orders">Orders</p><textarea>Orders</textarea><input value="Orders" name="Orders">'
        '<input type="submit" value="Save"><script>"Orders"</script><option value="Orders">Orders</option>'
    )

    assert in_spanish(page) == (
        '<p title="Órdenes">Órdenes</p><textarea>Orders</textarea><input value="Orders" name="Orders">'
        '<input type="submit" value="Guardar"><script>"Orders"</script>'
        '<option value="Orders">Órdenes</option>'
    )


def test_others_read_english(desk: Client, enter: Enter, now: datetime) -> None:
    everything(enter, now)

    page = desk.get("/").content.decode()

    assert "Overdue, firearms still out" in page


def test_text_of_a_person_is_escaped() -> None:
    assert in_spanish("<td>&lt;b&gt; &amp; 3 h left</td>") == "<td>&lt;b&gt; &amp; 3 h left</td>"
    to_english = '<button name="language" lang="en">English</button>'
    assert in_spanish(to_english) == to_english, "who reads English alone finds it"
    assert in_spanish("<td>for &lt;b&gt;</td>") == "<td>de &lt;b&gt;</td>"


def test_the_catalog_has_the_same_places_in_both_languages() -> None:
    place = re.compile(r"%\(\w+\)s")
    for one in read(FILE)[1:]:
        assert set(place.findall(one.text)) == set(place.findall(one.translations[0])), one.text
        assert one.translations[0], one.text


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        (
            "The respondent is served not less than three days before the hearing: met",
            "Se notifica a la parte demandada no menos de tres días antes de la audiencia: cumplido",
        ),
        ("The clerk gives the applicant two copies of the order", "dos copias de la orden"),
        ("Overdue since Sun, Nov 29, 2026, 5:31 p.m. · proper officer", "el agente autorizado"),
    ],
)
def test_the_rulebook_is_in_spanish(english: str, spanish: str) -> None:
    assert spanish in desk_words().translate(english)


def test_a_judge_of_the_court_too(spanish: Client, court: Agency) -> None:
    assert "Importar" in spanish.get("/import/").content.decode()


def test_a_long_text_that_someone_wrote_costs_little_time() -> None:
    began = time.perf_counter()

    assert desk_words().translate("a, line b" * 10_000) == "a, line b" * 10_000

    assert time.perf_counter() - began < 1
