"""Two orders that differ only in hidden facts look the same at every door to those who may not know."""

from __future__ import annotations

import difflib

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from tests.attacks.hidden_worlds import FULL, HIDDEN_LISTS, Reader, world

pytestmark = pytest.mark.django_db

#: Those who may not know any of the hidden facts: no school but their own, no release but to their own
#: organization, and no protected person beyond the first.
OUTSIDERS = [
    *("liaison", "supervisor", "marshal", "prosecutor", "licensing", "school", "advocate", "auditor"),
    *(("administrator", "agency_administrator") if FULL else ()),
]
#: Only the organization of the release may know of the safe contact of its client, not even the court.
NOT_TOLD = ["judge", *(one for one in OUTSIDERS if FULL and one != "advocate")]

#: What is hidden in each world.
WORLDS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "hidden": ("school", "release", "protected"),
    "reached": ("contact",),
}
#: Who reads it.
READERS = {"plain": {*OUTSIDERS, *NOT_TOLD, "clerk"}, "hidden": {*OUTSIDERS, "clerk"}, "reached": {*NOT_TOLD}}
Worlds = dict[str, dict[str, Reader]]


@pytest.fixture(scope="module")
def worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Worlds:
    """What everyone reads in each world."""
    found, now = {}, timezone.now()
    with django_db_blocker.unblock():
        for name, hidden in WORLDS.items():
            with world(now, hidden, READERS[name]) as readers:
                found[name] = readers
    return found


def differences(worlds: Worlds, role: str, other: str) -> list[str]:
    """Return what differs between the plain world and the other one, as a person of the role reads both."""
    one, two = worlds["plain"][role].answers, worlds[other][role].answers
    found = [f"only in one: {address}" for address in sorted(one.keys() ^ two.keys())]
    for address in sorted(one.keys() & two.keys()):
        if one[address] != two[address]:
            lines = difflib.unified_diff(_lines(one[address]), _lines(two[address]), lineterm="", n=0)
            found.append("\n".join([address, *list(lines)[2:12]]))
    return found


def _lines(text: str) -> list[str]:
    return text.replace('","', '",\n"').replace("},{", "},\n{").splitlines()


def test_those_who_may_not_know_read_the_same(worlds: Worlds) -> None:
    # One test: two processes would each build the worlds.
    compared = [(role, "hidden") for role in OUTSIDERS] + [(role, "reached") for role in NOT_TOLD]
    found = [f"{role}: {one}" for role, name in compared for one in differences(worlds, role, name)]

    assert not found, "\n".join(found)
    for role in {*OUTSIDERS, *NOT_TOLD}:
        answers = worlds["plain"][role].answers.values()
        # Few pages are for auditors.
        assert sum(one.startswith("200") for one in answers) > (0 if role == "auditor" else 3), role


def test_the_court_may_know_all_but_the_contact_and_reads_the_difference(worlds: Worlds) -> None:
    found = "\n".join(differences(worlds, "clerk", "hidden"))

    assert all(one in found for one in HIDDEN_LISTS)
