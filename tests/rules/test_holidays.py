"""Our holidays compared with the holidays library on every weekday of 2020 to 2040."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pytest

from orders.rules.rulebook import Rulebook

FIRST, LAST = date(2020, 1, 1), date(2040, 12, 31)

JUNETEENTH = "Juneteenth National Independence Day (observed)"
# Days in the library and not in our files. Elections and Good Friday are proclaimed or entered each year;
# Good Friday and Thanksgiving Day, proclaimed in Connecticut, are entered for 2024 to 2030.
ONLY_LIBRARY = {
    # Holidays of California since 2022 and 2027; whether its courts close was not read.
    "us_ca": {"Susan B. Anthony Day", "Diwali", JUNETEENTH},
    # From memory, the State first observed June 19 in 2023.
    "us_ct": {"Good Friday", "Thanksgiving Day", JUNETEENTH},
    "us_de": {"Good Friday", "Election Day", JUNETEENTH},
    "us_fl": {"Susan B. Anthony Day", JUNETEENTH},
    "us_il": {"Election Day", JUNETEENTH},
    # Two birthdays that the State observes near Thanksgiving Day and Christmas Day.
    "us_in": {
        "Good Friday",
        "Primary Election Day",
        "Election Day",
        "Lincoln's Birthday",
        "Washington's Birthday",
        JUNETEENTH,
    },
    "us_ma": set(),
    "us_md": {"Inauguration Day", JUNETEENTH},
    "us_nj": {
        "Good Friday",
        "Election Day",
        "Lincoln's Birthday",
        "Lincoln's Birthday (observed)",
        JUNETEENTH,
    },
    "us_or": {JUNETEENTH},
    "us_ri": {JUNETEENTH},
    "us_vt": {JUNETEENTH},
    "us_wa": {JUNETEENTH},
}
ONLY_OURS = {
    # Judicial holidays that are not holidays of the State, and a Saturday moved to Friday.
    "us_ca": {"Lincoln's Birthday", "Cesar Chavez Day"},
    "us_in": {"Washington's Birthday"},
}


def test_holidays_agree_with_the_library_but_for_the_differences_listed(rulebook: Rulebook) -> None:
    library = pytest.importorskip("holidays", reason="the holidays library is not installed")
    only_library: dict[str, set[str]] = defaultdict(set)
    only_ours: dict[str, set[str]] = defaultdict(set)

    for jurisdiction in rulebook.jurisdictions.values():
        state = jurisdiction.id.removeprefix("us_").upper()
        theirs = library.US(subdiv=state, years=range(FIRST.year, LAST.year + 2))
        for day in (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)):
            if day.weekday() >= 5:
                continue
            ours = jurisdiction.calendar.closed_because(day)
            if day in theirs and not ours:
                only_library[jurisdiction.id].add(theirs[day])
            if ours and day not in theirs:
                only_ours[jurisdiction.id].add(ours)

    assert {key: names for key, names in ONLY_LIBRARY.items() if names} == only_library
    assert only_ours == ONLY_OURS


def test_connecticut_is_computed_from_its_statute_and_agrees_in_every_year_entered(
    rulebook: Rulebook,
) -> None:
    library = pytest.importorskip("holidays", reason="the holidays library is not installed")
    court = rulebook.jurisdictions["us_ct"].calendar
    theirs = library.US(subdiv="CT", years=range(2024, 2032))

    days = (date(2024, 1, 1) + timedelta(days=n) for n in range(7 * 365 + 2))
    for day in days:
        if day.weekday() < 5:
            assert bool(court.closed_because(day)) == (day in theirs), day
