"""A clerk reads Spanish; what people wrote is shown as they wrote it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Agency, AgencyKind, Town, User
from ctcompliance.spanish.pages import in_spanish
from ctcompliance.spanish.stored import written_columns
from ctcompliance.spanish.words import desk_words
from notifications.services.contacts.preferences import set_language
from orders.models import Firearm, Hearing, Respondent
from orders.services.firearms.inventory import list_firearm
from orders.services.hearings import schedule_hearing
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now, page_of

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db

#: Names that are words of the site, too.
NAME, TOWN, STREET, JUDGE, MAKE = "Served", "Police", "Town", "Open", "Proven"


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("/", (NAME, TOWN)),
        ("/admin/orders/order/?shown=all", (NAME, TOWN)),
        ("/hearings/?show=list", (NAME,)),
        ("", (NAME, TOWN, STREET, JUDGE, MAKE)),
    ],
)
def test_what_people_wrote_is_not_translated(
    *, page: str, names: tuple[str, ...], desk: Client, clerk: User, enter: Enter, now: datetime
) -> None:
    set_language(clerk, "es")
    police = Agency.objects.create(kind=AgencyKind.POLICE, name="Police of that town")
    order = enter(
        respondent_name=NAME,
        respondent_town=Town.objects.create(name=TOWN, police=police),
        respondent_address=STREET,
        served_at=now - timedelta(hours=30),
        firearms_indicated=True,
    )
    list_firearm(order, source="application", make=MAKE, serial="A-1", by=None, now=now)
    day = (now + timedelta(days=1)).date()
    schedule_hearing(
        order,
        purpose="compliance",
        scheduled_on=day,
        judge=JUDGE,
        confirm="The court sits that day.",
        by=None,
        now=now,
    )

    text = desk.get(page or page_of(order)).content.decode()

    assert '<html lang="es"' in text
    for name in names:
        assert re.search(rf"\b{name}\b", text), name
        assert desk_words().exact[name] not in re.findall(r">\s*([^<]*?)\s*<", text), name


def test_a_stored_text_stays_also_inside_a_sentence() -> None:
    page = '<p>Served</p><p>Served · 3 h left</p><a title="Served">Orders</a>'

    assert in_spanish(page, {"Served"}) == (
        '<p>Served</p><p>Served · 3 h restantes</p><a title="Served">Órdenes</a>'
    )


def test_columns_that_people_write_are_watched() -> None:
    assert {"name", "address"} <= set(written_columns(Respondent))
    assert {"make", "model", "serial", "description"} <= set(written_columns(Firearm))
    assert set(written_columns(Hearing)) == {"judge"}
