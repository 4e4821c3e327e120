"""A page about a hidden row and about no row is the same, after the same number of statements."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver

from accounts.models import AgencyKind, Membership, Role, User
from accounts.services.access import enumeration_guard
from notifications.services.firing.fire import Firer
from tests import make
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db

#: The model whose row a page shows, by the beginning of its address.
SHOWN = {
    "admin/orders/order/<": "orders.Order",
    "admin/orders/reviewitem/": "orders.ReviewItem",
    "cases/": "orders.Order",
    "confidentiality-releases/": "orders.ConfidentialityRelease",
    "custody/": "orders.Firearm",
    "documents/hearings/": "orders.Hearing",
    "documents/orders/": "orders.Order",
    "documents/receipts/": "orders.Receipt",
    "follow-ups/": "orders.FollowUp",
    "licensing/": "orders.Order",
    "notices/": "notifications.Alert",
}
#: Roles of the stranger, each in an agency that the order does not involve.
ROLES = (Role.LIAISON, Role.MARSHAL, Role.PROSECUTOR, Role.LICENSING, Role.ADVOCATE)
KINDS = (
    AgencyKind.POLICE,
    AgencyKind.MARSHAL,
    AgencyKind.PROSECUTOR,
    AgencyKind.LICENSING,
    AgencyKind.ADVOCACY,
)
#: Random for each response.
RANDOM = re.compile(r'value="[\w.:-]{20,}"|data-left="\d+"')


def addresses(patterns: Any, before: str = "") -> Iterator[str]:
    for one in patterns:
        address = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield address
        else:
            yield from addresses(one.url_patterns, address)


def doors() -> dict[str, str]:
    """Every page with an id, with the model of its row."""
    found = {}
    for address in addresses(get_resolver().url_patterns):
        model = next((one for start, one in SHOWN.items() if address.startswith(start)), "")
        if model and "<uuid" in address:
            filled = address.replace("<slug:kind>", "case-summary").replace("<slug:name>", "modify")
            found[filled] = model
    return found


def answer(client: Client, method: str, address: str, public_id: str) -> tuple[Any, ...]:
    """Status, target, text and number of statements, without the id."""
    with CaptureQueriesContext(connection) as captured:
        sent = getattr(client, method)("/" + re.sub(r"<uuid:\w+>", public_id, address))
    body = b"".join(sent) if sent.streaming else sent.content
    text = RANDOM.sub("", body.decode(errors="replace").replace(public_id, "ID"))
    return sent.status_code, sent.headers.get("Location", "").replace(public_id, "ID"), text, len(captured)


def signed_in(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    client.get("/")
    return client


def test_a_hidden_row_and_a_missing_one_have_the_same_page(
    fixtures: Fixtures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enumeration_guard, "LIMIT", 10**6)
    Firer("test").fire(now=fixtures.now)
    stranger = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    for role, kind in zip(ROLES, KINDS, strict=True):
        Membership.objects.create(user=stranger, role=role, agency=make.agency(kind))
    outside = signed_in(stranger)
    inside = signed_in(make.person(Role.CLERK, fixtures.court))
    differ, opened = [], 0
    for address, model in doors().items():
        hidden: Any = apps.get_model(model)._default_manager.order_by("pk").first()
        for method in ("get", "post"):
            one = answer(outside, method, address, str(hidden.public_id))
            if one != answer(outside, method, address, str(uuid.uuid4())):
                differ.append((method, address))
        opened += answer(inside, "get", address, str(hidden.public_id))[0] == 200

    assert not differ
    assert opened >= 5, "the rows are there for those who may see them"
