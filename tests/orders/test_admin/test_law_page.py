"""What the law says stands on the order's page by subject, for this order and its day only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from orders.rules.rulebook import Becomes
from orders.services import returns, surrender, term
from orders.services.requirements import law_of
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, typed

pytestmark = pytest.mark.django_db


def section(desk: Client, address: str) -> str:
    """The part of the page about the law."""
    page = desk.get(address).content.decode()
    return page.partition('<section class="module" id="law"')[2].partition("</section>")[0]


def test_page_says_what_the_law_says_of_this_order_and_of_no_other(desk: Client, enter: Enter) -> None:
    order = enter()

    found = section(desk, page_of(order))

    shown = {one.id for one in law_of(order) if f">{one.id}</span>" in found}
    assert {"CT-APP-01", "CT-SUR-03", "CT-RET-COND", "CT-CON-01", "CT-CRM-01", "CT-FED-02"} <= shown
    assert not {"CT-RPO-02", "CT-FOR-01", "CA-CRM", "TIME-01", "CT-SVC-04"} & shown
    hidden = (Becomes.COMPUTATION, Becomes.REQUIRED_NOTICE, Becomes.REQUIRED_DOCUMENT, Becomes.ORDER_TERM)
    assert {one.becomes for one in law_of(order) if one.id not in shown} <= set(hidden)
    assert (
        "A violation of the order is a felony of class D or C, prosecuted by the state&#x27;s attorney."
        in found
    )
    assert "guide to restraining orders, January 2024" in found
    assert "second-hand, have it checked" in found
    assert found.count("debatable</span>") == sum(
        one.certainty == "debatable" for one in law_of(order) if one.id in shown
    )


def test_page_says_what_bound_on_the_day_of_issue(desk: Client, enter: Enter) -> None:
    order = enter(jurisdiction="us_nj", kind="final_erpo")

    assert "NJ-NOW-1" in section(desk, page_of(order))
    assert "NJ-FILE" not in section(desk, page_of(order))


def test_page_without_law_has_no_such_section(desk: Client, enter: Enter) -> None:
    order = enter(jurisdiction="us_de", kind="final_erpo", issued_at=make.NOW - timedelta(days=4000))

    # Care and current law of an unknown day are shown all the same.
    assert "DE-CRM" not in section(desk, page_of(order))


def test_page_shows_filer_standard_county_and_returns(desk: Client, enter: Enter) -> None:
    now = make.NOW - timedelta(days=30)
    order = enter(
        issued_at=now - timedelta(days=4),
        served_at=now - timedelta(days=3),
        filed_by="household_member",
        proof_found="preponderance",
    )
    police = make.agency(name="Elm Police")
    firearm = surrender.list_firearm(order, serial="S-1", source="police", by=None, now=now)
    surrender.record_receipt(
        order,
        kind="police",
        at=now - timedelta(days=2),
        firearms=[firearm],
        agency=police,
        by=None,
        now=now,
    )
    term.vacate_order(order, at=now - timedelta(days=1), reason="Withdrawn.", by=None, now=now)
    returns.record_return(
        order,
        firearms=[firearm],
        at=now,
        agency=police,
        officer="Officer Lee Ash",
        confirmed=["requested", "eligible"],
        by=None,
        now=now,
    )

    page = desk.get(page_of(order)).content.decode()

    assert "A family or household member</dd>" in page
    assert "Preponderance of the evidence</dd>" in page
    assert "Officer Lee Ash, Elm Police" in page
    assert "The respondent asked for it; It was checked that the respondent may lawfully hold it" in page
    assert "Firearms given back" in page
    assert "1 firearm" in page
    assert "Record a return" not in page
    assert "Withdraw a return" in page


def test_county_is_asked_only_where_the_state_keeps_two_times(desk: Client, enter: Enter) -> None:
    hartford, lake = enter(), enter(jurisdiction="us_in", kind="final_erpo")
    form = desk.get(f"{page_of(lake)}correct/").context["form"]
    assert lake.issued_at
    sheet = {
        "kind": lake.kind,
        **typed(lake.issued_at, "issued"),
        "firearms_indicated": "on",
        "area": "Lake",
        "seen": form["seen"].value(),
        "reason": "The court sits in Lake County.",
    }

    response = desk.post(f"{page_of(lake)}correct/", sheet)

    assert response.status_code == 302, response.context["form"].errors
    lake.refresh_from_db()
    assert lake.area == "Lake"
    assert "Lake County" in desk.get(page_of(lake)).content.decode()
    assert "area" not in desk.get(f"{page_of(hartford)}correct/").context["form"].fields


def test_form_asks_only_what_the_law_of_the_order_asks_before_a_return(desk: Client, enter: Enter) -> None:
    ours, foreign = enter(), enter(kind="foreign_order")

    asked = desk.get(f"{page_of(ours)}return/").context["form"].fields["confirmed"].choices

    assert [value for value, _ in asked] == ["requested", "eligible"]
    assert "confirmed" not in desk.get(f"{page_of(foreign)}return/").context["form"].fields
