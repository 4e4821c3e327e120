"""Query parameters of POST, PUT, PATCH and DELETE: unknown ones are refused at every address."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLResolver, get_resolver

from accounts.access import MATRIX
from accounts.api.views import ResourceView
from accounts.models import AgencyKind, AuditEntry, Role
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db

#: The kind of agency in which a role is held; the others are held without one.
_PLACES: dict[Role, AgencyKind | None] = {
    Role.CLERK: AgencyKind.COURT,
    Role.LIAISON: AgencyKind.POLICE,
    Role.PROSECUTOR: AgencyKind.PROSECUTOR,
    Role.MARSHAL: AgencyKind.MARSHAL,
    Role.SUPERVISOR: AgencyKind.POLICE,
    Role.ADVOCATE: AgencyKind.ADVOCACY,
    Role.ADMINISTRATOR: None,
    Role.AUDITOR: None,
}


def _views(patterns: Any, above: str = "/") -> Iterator[tuple[str, type[ResourceView]]]:
    """Every address of the API with its view; the ids in it belong to nothing."""
    for pattern in patterns:
        below = above + str(pattern.pattern)
        view = getattr(getattr(pattern, "callback", None), "cls", None)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, below)
        elif isinstance(view, type) and issubclass(view, ResourceView):
            yield re.sub(r"<(str|slug):\w+>", "orders", re.sub(r"<\w+:id>", str(uuid.uuid4()), below)), view


#: Every method with an effect.
EFFECTS = [
    pytest.param(address, view, method, id=f"{view.__name__}-{method}")
    for address, view in _views(get_resolver().url_patterns)
    for method in view.actions
    if method != "GET"
]


def _caller_for(view: type[ResourceView], method: str, caller: MakeCaller) -> Caller:
    allowed = MATRIX.resources[view.resource].actions[view.actions[method]]
    role = next(one for one in _PLACES if one.value in allowed)
    kind = _PLACES[role]
    return caller(make.person(role, make.agency(kind) if kind else None))


@pytest.mark.parametrize(("address", "view", "method"), EFFECTS)
def test_unknown_parameter_is_refused(
    address: str, view: type[ResourceView], method: str, caller: MakeCaller
) -> None:
    person = _caller_for(view, method, caller)
    content_type = next(iter(getattr(view, "uploads", ["application/json"])))

    answer = person.client.generic(
        method,
        f"{address}?dryrun=true",
        b"{}",
        content_type=content_type,
        headers=person._with({"Idempotency-Key": str(uuid.uuid4()), "If-Match": "*"}),
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), answer.content
    assert [one["field"] for one in answer.json()["errors"]] == ["dryrun"]
    assert "Unknown parameter" in answer.json()["errors"][0]["message"]
    assert not AuditEntry.objects.filter(action="done").exists()


@pytest.mark.parametrize("query", ["dry_run=true", "dry_run=false", "dry_run", "dry_run=true&dry_run=true"])
def test_dry_run_of_an_act_without_one_is_refused(query: str, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    answer = clerk.post(f"/imports?{query}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "dry_run")
    assert clerk.get("/imports").json()["results"] == []


def test_dry_run_sent_twice_changes_nothing(caller: MakeCaller) -> None:
    order = make.order()
    clerk = caller(make.person(Role.CLERK, order.case.court))

    answer = clerk.post(f"/orders/{order.public_id}/firearms?dry_run=false&dry_run=true", {})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "twice")
