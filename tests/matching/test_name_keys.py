"""Stored names keep keys that agree with how names are compared now."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import connection

from orders.matching.lookup import stored_keys
from orders.matching.names import folded_name
from orders.models import Respondent
from orders.services.parties.name_keys import rekey_names
from tests import make

#: Names with what a change of folding is usually about.
NAMES = (
    *(
        "José O'Neill-Díaz",
        "O\u02bcNeill, Ash",
        "Łukasz Żółć",
        "Jürgen Groß",
        "Søren Ærø",
        "D\u2019Angelo, Jr.",
    ),
    *(
        "McDonald Phyllis",
        "Nguyễn Thị",
        "Анна Биpч",
        "Ash\u200bley  Birch",
        "\u0130pek I\u015f\u0131k",
        "محمـد",
        "Mary/Ann_Lee",
    ),
)
#: If this changes, the keys of stored names are old: add a migration like orders 0063.
KEYS = "65edf92f7d1e386b"


def test_a_change_of_the_keys_comes_with_a_migration() -> None:
    keys = json.dumps([[folded_name(one), stored_keys(one)] for one in NAMES])

    assert hashlib.sha256(keys.encode()).hexdigest()[:16] == KEYS


@pytest.mark.django_db
def test_old_keys_are_made_again() -> None:
    kept = make.order(respondent_name="Ash Birch").case.respondent
    old = make.order(respondent_name="Ash O\u02bcNeill").case.respondent
    Respondent.objects.filter(pk=old.pk).update(name_key="asho\u02bcneill", name_parts=["ash"])

    assert [rekey_names(connection), rekey_names(connection)] == [1, 0]

    old.refresh_from_db()
    assert (old.name_key, old.name_parts) == ("ashoneill", stored_keys("Ash O'Neill"))
    kept.refresh_from_db()
    assert kept.name_key == "ashbirch"
