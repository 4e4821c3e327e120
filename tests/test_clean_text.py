"""Every text field of every form and API input cleans its text, and refuses what is not visible."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from rest_framework import serializers

import accounts
import notifications
import orders
from accounts.api.serializers import InputSerializer
from accounts.form_base import SiteForm, SiteFormMixin, clean_text_of
from accounts.models import Role, User
from accounts.services import people
from tests import make
from tests.forms import opened
from tests.orders.test_admin.conftest import signed_in

#: As people paste it: a zero-width space, a right-to-left mark, no-break spaces, and a decomposed letter.
PASTED = "\u200b\u200f Jose\u0301\u00a0\u00a0Bi\u200brch\u202e \u2066"
CLEANED = "Jos\u00e9 Birch"
#: The same around digits, for a field that is too short for a name.
PASTED_DIGITS, DIGITS = "\u200b12\u200f34\u00a0", "1234"
INVISIBLE = "\u200b\u200e \u00a0\u2060\ufeff\u3164"

#: Forms of sign-in: they take secrets, and allauth or Django declares their other fields.
SIGN_IN = {
    "AddAppForm",
    "ChangePasswordForm",
    "CodeForm",
    "PasskeyAloneForm",
    "PasskeyForm",
    "SetPasswordForm",
    "SignInForm",
}


def _modules() -> None:
    for package in (accounts, orders, notifications):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in one.name and ".management" not in one.name:
                importlib.import_module(one.name)


def _below(base: Any) -> Iterator[Any]:
    for one in base.__subclasses__():
        yield one
        yield from _below(one)


def _ours(base: Any) -> list[Any]:
    _modules()
    found = {
        f"{one.__module__}.{one.__name__}": one
        for one in _below(base)
        if one.__module__.split(".")[0] in ("accounts", "orders", "guidance", "notifications")
    }
    return [found[name] for name in sorted(found)]


FORMS = [one for one in _ours(forms.BaseForm) if one.__name__ not in SIGN_IN]


def _text_fields() -> list[Any]:
    return [
        pytest.param(field, id=f"{form.__name__}.{name}")
        for form in FORMS
        for name, field in form.base_fields.items()
        if isinstance(field, forms.CharField)
        and not isinstance(field.widget, forms.HiddenInput | forms.PasswordInput)
        and name not in form.kept_as_typed
    ]


def _input_fields() -> list[Any]:
    return [
        pytest.param(field, id=f"{one.__name__}.{name}")
        for one in _ours(InputSerializer)
        for name, field in one(context={}).fields.items()
        if isinstance(field, serializers.CharField) and name not in one.kept_as_sent
    ]


def _pasted(field: forms.CharField | serializers.CharField) -> tuple[str, str]:
    """A text that the field has room for, as pasted and as cleaned."""
    is_short = field.max_length is not None and field.max_length < len(CLEANED)
    return (PASTED_DIGITS, DIGITS) if is_short else (PASTED, CLEANED)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_has_the_base_that_cleans(form: Any) -> None:
    assert issubclass(form, SiteFormMixin)


@pytest.mark.parametrize("declared", _text_fields())
def test_text_of_a_form_is_cleaned(declared: forms.CharField) -> None:
    field = deepcopy(declared)
    clean_text_of(field)

    # Other kinds of field take only addresses, times or numbers.
    if type(field) is forms.CharField:
        pasted, cleaned = _pasted(field)
        assert field.clean(pasted) == cleaned
    if field.required:
        with pytest.raises(ValidationError) as refused:
            field.clean(INVISIBLE)
        assert [one.code for one in refused.value.error_list] == ["required"]
    else:
        assert not field.clean(INVISIBLE)


@pytest.mark.parametrize("field", _input_fields())
def test_text_of_the_api_is_cleaned(field: Any) -> None:
    if type(field) is serializers.CharField:
        pasted, cleaned = _pasted(field)
        assert field.run_validation(pasted) == cleaned
    if field.allow_blank:
        assert field.run_validation(INVISIBLE) == ""
    else:
        with pytest.raises(serializers.ValidationError) as refused:
            field.run_validation(INVISIBLE)
        assert refused.value.get_codes() == ["blank"]


def test_the_walk_finds_fields() -> None:
    assert len(_text_fields()) > 40
    assert len(_input_fields()) > 40


def test_lines_and_secrets_stay() -> None:
    class Probe(SiteForm):
        kept_as_typed = ("service",)

        notes = forms.CharField(widget=forms.Textarea)
        password = forms.CharField(strip=False, widget=forms.PasswordInput)
        service = forms.CharField(strip=False)
        seen = forms.CharField(strip=False, widget=forms.HiddenInput)

    secret = "\u200bJose\u0301 "
    form = Probe(
        {"notes": "one\u200b\r\n\r\ntwo\u00a0", "password": secret, "service": secret, "seen": secret}
    )

    assert form.is_valid()
    assert form.cleaned_data == {"notes": "one\n\ntwo", "password": secret, "service": secret, "seen": secret}


@pytest.mark.django_db
def test_a_person_without_a_visible_name_is_refused_at_the_page_and_in_the_service() -> None:
    administrator = signed_in(make.person(Role.ADMINISTRATOR))
    address = "/admin/accounts/user/add/"
    rows = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    sheet = {"email": "new@agency.example", "password1": "", "password2": "", **rows}

    answer = administrator.post(address, sheet | {"name": INVISIBLE} | opened(administrator, address))

    assert "Fill in “" in answer.content.decode()
    with pytest.raises(ValidationError):
        people.create_user(email="new@agency.example", name=INVISIBLE)
    assert people.create_user(email="\u200bnew@agency.example", name=PASTED).name == CLEANED
    assert User.objects.filter(email="new@agency.example").exists()
