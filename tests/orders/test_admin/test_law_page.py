"""The law on the page of an order: by subject, for this order and its day of issue only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from orders.rules.vocabulary import EntryType
from orders.services.conditions.notices import law_of
from orders.services.firearms import inventory, receipts, returns
from orders.services.orders import vacatur
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, typed

pytestmark = pytest.mark.django_db


def section(desk: Client, address: str) -> str:
    """The part of the page about the law."""
    page = desk.get(address).content.decode()
    return page.partition('<section class="module" id="law"')[2].partition("</section>")[0]


def test_page_shows_the_law_of_this_order_only(desk: Client, enter: Enter) -> None:
    order = enter()

    found = section(desk, page_of(order))

    shown = {one.id for one in law_of(order) if f'data-rule="{one.id}"' in found}
    assert {"CT-APP-01", "CT-SUR-03", "CT-RET-COND", "CT-CON-01", "CT-CRM-01", "CT-FED-02"} <= shown
    assert not {"CT-RPO-02", "CT-FOR-01", "CA-CRM", "TIME-01", "CT-SVC-04"} & shown
    hidden = (
        EntryType.COMPUTATION,
        EntryType.REQUIRED_NOTICE,
        EntryType.REQUIRED_DOCUMENT,
        EntryType.ORDER_CONDITION,
    )
    assert {one.type for one in law_of(order) if one.id not in shown} <= set(hidden)
    assert (
        "A violation of a restraining or protective order is a felony of class D or C, prosecuted by the "
        "state&#x27;s attorney." in found
    )
    assert "WomensLaw.org, Connecticut, January 10, 2017" in found
    assert "second-hand; have it checked" in found
    assert found.count("debatable</span>") == sum(
        one.certainty == "debatable" for one in law_of(order) if one.id in shown
    )


def test_page_shows_the_law_of_the_day_of_issue(desk: Client, enter: Enter) -> None:
    order = enter(jurisdiction="us_nj", kind="final_erpo")

    assert "NJ-NOW-1" in section(desk, page_of(order))
    assert "NJ-FILE" not in section(desk, page_of(order))


def test_page_without_law_has_no_law_section(desk: Client, enter: Enter) -> None:
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
    firearm = inventory.list_firearm(order, serial="S-1", source="police", by=None, now=now)
    receipts.record_receipt(
        order,
        kind="police",
        received_at=now - timedelta(days=2),
        firearms=[firearm],
        agency=police,
        by=None,
        now=now,
    )
    vacatur.vacate_order(order, vacated_at=now - timedelta(days=1), reason="Withdrawn.", by=None, now=now)
    make.may_return(order, at=now - timedelta(hours=1), now=now)
    returns.record_return(
        order,
        firearms=[firearm],
        returned_at=now,
        agency=police,
        officer="Officer Lee Ash",
        confirmed=["no_other_order", "requested", "eligible", "lawful_at_surrender"],
        by=None,
        now=now,
    )

    page = desk.get(page_of(order)).content.decode()

    assert "A family or household member</dd>" in page
    assert "Preponderance of the evidence</dd>" in page
    assert "Officer Lee Ash, Elm Police" in page
    assert "The respondent asked for it; It was checked that the respondent may lawfully hold it" in page
    assert "Firearms returned" in page
    assert "1 firearm" in page
    assert "Record a return" not in page
    assert "/withdraw-return/" in page


def test_county_is_asked_for_only_in_a_state_with_two_time_zones(desk: Client, enter: Enter) -> None:
    hartford, lake = enter(), enter(jurisdiction="us_in", kind="final_erpo")
    form = desk.get(f"{page_of(lake)}correct/").context["form"]
    assert lake.issued_at
    sheet = {
        "kind": lake.kind,
        **typed(lake.issued_at, "issued_at"),
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


def test_form_asks_only_what_the_law_requires_before_a_return(desk: Client, enter: Enter) -> None:
    ours, other = enter(), enter(kind="restraining_order_application")

    asked = desk.get(f"{page_of(ours)}return/").context["form"].fields["confirmed"].choices

    assert [value for value, _ in asked] == ["no_other_order", "requested", "eligible", "lawful_at_surrender"]
    assert "confirmed" not in desk.get(f"{page_of(other)}return/").context["form"].fields
