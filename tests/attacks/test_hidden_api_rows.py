"""Every operation of the API answers for a hidden row as for no row, in all ways of asking."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection

from accounts.models import AgencyKind, Membership, Role
from accounts.services.access import enumeration_guard
from notifications.services.firing.fire import Firer
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.document import document
from tests.api.fixtures import Fixtures
from tests.callers import store_no_use_of_tokens

pytestmark = [pytest.mark.django_db, pytest.mark.long]

#: Roles of the stranger, each in an agency that the order does not involve.
PLACES = {
    Role.LIAISON: AgencyKind.POLICE,
    Role.SUPERVISOR: AgencyKind.POLICE,
    Role.MARSHAL: AgencyKind.MARSHAL,
    Role.PROSECUTOR: AgencyKind.PROSECUTOR,
    Role.LICENSING: AgencyKind.LICENSING,
    Role.ADVOCATE: AgencyKind.ADVOCACY,
}
#: What a call sends in addition to the usual headers, and its body.
WAYS: dict[str, tuple[dict[str, str], str]] = {
    "plain": ({}, "{}"),
    "another type of answer": ({"Accept": "text/vcard"}, "{}"),
    "another type of body": ({"Content-Type": "text/xml"}, "<a/>"),
    "broken body": ({}, "{"),
    "a list as body": ({}, "[]"),
    "an unknown field": ({}, '{"unknown": 1}'),
    "no idempotency key": ({"Idempotency-Key": ""}, "{}"),
    "a version": ({"If-Match": '"1"'}, "{}"),
}
#: Different in each answer.
RANDOM = {"X-Request-Id", "RateLimit"}


def operations() -> Iterator[tuple[str, str]]:
    """Yield the methods and addresses that take an id, with a method that each address refuses."""
    for path, declared in document()["paths"].items():
        if "{id}" in path:
            filled = path.replace("{kind}", "case-summary").replace("{name}", "orders")
            yield from ((method, filled) for method in (*declared, "options"))


def hidden_rows() -> dict[str, str]:
    """The id of a row of each model that has one, by the word for it in addresses."""
    found: dict[str, str] = {}
    for model in apps.get_models():
        if any(one.name == "public_id" for one in model._meta.fields):
            ids = model._default_manager.order_by("pk").values_list("public_id", flat=True)
            found |= {str(model._meta.model_name): str(one) for one in ids[:1]}
    return found | {"condition": found["ordercondition"]}


def answer(caller: Caller, method: str, path: str, row: str, way: str) -> tuple[Any, ...]:
    """Status, text, headers, and number of statements, without the id."""
    headers, body = WAYS[way]
    sent = {"Authorization": f"Bearer {caller.token}", "Idempotency-Key": str(uuid.uuid4()), **headers}
    kind = sent.pop("Content-Type", "application/json")
    statements: list[str] = []

    def counted(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(counted):
        address = path.replace("{id}", row)
        found = caller.client.generic(method.upper(), address, body, content_type=kind, headers=sent)
    text = found.getvalue()
    shown = {name: value for name, value in found.headers.items() if name not in RANDOM}
    return found.status_code, text.replace(row.encode(), b"ID"), shown, len(statements)


def test_a_hidden_row_and_a_missing_one_have_the_same_answer(
    fixtures: Fixtures, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enumeration_guard, "LIMIT", 10**9)
    Firer("test").fire(now=fixtures.now)
    stranger = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    for role, kind in PLACES.items():
        Membership.objects.create(user=stranger, role=role, agency=make.agency(kind))
    outside, inside = caller(stranger), caller(make.person(Role.CLERK, fixtures.court))
    rows, differ, opened = hidden_rows(), [], set()
    store_no_use_of_tokens()

    for method, path in operations():
        row = rows.get(path.split("/")[3].replace("-", "").removesuffix("s"))
        if row is None:
            continue
        for way in WAYS if method in ("post", "patch", "delete") else ("plain", "another type of answer"):
            cache.clear()
            one, other = (answer(outside, method, path, asked, way) for asked in (row, str(uuid.uuid4())))
            if one != other or one[0] < 400:
                differ.append((method, path, way, one[0], other[0]))
        if method == "get" and answer(inside, method, path, row, "plain")[0] == 200:
            opened.add(path)

    assert not differ
    assert len(opened) > 20, "the rows are there for those who may see them"
