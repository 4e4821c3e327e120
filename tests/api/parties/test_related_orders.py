"""Other orders against the person, by API: existence and last day across courts, and nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.models import AgencyKind, Role
from tests import make
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.django_db


def test_an_order_of_another_court_is_shown_without_its_id(caller: MakeCaller) -> None:
    court, born = make.agency(AgencyKind.COURT), date(1980, 4, 19)
    order = make.order(court=court, respondent_dob=born)
    other = make.order(respondent_dob=born, expires_on=date(2035, 3, 4), protected_person="Robin Elm")
    own = make.order(court=court, respondent_dob=born)
    path = f"/orders/{order.public_id}/related-orders"

    rows = caller(make.person(Role.CLERK, court)).get(path).json()["results"]

    assert {row["docket_number"]: row["order"] for row in rows} == {
        other.case.docket_number: None,
        own.case.docket_number: str(own.public_id),
    }
    assert caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT))).get(path).status_code == 404
    police = order.order_agencies.get(capacity="respondent_police").agency
    seen = caller(make.person(Role.LIAISON, police)).get(path).json()["results"]
    assert all("conflicts" not in row for row in seen)
    assert other.case.docket_number in {row["docket_number"] for row in seen}
