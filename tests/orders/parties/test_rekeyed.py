"""People whose names became equal by a change of how names are compared are offered, with the reason."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from accounts.models import Role
from orders.models import Order, Respondent
from orders.services.parties.candidates import candidates_of
from orders.services.parties.name_keys import rekey_names
from orders.services.parties.persons import keep_apart
from tests import make
from tests.make import NOW
from tests.orders.test_admin.conftest import page_of, signed_in

pytestmark = pytest.mark.django_db

BORN = date(1980, 7, 16)
NAMES = ("Ash O'Neill", "Ash O\u02bcNeill")


@pytest.fixture
def orders() -> list[Order]:
    """Two orders of a court against people whose keys differed when the orders were entered."""
    first = make.order(respondent_name=NAMES[0], respondent_dob=BORN)
    court = first.case.court
    respondent = first.case.respondent
    Respondent.objects.filter(pk=respondent.pk).update(name_key="an old key")
    second = make.order(court=court, respondent_name=NAMES[1], respondent_dob=BORN)
    assert rekey_names(connection) == 1
    respondents = Respondent.objects.filter(cases__court=court)
    assert len(set(respondents.values_list("name_key", flat=True))) == 1
    assert len(set(respondents.values_list("person", flat=True))) == 2
    return [first, second]


def test_each_is_a_candidate_of_the_other_with_the_reason(orders: list[Order]) -> None:
    for mine, other in (orders, orders[::-1]):
        (found,) = candidates_of(mine)
        assert found.respondent.pk == other.case.respondent_id
        assert found.is_certain
        assert found.words.endswith("; same name and date of birth")

    clerk = signed_in(make.person(Role.CLERK, orders[0].case.court))
    page = clerk.get(f"{page_of(orders[0])}same-person/").content.decode()
    assert f"{orders[1].case.docket_number}; same name and date of birth" in page


def test_once_decided_they_are_kept_apart(orders: list[Order]) -> None:
    first, second = orders
    keep_apart(first, other=second.case.respondent, reason="Father and son.", by=None, now=NOW)

    (found,) = candidates_of(first)
    assert found.is_kept_apart
