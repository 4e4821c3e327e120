"""Registry numbers: which ways to write one are the same number."""

from __future__ import annotations

import pytest
from django.db import connection

from orders.matching.registry_numbers import clean_registry_number, registry_key

WRITTEN = [
    ("POR2601000000", "POR2601000000"),
    ("por2601000000", "POR2601000000"),
    (" POR 2601 000000 ", "POR2601000000"),
    ("POR\u00a02601\u200b000000", "POR2601000000"),
    ("POR\u20132601", "POR-2601"),
    ("'0012345", "0012345"),
    ("12345.0", "12345"),
    ("12345.5", "12345.5"),
    ("POR1.0", "POR1.0"),
    ("0012345", "0012345"),
    ("\u00f1-1", "\u00f1-1"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "key"), WRITTEN)
def test_equal_numbers_have_one_key(written: str, key: str) -> None:
    assert registry_key(written) == key


@pytest.mark.django_db
def test_the_database_computes_the_same_key() -> None:
    stored = [clean_registry_number(written) for written, _ in WRITTEN]
    with connection.cursor() as cursor:
        cursor.execute("SELECT orders_registry_key(one) FROM unnest(%s::text[]) AS one", [stored])
        assert [key for (key,) in cursor.fetchall()] == [registry_key(one) for one in stored]


@pytest.mark.parametrize("one", ["12345", "1234.0"])
def test_leading_zeros_and_signs_make_another_number(one: str) -> None:
    assert registry_key("012345") != registry_key(one)
