"""Rows written in bulk are stored as Django stores them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, models, transaction

from orders.models import Checkpoint, Deadline
from orders.services.bulk import insert, make, update
from orders.services.planning.rows import _CHANGED
from tests import make as maker

pytestmark = pytest.mark.django_db

#: What needs quoting in an array, and a text that looks like one.
ODD = ['a, "b" \\ {c}', "NULL", "", "ñ"]


def stored(model: type[models.Model], pks: list[int]) -> list[dict[str, Any]]:
    """What the database has of these rows."""
    return list(model._base_manager.filter(pk__in=pks).order_by("pk").values())


@pytest.mark.parametrize("count", [3, 60])
def test_rows_are_inserted_as_django_inserts_them(count: int) -> None:
    deadline = Deadline.objects.filter(order=maker.served_order()).first()
    assert deadline is not None
    planned: dict[str, Any] = {"purpose": "check", "fires_at": maker.NOW, "planned_at": maker.NOW}
    ours, djangos = (
        [
            make(Checkpoint, deadline=deadline, name=f"{prefix}{one}", audience=ODD[: one % 4], **planned)
            for one in range(count)
        ]
        for prefix in ("a", "b")
    )

    insert(ours)
    Checkpoint.objects.bulk_create(djangos)

    found = [stored(Checkpoint, [row.pk for row in rows]) for rows in (ours, djangos)]
    apart = [[{**row, "id": 0, "name": row["name"][1:]} for row in rows] for rows in found]
    assert apart[0] == apart[1]
    assert [row["name"] for row in found[0]] == [row.name for row in ours]
    assert all(row._state.db and not row._state.adding for row in ours)


def test_rows_are_updated_as_django_updates_them() -> None:
    order = maker.served_order()
    rows = list(Deadline.objects.filter(order=order).order_by("pk"))
    pks = [row.pk for row in rows]
    for place, row in enumerate(rows):
        row.missing, row.proof, row.revision = ODD[: place + 1], "it's", place
        row.alternative_on = row.due_on if place % 2 else None

    update(rows, _CHANGED)
    ours = stored(Deadline, pks)
    update([], _CHANGED)
    Deadline.objects.bulk_update(rows, _CHANGED)

    assert len(ours) > 1
    assert stored(Deadline, pks) == ours
    assert [row["missing"] for row in ours] == [row.missing for row in rows]


def test_what_is_too_long_is_refused_and_not_cut() -> None:
    row = Checkpoint.objects.filter(deadline__order=maker.served_order()).first()
    assert row is not None
    row.audience = ["x" * 21]
    with pytest.raises(DatabaseError), transaction.atomic():
        update([row], ("audience",))
    with pytest.raises(DatabaseError), transaction.atomic():
        insert([make(Checkpoint, **{**stored(Checkpoint, [row.pk])[0], "name": "n" * 200})])
