"""No address of the admin site reads a column letter by letter, and reading accounts is on record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import FieldListFilter, SimpleListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Model
from django.test import Client, RequestFactory

from accounts.models import AgencyKind, AuditAction, AuditEntry, Role, Session, User
from accounts.searching import OnlyFilters, parameters_of
from tests import make

#: What finds rows by the beginning or the order of a value, or by the value.
LOOKUPS = ("", "__exact", "__gte", "__startswith", "__in")
#: A column of the row itself, and of each row that it is related to.
DEPTH = 2

ADMINS = sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label)


def paths(model: type[Model], depth: int) -> Iterator[str]:
    """Yield the path to every column that a model leads to, by every relation in either direction."""
    for field in model._meta.get_fields():
        name = field.name
        yield name
        related: Any = field.related_model if field.is_relation else None
        if related is not None and depth > 1:
            for below in paths(related, depth - 1):
                yield f"{name}__{below}"


@pytest.mark.parametrize(("model", "shown"), ADMINS, ids=lambda one: getattr(one, "__name__", ""))
def test_every_list_is_filtered_by_its_own_filters_only(model: type[Model], shown: Any) -> None:
    request = RequestFactory().get("/")
    request.user = User()
    offered = {name for one in shown.get_list_filter(request) for name in parameters_of(one)}

    assert isinstance(shown, OnlyFilters)
    allowed = {
        f"{path}{lookup}"
        for path in paths(model, DEPTH)
        for lookup in LOOKUPS
        if f"{path}{lookup}" not in offered and shown.lookup_allowed(f"{path}{lookup}", "x", request)
    }
    assert not allowed
    assert not any(name.endswith(("__gte", "__gt", "__lt", "__startswith")) for name in offered)


@pytest.mark.parametrize(("model", "shown"), ADMINS, ids=lambda one: getattr(one, "__name__", ""))
def test_every_filter_of_a_list_works(model: type[Model], shown: Any) -> None:
    request = RequestFactory().get("/")
    request.user = User()
    for one in shown.get_list_filter(request):
        if isinstance(one, type) and issubclass(one, SimpleListFilter):
            assert shown.lookup_allowed(one.parameter_name, "x", request)
            continue
        path, kind = (one, FieldListFilter.create) if isinstance(one, str) else one
        field = get_fields_from_path(model, path)[-1]
        made: Any = kind(field, request, {}, model, shown, field_path=path)
        assert all(shown.lookup_allowed(name, "x", request) for name in made.expected_parameters())


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make.person(Role.ADMINISTRATOR))
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    "lookup",
    [
        "sessions__session_key__gte",
        "password__startswith",
        "email__contains",
        "tokens__digest__gte",
        "memberships__agency__towns__name",
    ],
)
def test_filter_of_another_column_is_refused(lookup: str, desk: Client) -> None:
    answer = desk.get("/admin/accounts/user/", {lookup: "0"})

    assert answer.status_code == 400


@pytest.mark.django_db
def test_key_of_a_session_is_not_in_the_database() -> None:
    clerk = Client()
    clerk.force_login(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    stored = Session.objects.get()
    key = clerk.cookies["sessionid"].value
    assert clerk.get("/").status_code == 200

    thief = Client()
    thief.cookies["sessionid"] = stored.session_key
    assert stored.session_key != key
    assert thief.get("/").status_code == 302

    clerk.get("/")
    clerk.post("/sign-out/")
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_reading_accounts_is_on_record(desk: Client) -> None:
    clerk = make.person(Role.CLERK, make.agency(AgencyKind.COURT))

    desk.get("/admin/accounts/user/", {"memberships__role__exact": "clerk"})
    desk.get(f"/admin/accounts/user/{clerk.pk}/change/")

    page, lists = AuditEntry.objects.filter(action=AuditAction.ACCOUNTS_READ)
    assert (lists.subject, lists.detail) == (None, {"filters": ["memberships__role__exact"]})
    assert page.subject == clerk
    assert page.actor == lists.actor is not None
