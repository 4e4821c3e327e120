"""The matrix of who may see and do what covers everything there is, and is what the doors go by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework import serializers

from accounts.access import MATRIX, Matrix, MatrixError, read
from accounts.api.body import Shown
from accounts.api.views import ApiView, scope_for
from accounts.models import Role, Scope
from orders.models import Capacity

OURS = ("accounts", "orders", "notifications")

#: Addresses of the API that are about no object.
ABOUT_ITSELF = {"schema", "api-docs"}


def addresses(patterns: list[Any], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address with its pattern."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, before + str(one.pattern))
        else:
            yield before + str(one.pattern), one


API = {
    str(pattern.name): pattern.callback.cls  # type: ignore[attr-defined]
    for address, pattern in addresses(get_resolver().url_patterns)
    if address.startswith("api/") and pattern.name not in ABOUT_ITSELF
}


def shapes(above: type = Shown) -> Iterator[type[Shown]]:
    """Every shape that is shown; some only hold what others have in common."""
    for one in above.__subclasses__():
        if hasattr(one, "thing"):
            yield one
        yield from shapes(one)


def test_roles_and_capacities_are_those_there_are() -> None:
    assert MATRIX.roles == set(Role.values)
    assert MATRIX.capacities.keys() == set(Capacity.values)


def test_every_model_has_a_line() -> None:
    models = {
        model._meta.label_lower
        for app in OURS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    }

    assert models == MATRIX.of_model.keys() | MATRIX.internal.keys()
    assert not MATRIX.of_model.keys() & MATRIX.internal.keys()


@pytest.mark.parametrize("name", API)
def test_every_address_of_the_api_is_acts_of_an_object(name: str) -> None:
    view = API[name]

    assert issubclass(view, ApiView)
    assert view.acts.keys() <= {"GET", "POST", "PUT", "PATCH", "DELETE"}
    thing = MATRIX.things[view.thing]
    assert set(view.acts.values()) <= thing.acts.keys()
    scopes = {scope_for(thing.scope, is_reading=method == "GET") for method in view.acts}
    assert scopes <= set(Scope.values)


@pytest.mark.parametrize("shape", sorted(set(shapes()), key=str))
def test_every_field_that_is_shown_has_a_line_and_every_line_of_a_shown_object_a_field(
    shape: type[Shown],
) -> None:
    lines = MATRIX.things[shape.thing].fields.keys()
    fields = shape(context={}).fields.keys()

    assert fields <= lines
    others = {name for one in shapes() if one.thing == shape.thing for name in one(context={}).fields}
    assert lines == others


@pytest.mark.parametrize("name", API)
def test_nothing_is_shown_past_the_matrix(name: str) -> None:
    """What an address shows is a `Shown`, all the way down to shapes that hold no field of a case."""
    shows = getattr(API[name], "shows", None)
    if shows is not None:
        assert issubclass(shows, Shown)
        assert not issubclass(shows, serializers.ModelSerializer)


def matrix(tmp_path: Path, text: str) -> Matrix:
    file = tmp_path / "matrix.toml"
    file.write_text(
        'roles = ["clerk", "judge"]\n[group]\ncourt = ["clerk", "judge"]\nall = ["court"]\n'
        '[capacity.court]\nseen_by = ["court"]\ntold = "clerk"\n[internal]\n' + text
    )
    return read(file)


def test_groups_stand_for_their_roles(tmp_path: Path) -> None:
    found = matrix(
        tmp_path,
        '[order]\nmodel = "orders.Order"\nscope = "orders"\n'
        '[order.acts]\nview = ["all"]\n[order.fields]\nid = ["clerk"]\n',
    )

    assert found.may({"judge"}, "view", "order")
    assert not found.may({"judge"}, "fly", "order")
    assert found.things["order"].fields_for({"clerk", "judge"}) == {"id"}
    assert found.things["order"].fields_for({"judge"}) == frozenset()
    assert found.concerned_as == {"clerk": ("court",), "judge": ("court",)}


def test_a_slip_of_the_pen_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(MatrixError, match=r"order\.acts\.view: “clerc” is no role and no group; use all, "):
        matrix(tmp_path, '[order]\nscope = "orders"\n[order.acts]\nview = ["clerc"]\n')
