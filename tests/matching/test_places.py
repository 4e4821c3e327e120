"""Towns and villages as people write them."""

from __future__ import annotations

import pytest

from accounts.reference.reader import offered, read
from orders.matching.places import nearest, part_keys, place_key


@pytest.mark.parametrize(
    ("typed", "town"),
    [
        ("W. Hartford", "West Hartford"),
        ("w hartford", "West Hartford"),
        ("W.Hartford", "West Hartford"),
        ("E. Htfd.", "East Hartford"),
        ("No. Haven", "North Haven"),
        ("So. Windsor", "South Windsor"),
        ("Town of Groton", "Groton"),
        ("Hartford, CT", "Hartford"),
        ("HARTFORD  Conn.", "Hartford"),
        ("Stafford Spgs", "Stafford Springs"),
        ("Mt. Carmel", "Mount Carmel"),
        ("West\u00a0Haven", "West Haven"),
        ("Point O\u2019 Woods", "Point O' Woods"),
        ("Hartford, CT 06103", "Hartford"),
        ("W. Hartford CT 06107-1234", "West Hartford"),
        ("Nrth Haven", "North Haven"),
        ("Stonington Boro", "Stonington Borough"),
    ],
)
def test_a_short_form_is_the_same_place(typed: str, town: str) -> None:
    assert place_key(typed) == place_key(town)


def test_no_two_places_have_one_key() -> None:
    names = [place.name for place in read().places]
    assert len({place_key(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("village", "town"),
    [
        ("Mystic", "Groton"),
        ("North Guilford", "Guilford"),
        ("Poquonnock Bridge", "Groton"),
        ("Storrs", "Mansfield"),
        ("Niantic", "East Lyme"),
        ("Rockville", "Vernon"),
        ("Unionville", "Farmington"),
        ("Winsted", "Winchester"),
        ("Cos Cob", "Greenwich"),
    ],
)
def test_a_village_leads_to_its_town(village: str, town: str) -> None:
    assert {place.name: place.within for place in read().places}[village] == town


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("Mystic (Groton)", ["mystic", "groton"]),
        ("Vernon/Rockville", ["vernon", "rockville"]),
        ("Storrs, Mansfield, CT 06268", ["storrs", "mansfield"]),
        ("Hartford, CT", []),
        ("Hamden", []),
    ],
)
def test_a_village_is_read_beside_its_town(typed: str, parts: list[str]) -> None:
    assert part_keys(typed) == parts


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("Hartfrod", "Hartford"), ("Wetherfield", "Wethersfield"), ("Nth Branfrd", "North Branford")],
)
def test_the_nearest_names_are_offered(typed: str, offered: str) -> None:
    assert nearest(typed, [place.name for place in read().places])[0] == offered


def test_no_name_is_offered_for_what_looks_like_none() -> None:
    assert nearest("Gotham", ["Hartford", "Avon"]) == []


def test_an_offered_name_is_no_place_and_its_towns_are_towns() -> None:
    places = {place_key(one.name): one for one in read().places}

    for name, towns in offered().items():
        assert place_key(name) not in places
        assert [place_key(town) in places and places[place_key(town)].within == "" for town in towns] == [
            True
        ] * len(towns)
