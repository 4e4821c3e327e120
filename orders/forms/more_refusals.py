"""What a service refuses of a form that has errors already, so that a person reads all in one round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction

from orders.errors import InvalidFact
from orders.forms.fields import AgencyByNameField, ClockField, DayField, InstantField


def refusals_beside(form: forms.BaseForm, call: Callable[[], object], *, now: datetime) -> list[InvalidFact]:
    """Return what `call` refuses of the fields without an error. Nothing is stored.

    A field with an error has no value, so the call is tried with two substitutes. What is refused with both
    of them does not follow from either.
    """
    wrong = set(form.errors)
    shown = {field.name for field in form.visible_fields()}
    if not wrong or NON_FIELD_ERRORS in wrong or not wrong <= shown:
        return []
    pairs = {name: _substitutes(form.fields[name], now) for name in wrong}
    if not all(pairs.values()):
        return []
    first, second = (
        _refused(form, {name: pair[number] for name, pair in pairs.items()}, call) for number in (0, 1)
    )
    also = {(one.field, one.code) for one in second}
    return [one for one in first if one.field not in wrong and (one.field, one.code) in also]


def refused_by(form: forms.BaseForm, call: Callable[[], object]) -> list[InvalidFact]:
    """Return what `call` refuses of a form whose own fields have no error. Nothing is stored."""
    return _refused(form, {}, call)


def _refused(form: forms.BaseForm, given: dict[str, Any], call: Callable[[], object]) -> list[InvalidFact]:
    typed = form.cleaned_data
    form.cleaned_data = typed | given
    found: list[InvalidFact] = []
    # Only refusals matter here: what else fails with a substitute is not about what was typed.
    with suppress(Exception), transaction.atomic():
        try:
            call()
        except InvalidFact as refusal:
            found = [refusal, *refusal.others]
        transaction.set_rollback(True)
    form.cleaned_data = typed
    for one in found:
        one.others = ()
    return found


def _substitutes(field: Any, now: datetime) -> Sequence[Any]:
    """Return two values that the field may have; nothing if it is not known."""
    if isinstance(field, InstantField):
        here = now.astimezone(field.zone)
        return here - timedelta(minutes=1), here + timedelta(days=1)
    if isinstance(field, forms.ChoiceField | forms.ModelChoiceField):
        return _of_choices(field)
    return next((given(now) for kinds, given in _SIMPLE if isinstance(field, kinds)), ())


#: The substitutes of other fields: the first kind that fits.
_SIMPLE: Sequence[tuple[Any, Callable[[datetime], Sequence[Any]]]] = (
    (DayField, lambda now: (now.date(), now.date() + timedelta(days=1))),
    (ClockField, lambda _: (time(9), time(15))),
    (forms.IntegerField, lambda _: (1, 2)),
    (AgencyByNameField, lambda _: ()),
    (forms.CharField, lambda _: ("One", "Two")),
)


def _of_choices(field: Any) -> Sequence[Any]:
    """Return two of the choices, of a field that takes several also both at once."""
    if isinstance(field, forms.ModelChoiceField):
        rows: Any = field.queryset
        chosen = list(rows[:2])
    else:
        choices: Any = field.choices
        values: list[Any] = []
        for value, words in choices:
            values += [key for key, _ in words] if isinstance(words, list | tuple) else [value]
        chosen = [one for one in values if one]
    if not chosen:
        return ()
    if isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
        return chosen, chosen[:1]
    return chosen[0], chosen[-1]
