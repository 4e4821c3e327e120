"""Permissions in the admin site follow from roles and the matrix alone."""

from __future__ import annotations

import itertools

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser
from pytest_django import DjangoAssertNumQueries

from accounts.access import MATRIX
from accounts.backends import RoleBackend
from accounts.models import Role, User
from accounts.services import people
from tests.accounts.conftest import PASSWORD, MakePerson

ACTS = ("view", "add", "change", "delete")

MODELS = [model._meta.label_lower for model in apps.get_models(include_auto_created=True)]


@pytest.mark.parametrize("role", list(Role))
def test_roles_permit_exactly_what_the_matrix_lists(role: Role, make_person: MakePerson) -> None:
    person = make_person(role)

    permitted = {
        (model, action)
        for model, action in itertools.product(MODELS, ACTS)
        if person.has_perm(model.replace(".", f".{action}_"))
    }

    assert permitted == {
        (model, action)
        for model, action in itertools.product(MODELS, ACTS)
        if model in MATRIX.by_model and role in MATRIX.by_model[model].actions.get(action, ())
    }
    looked_at = {model.partition(".")[0] for model, action in permitted if action == "view"}
    assert {app.label for app in apps.get_app_configs() if person.has_module_perms(app.label)} == looked_at


@pytest.mark.parametrize("app", ["admin", "auth", "contenttypes", "sessions", "accounts", "orders"])
@pytest.mark.parametrize("role", list(Role))
def test_unlisted_permissions_are_refused(app: str, role: Role, make_person: MakePerson) -> None:
    person = make_person(role)

    assert not any(person.has_perm(f"{app}.{action}_something") for action in (*ACTS, "", "fly"))


def test_roles_add_up(make_person: MakePerson) -> None:
    person = make_person(Role.JUDGE)
    people.grant_role(user=person, role=Role.ADMINISTRATOR)

    assert person.has_perms(["orders.view_order", "accounts.add_user"])
    assert not person.has_perms(["orders.view_order", "orders.change_order"])


@pytest.mark.parametrize("role", [Role.CLERK, Role.ADMINISTRATOR])
def test_inactive_person_has_no_permission_and_no_session(role: Role, make_person: MakePerson) -> None:
    person = make_person(role)
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.refresh_from_db()

    assert not any(person.has_perm(model.replace(".", f".{action}_")) for model in MODELS for action in ACTS)
    assert RoleBackend().get_user(person.pk) is None
    assert authenticate(username=person.email, password=PASSWORD) is None


def test_anonymous_user_has_no_permission() -> None:
    assert not RoleBackend().has_perm(AnonymousUser(), "orders.view_order")
    assert not RoleBackend().has_module_perms(AnonymousUser(), "orders")


def test_superuser_from_the_terminal_sees_no_case(db: None) -> None:
    person = User.objects.create_superuser("root@example.org", PASSWORD, name="Robin Terminal")

    assert person.has_perm("accounts.view_user")
    assert not person.has_perm("orders.view_order")


def test_user_of_a_session_has_memberships_prefetched(
    make_person: MakePerson, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pk = make_person(Role.CLERK).pk

    with django_assert_num_queries(2):
        person = RoleBackend().get_user(pk)
        assert person is not None
        assert [str(membership) for membership in person.memberships.all()]
        assert person.has_perm("orders.view_order")
