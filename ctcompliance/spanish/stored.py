"""What people wrote is shown as they wrote it: a respondent named “Open” is no state.

The words of a page are translated where it leaves the site, when a name looks like any other word. So the
stored texts that a page reads are collected, and a text that equals one of them is left alone. If
someone is named like a word of the site, that word stays English on the pages that show the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.signals import post_init

from ctcompliance.spanish.words import plain_text

#: The applications whose rows a page of a court shows.
_APPS = ("accounts", "guidance", "notifications", "orders")
#: Columns of text that the project writes or offers to choose from: their words are in the catalog.
_OURS = frozenset(
    {
        "capacity",
        "caliber",
        "certainty",
        "code",
        "condition",
        "content_type",
        "detail",
        "document",
        "entry",
        "failure",
        "file",
        "firearm_type",
        "kind",
        "language",
        "layout",
        "occurrence",
        "period",
        "proof_found",
        "purpose",
        "retention_class",
        "rule_id",
        "source",
        "source_status",
    }
)

_COLLECTED: ContextVar[set[str] | None] = ContextVar("stored_texts", default=None)


@contextmanager
def collected() -> Iterator[set[str]]:
    """A block that collects the stored texts that are read in it."""
    texts: set[str] = set()
    token = _COLLECTED.set(texts)
    try:
        yield texts
    finally:
        _COLLECTED.reset(token)


def watch_stored_texts() -> None:
    """Look at each row of the models that hold what people wrote."""
    for app in _APPS:
        for model in apps.get_app_config(app).get_models():
            if written_columns(model):
                post_init.connect(_collect, sender=model, dispatch_uid=f"stored_texts_{model._meta.label}")


@cache
def written_columns(model: type[models.Model]) -> tuple[str, ...]:
    """Return the columns of a model that hold what people wrote."""
    texts = (models.CharField, models.TextField)
    return tuple(
        one.attname
        for one in model._meta.concrete_fields
        if isinstance(one, texts) and not one.choices and one.name not in _OURS
    )


def _collect(sender: type[models.Model], instance: models.Model, **_: Any) -> None:
    texts = _COLLECTED.get()
    if texts is None:
        return
    # Not by attribute: a column that was left out of the query would be read.
    read = instance.__dict__
    for column in written_columns(sender):
        if isinstance(value := read.get(column), str) and value:
            texts.add(plain_text(value))
