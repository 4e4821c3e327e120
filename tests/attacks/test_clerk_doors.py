"""A clerk of one court sees nothing of another court's case at any address of the site.

The addresses are generated from the URL configuration, so a new page is a new door here. Each is opened with
the ids of the other court's case. To show that the walk can find something, that court's own clerk walks too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from accounts.models import AgencyKind, Role, User
from accounts.services.access import enumeration_guard
from orders.forms.acts import ACTS
from orders.forms.follow_ups import FOLLOW_UP_ACTS
from orders.models import HistoryEntry, Order
from orders.services.attachments.attaching import attach_file
from orders.services.desk import reports
from orders.services.desk.conditions import FILTERS, CourtDesk
from orders.services.firearms.inventory import list_firearm
from orders.services.registry import jobs
from orders.views.documents import ORDER_DOCUMENTS
from tests import make
from tests.api.fixtures import Fixtures, add_more, set_up
from tests.pdf import Pdf

pytestmark = pytest.mark.django_db

NAME, PROTECTED, SERIAL, DOCKET = "Quillon Xanthe", "Zephyrine Aldous", "CNRY88231", "NNH-FA-26-7798231-S"
#: What ends the session, leads away from the site, or is about the reader alone.
NOT_OPENED = re.compile(r"(sign-|leave|account/|admin/log|admin/password|mailbox|metrics|callbacks|\.well)")
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
#: What the last part of an address before an id is called, if it is not the name of the model.
_CALLED = {"cases": "order", "files": "attachment", "notices": "alert", "import": "importjob"}
#: The most addresses that one pattern makes.
MOST = 4


@dataclass
class World:
    """The case of the other court, the public ids of its rows by the name of the model, and their keys."""

    fixtures: Fixtures
    clerk: User
    ids: dict[str, str]
    keys: list[str]

    @property
    def order(self) -> Order:
        """The order with one of nearly everything."""
        return self.fixtures.order


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> World:
    """A case with one of nearly everything."""
    # What is refused is counted, and would block the walk.
    monkeypatch.setattr(enumeration_guard, "LIMIT", 10**6)
    settings.ATTACHMENTS_DIR = tmp_path
    fixtures = set_up(timezone.now(), respondent_name=NAME, protected_person=PROTECTED)
    order = fixtures.order
    order.case.docket_number = DOCKET
    order.case.save()
    clerk = make.person(Role.CLERK, fixtures.court)
    add_more(fixtures, 1, clerk)
    given: dict[str, Any] = {"by": clerk, "now": fixtures.now}
    list_firearm(order, serial=SERIAL, source="police", **given)
    attach_file(order, kind="signed_order", file=b"%PDF-1.7 " + NAME.encode(), **given)
    ids = {"importjob": str(jobs.open_job(**given).public_id)}
    keys = set()
    for row in rows_of(order):
        keys.add(str(row.pk))
        if public_id := getattr(row, "public_id", None):
            ids.setdefault(str(row._meta.model_name), str(public_id))
    ids["order"] = str(order.public_id)
    return World(fixtures=fixtures, clerk=clerk, ids=ids, keys=sorted(keys)[:8])


def rows_of(order: Order) -> Iterator[Model]:
    """Yield one row of each kind that belongs to the order."""
    yield from (order, order.case, order.case.respondent)
    for model in apps.get_models():
        if model._meta.app_label in ("orders", "notifications"):
            names = {one.name for one in model._meta.get_fields() if one.concrete and one.is_relation}
            if "order" in names:
                yield from model._default_manager.filter(order=order)[:1]


def patterns() -> Iterator[str]:
    """Yield every address of the site, as the URL configuration has it."""

    def walk(resolver: Any, prefix: str) -> Iterator[str]:
        for one in resolver.url_patterns:
            address = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(one, address)
            elif not NOT_OPENED.search(address) and not set("(^$").intersection(address):
                yield address

    yield from walk(get_resolver(), "")


def doors(world: World) -> Iterator[str]:
    """Yield every address with the ids of the other court's case."""
    for pattern in patterns():
        found = [pattern]
        for parameter in _PARAMETER.finditer(pattern):
            values = _values(pattern, parameter, world)
            found = [one.replace(parameter[0], value, 1) for one in found for value in values]
        # Some of many words, from the whole list.
        yield from (f"/{one}" for one in islice(found[:: max(1, len(found) // MOST)], MOST))


def _values(pattern: str, parameter: re.Match[str], world: World) -> list[str]:
    kind, name = parameter[1], parameter[2]
    before = pattern[: parameter.start()].rstrip("/").rpartition("/")[2]
    if kind == "uuid" or (kind == "path" and not pattern.startswith("admin/r/")):
        singular = _CALLED.get(before, before.replace("-", "").removesuffix("s"))
        fitting = [world.ids[one] for one in (singular, "order") if one in world.ids]
        rows = fitting if singular in world.ids else [*world.ids.values()]
        return rows if kind == "uuid" else [*world.keys, *rows[:2]]
    if kind == "int":
        return world.keys
    words = {
        "name": [*ACTS, *FOLLOW_UP_ACTS] if "uuid" in pattern else [*reports.measures(_desk(world))],
        "kind": [*ORDER_DOCUMENTS],
        "form": ["csv", "xlsx"],
    }
    return words.get(name, ["x"])


def _desk(world: World) -> CourtDesk:
    return CourtDesk(person=world.clerk, now=world.fixtures.now)


def lists(world: World) -> Iterator[str]:
    """Yield the lists with what can be searched, filtered and exported."""
    court, day = world.fixtures.court.pk, world.fixtures.hearing.scheduled_on
    asked = [f"q={one.replace(' ', '+')}" for one in (NAME, DOCKET, SERIAL, PROTECTED)]
    filters = [f"shown=all&{name}={value}" for name, (_, _, found) in FILTERS.items() for value in found]
    asked += [f"court={court}&day={day}&paper={paper}" for paper in ("docket", "bench", "calendar")]
    asked += [f"court={court}&by={by}&as=csv" for by in reports.GROUPS]
    asked += ["in_error=yes", f"agency={world.fixtures.police.pk}", "who=court&due=soon", "show=list"]
    pages = [one for one in patterns() if "<" not in one and not one.startswith("api/")]
    for page in pages:
        is_desk = page in ("", "search/", "hearings/", "documents/days/", "reports/", "compliance/")
        if is_desk:
            yield from (f"/{page}?{query}" for query in asked)
        elif page.startswith("admin/orders/") or page == "follow-ups/":
            yield from (f"/{page}?{query}" for query in asked[:4])
    yield from (f"/admin/orders/order/?{query}" for query in filters)
    yield from (f"/admin/orders/order/export/csv/?{query}" for query in filters[::3])
    yield from (f"/admin/orders/order/export/xlsx/?{query}" for query in filters[::6])
    for page in (one for one in patterns() if one.startswith("api/") and "<" not in one):
        yield f"/{page}?docket_number={DOCKET}"


def shown_at(client: Client, address: str) -> set[str]:
    """Return what of the case an address shows: in its text, in a file, or in a header."""
    answer = client.get(address)
    body = answer.getvalue() if answer.streaming else answer.content
    text = body.decode(errors="replace")
    if body.startswith(b"%PDF") and b"/Catalog" in body:
        text = Pdf(body).everything
    elif body.startswith(b"PK"):
        text = _of_workbook(body)
    text += str(sorted(answer.headers.items()))
    # What was asked for may be repeated.
    asked = address.replace("+", " ")
    return {one for one in (NAME, PROTECTED, SERIAL, DOCKET) if one in text and one not in asked}


def _of_workbook(body: bytes) -> str:
    file = BytesIO(body)
    if not is_zipfile(file):
        return ""
    with ZipFile(file) as parts:
        return " ".join(parts.read(one).decode(errors="replace") for one in parts.namelist())


def signed_in(person: User) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(person)
    return client


@pytest.mark.long
def test_no_address_shows_a_clerk_anything_of_another_courts_case(world: World) -> None:
    stranger = signed_in(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    opened = list(dict.fromkeys((*doors(world), *lists(world))))

    found = {address: shown for address in opened if (shown := shown_at(stranger, address))}

    assert found == {}
    assert len(opened) > 500


def test_the_other_courts_own_clerk_sees_the_case_on_this_walk(world: World) -> None:
    client, order = signed_in(world.clerk), world.order.public_id
    must = [
        "/",
        "/admin/orders/order/?shown=all&surrender=overdue",
        f"/admin/orders/order/{order}/",
        f"/admin/orders/order/{order}/receipt/",
        "/admin/orders/order/export/csv/?shown=all&surrender=overdue",
        f"/documents/orders/{order}/case-summary/",
        f"/documents/hearings/{world.ids['hearing']}/bench/",
        f"/files/{world.ids['attachment']}/content/",
        f"/api/v1/orders/{order}",
    ]
    walked = {one.partition("?")[0] for one in (*doors(world), *lists(world))}

    assert {one for one in must if not shown_at(client, one)} == set()
    # Of acts and documents the walk opens some.
    some = ("/receipt/", "/case-summary/")
    assert {one.partition("?")[0] for one in must if not one.endswith(some)} - walked == set()


def test_no_address_lets_a_clerk_change_another_courts_case(world: World) -> None:
    stranger = signed_in(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    before = HistoryEntry.objects.filter(order=world.order).count()
    addresses = [one for one in doors(world) if one.count("-") > 3 and not one.startswith("/api/")]

    answers = {one: stranger.post(one, {"reason": "A slip.", "confirm": "Yes."}) for one in addresses}

    assert {one.status_code for one in answers.values()} <= {302, 403, 404, 405}
    assert HistoryEntry.objects.filter(order=world.order).count() == before
    assert len(addresses) > 50
