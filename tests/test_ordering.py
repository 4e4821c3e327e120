"""Rows that hang on another row are listed as they were entered, not as PostgreSQL last wrote them.

The order of rows without `Meta.ordering` changes with each update. It would then show, to people who may see
the rows, that something changed that they may not see.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

APPS = ("accounts", "guidance", "notifications", "orders")

#: Models without an order of their own, with the reason.
WITHOUT = {
    "accounts.Session": "sessions of a person are counted and ended, never listed",
    "notifications.Preference": "one for each person",
    "orders.Case": "each list of them is sorted by docket",
    "orders.Checkpoint": "millions of rows; FIRE and the planner sort what they read",
    "orders.ImportPiece": "read by number",
    "orders.ImportReject": "each list of them has an order",
    "orders.Order": "lists of orders have their own order, by what is most urgent",
    "orders.OrderUrgency": "one for each order",
    "orders.Respondent": "each list of them has an order",
}


def listed() -> Iterator[type[models.Model]]:
    """Models whose rows another row lists by a related manager."""
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            fields = (one for one in model._meta.get_fields() if isinstance(one, models.ForeignKey))
            if any(not one.remote_field.hidden for one in fields):
                yield model


def test_rows_of_another_row_have_an_order() -> None:
    found = {model._meta.label for model in listed() if not model._meta.ordering}

    assert found == set(WITHOUT)


def test_models_with_an_order_are_found() -> None:
    assert "orders.Permit" in {model._meta.label for model in listed()}
