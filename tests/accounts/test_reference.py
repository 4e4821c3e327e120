"""The reference files, and how loading them treats what people entered."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from accounts.models import POLICE, Agency, AgencyKind, JudicialDistrict, Town
from accounts.reference import reader
from accounts.services.agencies.reference import Counts, load_reference
from tests import make

pytestmark = pytest.mark.django_db

STATE_POLICE = "CTCSP0000"


def test_each_village_is_in_one_table() -> None:
    data = reader._load("towns.toml")
    names = [name for table in reader.VILLAGES for name in data[table]]

    assert data.keys() == {"towns", "offered", *reader.VILLAGES}
    assert len(names) == len(set(names))
    assert {"Mystic", "Storrs", "Rockville", "Niantic"} <= data["villages"].keys()
    # In Trumbull and in Groton: no one guesses.
    assert "Long Hill" not in names


@pytest.fixture
def loaded(db: None) -> dict[str, Counts]:
    """The counts of a first load."""
    return load_reference()


def test_files_match_the_state() -> None:
    reference = reader.read()

    towns = [place for place in reference.places if not place.within]
    assert len(towns) == 169
    within = {place.name: place.within for place in reference.places if place.within}
    assert len(within) == 263
    assert set(within.values()) < {place.name for place in towns}
    assert within["Willimantic"] == "Windham"
    assert within["Jewett City"] == "Griswold"
    assert len(reference.districts) == 13
    assert Counter(agency.kind for agency in reference.agencies) == {
        "police": 103,
        "state_police": 9,
        "other_police": 13,
    }


@pytest.mark.parametrize("field", ["ori", "name"])
def test_no_two_agencies_share_an_identity(field: str) -> None:
    counted = Counter(getattr(agency, field) for agency in reader.read().agencies)

    assert [value for value, times in counted.items() if times > 1] == []


@pytest.mark.parametrize(
    ("place", "ori"),
    [
        ("Ansonia", "CT0000200"),
        ("Andover", STATE_POLICE),  # no department of its own
        ("Ledyard", "CT0007200"),  # of three rows, the one with the town's number
        ("Groton", "CT00A5900"),  # the Town's department, not the City's
        ("Groton Long Point", "CT00B5900"),  # a village with a department
        ("Windham", "CT0016300"),
        ("Willimantic", "CT0016300"),  # a village answers as its town does
        ("Danielson", "CT0006900"),
        ("Jewett City", "CT0005800"),
    ],
)
def test_each_place_has_its_police(place: str, ori: str, loaded: dict[str, Counts]) -> None:
    assert Town.objects.get(name=place).police.ori == ori


def test_every_town_has_police_and_seventy_have_the_state_police(loaded: dict[str, Counts]) -> None:
    assert Town.objects.exclude(police__kind__in=POLICE).count() == 0
    assert Town.objects.filter(within=None, police__ori=STATE_POLICE).count() == 70


def test_every_district_has_a_court_with_its_docket_letters(loaded: dict[str, Counts]) -> None:
    courts = Agency.objects.filter(kind=AgencyKind.COURT)
    letters = [prefix for court in courts for prefix in court.docket_prefixes.split()]

    assert {court.judicial_district for court in courts} == set(JudicialDistrict.objects.all())
    assert len(letters) == len(set(letters)) == 15
    assert JudicialDistrict.objects.get(former_name="Fairfield").name == "Bridgeport"


def test_every_district_has_a_state_s_attorney(loaded: dict[str, Counts]) -> None:
    offices = Agency.objects.filter(kind=AgencyKind.PROSECUTOR)

    assert {one.judicial_district for one in offices} == set(JudicialDistrict.objects.all())
    own = offices.get(judicial_district__name="Tolland")
    assert own.name == "State's Attorney, Judicial District of Tolland"


def test_second_load_changes_nothing(loaded: dict[str, Counts]) -> None:
    before = _everything()

    again = load_reference()

    assert loaded == {
        "judicial_districts": Counts(added=13),
        "agencies": Counts(added=152),
        "towns": Counts(added=432),
    }
    assert again == {
        "judicial_districts": Counts(unchanged=13),
        "agencies": Counts(unchanged=152),
        "towns": Counts(unchanged=432),
    }
    assert _everything() == before


def test_edited_rows_are_kept(loaded: dict[str, Counts]) -> None:
    avon = Agency.objects.get(ori="CT0000400")
    avon.email, avon.name = "desk@avon.example", "Avon Police"
    avon.save()
    Town.objects.filter(name="Killingly").update(police=Agency.objects.get(ori=STATE_POLICE))

    counts = load_reference()

    avon.refresh_from_db()
    assert (avon.email, avon.name) == ("desk@avon.example", "Avon Police")
    assert Town.objects.get(name="Killingly").police.ori == STATE_POLICE
    assert counts["agencies"] == Counts(unchanged=151, kept=1)
    assert counts["towns"] == Counts(unchanged=431, kept=1)


def test_agency_with_corrected_ori_is_not_added_again(loaded: dict[str, Counts]) -> None:
    Agency.objects.filter(ori="CT0000400").update(ori="CT0000499")

    counts = load_reference()

    assert counts["agencies"] == Counts(unchanged=151, kept=1)


@pytest.mark.parametrize(
    "own", [{"name": "Avon Police Department"}, {"name": "Avon's finest", "ori": "CT0000400"}]
)
def test_agency_added_by_a_person_is_kept(own: dict[str, Any]) -> None:
    mine = Agency.objects.create(kind=AgencyKind.POLICE, email="desk@avon.example", **own)

    counts = load_reference()

    assert counts["agencies"] == Counts(added=151, kept=1)
    assert Town.objects.get(name="Avon").police == mine
    assert Agency.objects.filter(pk=mine.pk, email="desk@avon.example", **own).exists()


def test_newer_file_updates_only_unedited_fields(
    loaded: dict[str, Counts], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As an older version of the files left them: with other names, one of them edited since.
    for ori, name in (("CT0000400", "Avon P.D."), ("CT0000700", "Berlin P.D.")):
        agency = Agency.objects.get(ori=ori)
        agency.name, agency.loaded = name, agency.loaded | {"name": name}
        agency.save()
    Agency.objects.filter(ori="CT0000700").update(name="Berlin, as its chief wants it")

    counts = load_reference()

    names = dict(Agency.objects.filter(ori__in=["CT0000400", "CT0000700"]).values_list("ori", "name"))
    assert names == {"CT0000400": "Avon Police Department", "CT0000700": "Berlin, as its chief wants it"}
    assert counts["agencies"] == Counts(updated=2, unchanged=150)
    assert load_reference()["agencies"] == Counts(unchanged=151, kept=1)


def test_the_licensing_unit_and_the_state_police_serve_the_state(loaded: dict[str, Counts]) -> None:
    serving = Agency.objects.filter(answers_for_state=True)

    assert dict(serving.values_list("kind", "name")) == {
        AgencyKind.LICENSING: "Special Licensing and Firearms Unit",
        AgencyKind.STATE_POLICE: "Connecticut State Police",
    }


def test_a_licensing_unit_by_another_name_is_kept() -> None:
    mine = make.agency(AgencyKind.LICENSING, name="Our licensing desk")
    Agency.objects.filter(pk=mine.pk).update(answers_for_state=True)

    load_reference()

    assert [one.name for one in Agency.objects.filter(kind=AgencyKind.LICENSING)] == [mine.name]


@pytest.mark.parametrize(
    ("towns", "agencies", "said"),
    [
        ({"towns": {}, "villages": {"Mill": "Nowhere"}}, {}, "Nowhere"),
        (
            {"towns": {}, "villages": {}},
            {"police": [{"ori": "CT0", "name": "A", "serves": "Gone"}]},
            "Gone",
        ),
        (
            {"towns": {"Oak": "09"}, "villages": {}},
            {"police": [{"ori": ori, "name": ori, "serves": "Oak"} for ori in ("CT1", "CT2")]},
            "both CT1 and CT2",
        ),
    ],
)
def test_contradicting_files_are_refused(
    towns: dict[str, Any], agencies: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "towns.toml": towns,
        "agencies.toml": {"fallback": "CT9", "licensing": "Unit", **agencies},
        "judicial_districts.toml": {
            "districts": [],
            "court": "",
            "former_names": {},
            "docket_prefixes": {},
        },
    }
    monkeypatch.setattr(reader, "_load", files.__getitem__)

    with pytest.raises(reader.ReferenceContradiction, match=said):
        reader.read()


def _everything() -> list[object]:
    return [tuple(model.objects.order_by("pk").values_list()) for model in (JudicialDistrict, Agency, Town)]
