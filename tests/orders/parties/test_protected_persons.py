"""The protected persons of an order."""

from __future__ import annotations

import pytest

from tests import make

pytestmark = pytest.mark.django_db


def test_they_are_listed_as_they_were_entered() -> None:
    """PostgreSQL moves a row that is written again, and the list must not show which one that was."""
    order = make.order()
    names = ["Linden One", "Linden Two", "Linden Three"]
    order.protected_persons.all().delete()
    first, *_ = (order.protected_persons.create(name=one) for one in names)

    first.address_confidential = True
    first.save()

    assert [one.name for one in order.protected_persons.all()] == names
