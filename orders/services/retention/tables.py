"""The tables below a case, found from the models: a new table cannot be forgotten."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model, QuerySet

from accounts.narrowing import present
from orders.models import (
    Case,
    Disposition,
    DispositionCase,
    DispositionOutcome,
    HistoryEntry,
    Order,
    Person,
    PersonDecision,
    Respondent,
)

#: What stays: the record of the deletion. The history has a rule of its own in the database.
_STAY = (Disposition, DispositionCase, HistoryEntry)


def paths() -> dict[type[Model], str]:
    """Return each model with rows of a case, and the shortest path from its rows to the case.

    Those farthest from the case come first: the way to their rows leads through the others.
    """
    models = [one for one in apps.get_models(include_auto_created=True) if one not in _STAY]
    found: dict[type[Model], str] = {Case: "pk"}
    waiting: deque[type[Model]] = deque([Case])
    while waiting:
        parent = waiting.popleft()
        above = "" if parent is Case else f"__{found[parent]}"
        for model in models:
            for field in model._meta.get_fields():
                points_up = field.concrete and (field.many_to_one or field.one_to_one)
                if points_up and field.related_model is parent and model not in found:
                    found[model] = f"{field.name}{above}"
                    waiting.append(model)
    del found[Case]
    return dict(reversed(found.items()))


def delete_cases(cases: Collection[int], *, now: datetime) -> None:
    """Delete everything about these cases (by key), also the people that no other case names.

    The number of statements does not depend on the number of cases. PostgreSQL refuses at the end of the
    transaction if a row refers to something that is gone.
    """
    keys = list(cases)
    if not keys:
        return
    respondents = list(Respondent.objects.filter(cases__in=keys).values_list("pk", flat=True))
    # As of a request for a new release, and of the alerts about it.
    for model, empty, way in _other_ways():
        _delete(model, **{f"{empty}__isnull": True, f"{way}__in": keys})
    for model, path in _before_history():
        _delete(model, **{f"{path}__in": keys})
    with connection.cursor() as cursor:
        # The application may not delete from the history; this function of the owner does, under its rule.
        cursor.execute("SELECT orders_delete_history(%s)", [keys])
    _delete(Order, case__in=keys)
    listed = DispositionCase.objects.filter(case__in=keys, outcome=DispositionOutcome.LISTED)
    listed.update(outcome=DispositionOutcome.DELETED, decided_at=now)
    DispositionCase.objects.filter(case__in=keys).update(case=None)
    _delete(Case, pk__in=keys)
    alone = Respondent.objects.filter(pk__in=respondents, cases=None)
    gone = list(alone.values_list("pk", flat=True))
    persons = list(alone.values_list("person", flat=True))
    _delete(PersonDecision, respondent__in=gone)
    _delete(PersonDecision, other__in=gone)
    _delete(Respondent, pk__in=gone)
    _delete(Person, pk__in=persons, respondents=None)


def _before_history() -> list[tuple[type[Model], str]]:
    """Return the tables whose rows are deleted before the history: alerts can refer to an entry of it."""
    return [(model, path) for model, path in paths().items() if model is not Order]


def _other_ways() -> list[tuple[type[Model], str, str]]:
    """Return each model with a row that may lead to the case by another column than that of `paths`.

    Each with that column, which is empty then, and the other way; the longest ways first.
    """
    found = [
        (model, path.partition("__")[0], way)
        for model, path in paths().items()
        for way in _ways(model, frozenset())[1:]
    ]
    return sorted(found, key=lambda one: one[2].count("__"), reverse=True)


def _ways(model: type[Model], seen: frozenset[type[Model]]) -> list[str]:
    """Return the path of the model, and if its first column may be empty, the ways by the others."""
    known = paths()
    path = known.get(model, "")
    first, _, rest = path.partition("__")
    if not rest or not model._meta.get_field(first).null or model in seen:
        return [path]
    others = [
        f"{field.name}__{way}"
        for field in model._meta.get_fields()
        if field.concrete and (field.many_to_one or field.one_to_one)
        if field.name != first and field.related_model in known
        for way in _ways(field.related_model, seen | {model})
    ]
    return [path, *others]


def _delete(model: type[Model], **conditions: object) -> None:
    """Delete the rows in one statement. Nothing cascades: the caller names every table."""
    if [] in conditions.values():
        return
    rows: QuerySet[Model, Any] = QuerySet(model).filter(**conditions).values("pk")
    statement, values = rows.query.sql_with_params()
    table, key = (
        connection.ops.quote_name(one) for one in (model._meta.db_table, str(present(model._meta.pk).column))
    )
    with connection.cursor() as cursor:
        cursor.execute(" ".join(("DELETE FROM", table, "WHERE", key, "IN (", statement, ")")), values)
