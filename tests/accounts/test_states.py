"""Agencies and places of thirteen states."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Agency, AgencyKind, Role, State, Town
from accounts.models.agencies import place_name
from accounts.services.agencies import directory
from notifications.services.recipients.recipients import state_police
from orders.services.planning.rulebooks import bundled
from tests import make

pytestmark = pytest.mark.django_db


def agency_of(state: State, kind: AgencyKind = AgencyKind.POLICE, **given: Any) -> Agency:
    """An agency of the state."""
    row = make.agency(kind)
    for name, value in {"jurisdiction": state, **given}.items():
        setattr(row, name, value)
    row.save()
    return row


def test_the_states_are_those_of_the_rulebook() -> None:
    assert {state.value: state.label for state in State} == {
        one.id: one.name for one in bundled().jurisdictions.values()
    }


@pytest.mark.parametrize(
    ("typed", "state", "stored"),
    [
        ("Hartford", "us_ct", "Hartford"),
        ("Hartford, Connecticut", "us_ct", "Hartford"),
        ("Hartford", "us_vt", "Hartford, Vermont"),
        (" Hartford,  Vermont ", "us_vt", "Hartford, Vermont"),
        ("Hartford, Vermont", "us_ri", "Hartford, Rhode Island"),
    ],
)
def test_a_place_outside_connecticut_names_its_state(typed: str, state: str, stored: str) -> None:
    assert place_name(typed, state) == stored


def test_a_place_has_police_and_a_town_of_its_own_state() -> None:
    here, there = make.town(), agency_of(State.VERMONT)
    place = Town(name="Hartford", jurisdiction=State.VERMONT, police=there)
    directory.record(row=place)

    assert Town.objects.get(pk=place.pk).name == "Hartford, Vermont"
    with pytest.raises(ValidationError, match=r"not of this state\. Choose police"):
        directory.record(row=Town(name="Essex", jurisdiction=State.VERMONT, police=here.police))
    with pytest.raises(ValidationError, match=r"not of this state\. Choose a town"):
        directory.record(row=Town(name="Wilder", jurisdiction="us_vt", police=there, within=here))
    there.jurisdiction = State.OREGON
    with pytest.raises(ValidationError, match="serves places of another state"):
        directory.record(row=there)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"jurisdiction": "us_tx"}, "town_jurisdiction_known"),
        ({"jurisdiction": "us_vt"}, "town_name_with_its_state"),
        ({"fips": "50027"}, "town_fips_of_its_state"),
    ],
)
def test_the_database_refuses_a_place_of_no_state(changes: dict[str, str], constraint: str) -> None:
    place = make.town()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Town.objects.filter(pk=place.pk).update(**changes)


def test_each_state_has_its_own_state_police() -> None:
    kind = AgencyKind.STATE_POLICE
    offices = {
        state: agency_of(state, kind, answers_for_state=True, email=f"{state}@police.example")
        for state in (State.CONNECTICUT, State.VERMONT)
    }

    for state, office in offices.items():
        assert [one.agency for one in state_police(state)] == [office]
    assert state_police(State.OREGON) == []
    with pytest.raises(IntegrityError, match="answers_for_its_state"), transaction.atomic():
        agency_of(State.VERMONT, kind, answers_for_state=True)


def test_an_administrator_adds_a_court_with_its_police_and_places() -> None:
    desk = Client()
    desk.force_login(make.person(Role.ADMINISTRATOR))
    agencies, towns = "/admin/accounts/agency/add/", "/admin/accounts/town/add/"
    shared = {"jurisdiction": "us_in", "ori": "", "email": "", "judicial_district": "", "docket_prefixes": ""}
    court = {"name": "Lake Superior Court", "kind": "court", "area": "Lake"}

    desk.post(agencies, {**shared, **court})
    desk.post(agencies, {**shared, "name": "Lake County Sheriff", "kind": "police", "area": ""})
    sheriff = Agency.objects.get(name="Lake County Sheriff")
    place = {"name": "Lake County", "jurisdiction": "us_in", "within": "", "fips": "18089"}
    desk.post(towns, {**place, "police": sheriff.pk})
    wrong = desk.post(towns, {**place, "name": "Elm", "fips": "", "police": make.agency().pk})

    stored = Agency.objects.get(name="Lake Superior Court")
    assert (stored.jurisdiction, stored.area) == ("us_in", "Lake")
    assert Town.objects.get(name="Lake County, Indiana").police == sheriff
    assert "not of this state" in str(wrong.context["adminform"].form.errors["police"])
