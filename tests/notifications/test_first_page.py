"""The weight of an officer's first page, with everything that it loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from accounts.narrowing import present
from tests.orders.cases.places import browser, make_place

pytestmark = pytest.mark.django_db

#: Bytes, not compressed: what a telephone loads at the first visit.
MOST = 100_000
CASES = 10
_FILE = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def test_the_first_page_of_ten_cases_is_below_a_hundred_kilobytes() -> None:
    place = make_place()
    for number in range(CASES):
        place.order(f"Ash Birch {number}", hours=20 + number)

    page = browser(place.liaison).get("/").content

    assert page.count(b'<li class="case-row') == CASES
    names = {one.removeprefix(settings.STATIC_URL) for one in _FILE.findall(page.decode())}
    assert {"ctcompliance/frame.css", "ctcompliance/board.js"} <= names
    weight = len(page) + sum(Path(str(present(finders.find(one)))).stat().st_size for one in names)
    assert weight < MOST, weight
