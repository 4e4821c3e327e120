"""The search of the API: by POST, and logged as viewing."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.models import AgencyKind, AuditAction, AuditEntry, Role
from tests import make
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.django_db


def test_the_search_is_a_post_that_is_logged_as_viewing(caller: MakeCaller) -> None:
    court = make.agency(AgencyKind.COURT)
    order = make.order(court=court, respondent_name="José O'Neill-Díaz", respondent_dob=date(1980, 4, 19))
    calling = caller(make.person(Role.CLERK, court))

    answer = calling.post("/searches", {"text": "oneil diaz"})

    assert answer.status_code == 200, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    (result,) = answer.json()["results"]
    assert result["order"] == str(order.public_id)
    assert (result["state"], result["matched"]) == ("not_served", ["name"])
    assert result["respondent_dob"] == "1980-04-19"
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.cases) == (AuditAction.SEEN, [order.case.public_id])


def test_a_search_needs_a_text_and_a_role(caller: MakeCaller) -> None:
    calling = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    assert calling.get("/searches").status_code == 405
    assert calling.post("/searches", {"text": "a"}).status_code == 409
    assert calling.post("/searches", {"text": "ash", "name": "x"}).status_code == 400
    assert caller(make.person(Role.ADMINISTRATOR)).post("/searches", {"text": "ash"}).status_code == 403
