"""Reference data: the same for everybody who signs in."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.api.problems import PROBLEMS
from accounts.models import AgencyKind, JudicialDistrict, Role
from orders.models import CourtClosing
from orders.services.planning.rulebooks import bundled
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db


@pytest.fixture
def advocate(caller: MakeCaller) -> Caller:
    return caller(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))


def results(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def test_agencies_towns_and_districts(advocate: Caller) -> None:
    district = JudicialDistrict.objects.create(name="Middlesex")
    court = make.agency(AgencyKind.COURT, name="Superior Court, Middlesex")
    court.judicial_district, court.docket_prefixes = district, "MMX MMI"
    court.telephone = "860-555-0142"
    court.save()
    town = make.town()
    village = make.town(town.police)
    village.within = town
    village.save()

    (shown,) = results(advocate.get("/reference/agencies", kind="court"))
    towns = {one["name"]: one for one in results(advocate.get("/reference/towns"))}

    assert shown == {
        "name": "Superior Court, Middlesex",
        "kind": "court",
        "jurisdiction": "us_ct",
        "ori": "",
        "judicial_district": "Middlesex",
        "docket_prefixes": ["MMX", "MMI"],
        "telephone": "860-555-0142",
    }
    assert towns[village.name] == {
        "name": village.name,
        "jurisdiction": "us_ct",
        "within": town.name,
        "fips": "",
        "police": town.police.name,
    }
    assert towns[town.name]["within"] is None
    (shown,) = results(advocate.get("/reference/judicial-districts"))
    assert shown == {"name": "Middlesex", "former_name": ""}


def test_query_count_of_towns_does_not_grow(advocate: Caller) -> None:
    def queries() -> int:
        advocate.get("/reference/towns")
        with CaptureQueriesContext(connection) as captured:
            advocate.get("/reference/towns")
        return len(captured)

    make.town()
    few = queries()
    for _ in range(10):
        make.town()

    assert queries() == few


def test_closings_are_computed_and_stored(advocate: Caller) -> None:
    CourtClosing.objects.create(jurisdiction="us_ct", closed_on=date(2027, 2, 2), name="Snow")
    CourtClosing.objects.create(jurisdiction="us_ct", closed_on=date(2028, 2, 2), name="Snow again")

    days = results(advocate.get("/reference/court-closings", year=2027))

    named = {one["closed_on"]: one["name"] for one in days}
    assert named["2027-02-02"] == "Snow"
    assert named["2027-07-05"] == "Independence Day"
    assert "2028-02-02" not in named
    assert all(day.startswith("2027-") for day in named)
    assert list(named) == sorted(named)
    assert {one["jurisdiction"] for one in days} == {"us_ct"}


def test_rule_has_dated_values_sources_and_certainty(advocate: Caller) -> None:
    answer = advocate.get("/reference/rules/CT-SUR-01")

    assert answer.status_code == 200, answer.content
    rule, kept = answer.json(), bundled().by_id["CT-SUR-01"]
    assert rule["title"] == kept.title
    assert rule["certainty"] == kept.certainty.value
    assert rule["values"][-1]["due"] == {"amount": 24, "unit": "elapsed_hours"}
    assert rule["values"][-1]["sources"] == list(kept.values[-1].sources)
    assert rule["values"][-1]["source_status"] == kept.values[-1].source_status.value
    assert rule in results(advocate.get("/reference/rules"))
    assert advocate.get("/reference/rules/CT-NO-99").json()["code"] == "not_found"


def test_the_rules_of_another_state(advocate: Caller) -> None:
    rules = results(advocate.get("/reference/rules", jurisdiction="us_vt"))

    assert rules
    assert {one["jurisdiction"] for one in rules} == {"us_vt"}
    refused = advocate.get("/reference/rules", jurisdiction="us_xx")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "jurisdiction")


def test_every_error_code_is_listed(advocate: Caller) -> None:
    codes = {one["code"]: one["status"] for one in results(advocate.get("/reference/problems"))}

    assert codes == {code: status.value for code, (status, _) in PROBLEMS.items()}


def test_reference_data_needs_sign_in(client: Any) -> None:
    for path in ("agencies", "towns", "judicial-districts", "court-closings", "rules", "problems"):
        assert client.get(f"/api/v1/reference/{path}").status_code == 401
