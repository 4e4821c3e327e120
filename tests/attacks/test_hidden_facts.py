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
OUTSIDERS = ["liaison", "marshal", "prosecutor", "school", "advocate"]
if FULL:
    OUTSIDERS += ["licensing", "supervisor", "administrator", "agency_administrator", "auditor"]

#: What is hidden in each world.
WORLDS: dict[str, tuple[str, ...]] = {"plain": (), "hidden": ("school", "release", "protected")}
Worlds = dict[str, dict[str, Reader]]


@pytest.fixture(scope="module")
def worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Worlds:
    """What everyone reads in each world."""
    found, now = {}, timezone.now()
    with django_db_blocker.unblock():
        for name, hidden in WORLDS.items():
            # The court knows of all of them.
            with world(now, hidden, {*OUTSIDERS, "clerk"}) as readers:
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
    found = [f"{role}: {one}" for role in OUTSIDERS for one in differences(worlds, role, "hidden")]

    assert not found, "\n".join(found)
    for role in OUTSIDERS:
        answers = worlds["plain"][role].answers.values()
        assert sum(one.startswith("200") for one in answers) > 3, role


def test_the_court_may_know_and_reads_the_difference(worlds: Worlds) -> None:
    found = "\n".join(differences(worlds, "clerk", "hidden"))

    assert all(one in found for one in HIDDEN_LISTS)
