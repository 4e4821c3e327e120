"""The matrix covers every model, API address and field, and every entry point checks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.urls import URLResolver, get_resolver
from rest_framework import serializers

from accounts.access import MATRIX, Matrix, MatrixError, read
from accounts.api.permissions import scope_for
from accounts.api.serializers import OutputSerializer
from accounts.api.views import ResourceView
from accounts.models import Role, Scope
from orders.models import Capacity

OURS = ("accounts", "orders", "guidance", "notifications")

#: Addresses of the API that are about no object.
ABOUT_ITSELF = {"schema", "api-docs"}


def addresses(patterns: list[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every address with its pattern."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, before + str(one.pattern))
        else:
            yield before + str(one.pattern), one


API = {
    str(pattern.name): pattern.callback.cls
    for address, pattern in addresses(get_resolver().url_patterns)
    if address.startswith("api/") and pattern.name not in ABOUT_ITSELF
}


def shapes(above: type = OutputSerializer) -> Iterator[type[OutputSerializer]]:
    """Yield every output serializer with a resource; others are only bases."""
    for one in above.__subclasses__():
        if hasattr(one, "resource"):
            yield one
        yield from shapes(one)


def test_roles_and_capacities_match_the_models() -> None:
    assert MATRIX.roles == set(Role.values)
    assert MATRIX.capacities.keys() == set(Capacity.values)


def test_every_model_is_in_the_matrix() -> None:
    models = {
        model._meta.label_lower
        for app in OURS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    }

    assert models == MATRIX.by_model.keys() | MATRIX.internal.keys()
    assert not MATRIX.by_model.keys() & MATRIX.internal.keys()


@pytest.mark.parametrize("name", API)
def test_every_api_address_maps_to_actions_of_a_resource(name: str) -> None:
    view = API[name]

    assert issubclass(view, ResourceView)
    assert view.actions.keys() <= {"GET", "POST", "PUT", "PATCH", "DELETE"}
    resource = MATRIX.resources[view.resource]
    assert set(view.actions.values()) <= resource.actions.keys()
    scopes = {scope_for(resource.scope, is_reading=method == "GET") for method in view.actions}
    assert scopes <= set(Scope.values)


@pytest.mark.parametrize("shape", sorted(set(shapes()), key=str))
def test_fields_of_the_output_match_the_matrix(
    shape: type[OutputSerializer],
) -> None:
    lines = MATRIX.resources[shape.resource].fields.keys()
    fields = shape(context={}).fields.keys()

    assert fields <= lines
    others = {name for one in shapes() if one.resource == shape.resource for name in one(context={}).fields}
    assert lines == others


@pytest.mark.parametrize("name", API)
def test_output_goes_through_the_matrix(name: str) -> None:
    """The output of an address is an `OutputSerializer`, including nested ones."""
    shows = getattr(API[name], "output", None)
    if shows is not None:
        assert issubclass(shows, OutputSerializer)
        assert not issubclass(shows, serializers.ModelSerializer)


def matrix(tmp_path: Path, text: str) -> Matrix:
    file = tmp_path / "matrix.toml"
    file.write_text(
        'roles = ["clerk", "judge"]\n[group]\ncourt = ["clerk", "judge"]\nall = ["court"]\n'
        '[capacity.court]\nseen_by = ["court"]\nalert_role = "clerk"\n[internal]\n' + text
    )
    return read(file)


def test_groups_expand_to_their_roles(tmp_path: Path) -> None:
    found = matrix(
        tmp_path,
        '[order]\nmodel = "orders.Order"\nscope = "orders"\n'
        '[order.actions]\nview = ["all"]\n[order.fields]\nid = ["clerk"]\n',
    )

    assert found.may({"judge"}, "view", "order")
    assert not found.may({"judge"}, "fly", "order")
    assert found.resources["order"].fields_for({"clerk", "judge"}) == {"id"}
    assert found.resources["order"].fields_for({"judge"}) == frozenset()
    assert found.capacities_by_role == {"clerk": ("court",), "judge": ("court",)}


def test_unknown_role_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(
        MatrixError, match=r"order\.actions\.view: “clerc” is no role and no group; use all, "
    ):
        matrix(tmp_path, '[order]\nscope = "orders"\n[order.actions]\nview = ["clerc"]\n')
