"""An order is of the state of its court, and entry offers what that state's law has."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Agency, AgencyKind, Membership, Role, State
from accounts.services.agencies import directory
from orders.errors import InvalidFact
from orders.models import Order
from orders.services.firearms.receipts import recipients_of
from orders.services.orders.legal_checks import filers_of, standards_of
from orders.services.parties.agencies import add_agency
from orders.services.planning import court_rules
from tests import make
from tests.callers import MakeCaller

pytestmark = pytest.mark.django_db


ERPO: dict[str, Any] = {"kind": "final_erpo"}


def choices(form: Any, name: str) -> set[str]:
    """The values that a field offers."""
    return {value for value, _ in form.fields[name].choices if value}


def test_an_order_takes_state_and_county_from_its_court() -> None:
    court = make.agency(AgencyKind.COURT, state=State.INDIANA, area="Lake")

    order = make.order(court=court, **ERPO)

    assert (order.jurisdiction, order.area) == ("us_in", "Lake")
    with pytest.raises(InvalidFact, match=r"is a court of Indiana\. Leave this field empty"):
        make.order(court=court, jurisdiction="us_vt", **ERPO)


def test_the_database_refuses_an_order_of_another_state_than_its_court() -> None:
    order, elsewhere = make.order(), make.order(jurisdiction="us_vt", **ERPO)
    court = make.agency(AgencyKind.COURT, state=State.VERMONT)

    for change in (
        lambda: Order.objects.filter(pk=elsewhere.pk).update(jurisdiction="us_ri"),
        lambda: Order.objects.filter(pk=order.pk).update(case=elsewhere.case),
        lambda: type(order.case).objects.filter(pk=order.case_id).update(court=court),
        lambda: Agency.objects.filter(pk=elsewhere.case.court_id).update(jurisdiction="us_ri"),
        lambda: Order.objects.create(
            case=order.case, jurisdiction="us_vt", issued_on=order.issued_on, **ERPO
        ),
    ):
        with pytest.raises(IntegrityError, match="order_of_its_courts_state"), transaction.atomic():
            change()


def test_a_court_with_orders_stays_where_it_is() -> None:
    court = make.order().case.court
    court.jurisdiction = State.OREGON

    with pytest.raises(ValidationError, match="keep its state"):
        directory.record(row=court)
    new = make.agency(AgencyKind.COURT, state=State.OREGON)
    new.area = "Multnomah"
    with pytest.raises(ValidationError, match="has no time zone of its own in Oregon"):
        directory.record(row=new)
    new.area = "malheur"
    directory.record(row=new)
    assert Agency.objects.get(pk=new.pk).area == "Malheur"


@pytest.mark.parametrize(
    ("state", "filers", "standards"),
    [
        ("us_fl", {"law_enforcement"}, 5),
        ("us_in", {"law_enforcement"}, 5),
        ("us_or", {"law_enforcement", "intimate_partner", "household_member"}, 1),
        ("us_vt", {"states_attorney", "attorney_general", "intimate_partner", "household_member"}, 2),
    ],
)
def test_filers_and_standards_are_those_of_the_state(state: str, filers: set[str], standards: int) -> None:
    assert set(filers_of(state)) == filers
    assert len(standards_of(state)) == standards


def test_the_clerk_is_offered_the_law_of_the_court() -> None:
    court, town = make.agency(AgencyKind.COURT, state=State.OREGON), make.town(state=State.OREGON)
    here = make.town()
    user = make.person(Role.CLERK, court)
    clerk = Client()
    clerk.force_login(user)

    form = clerk.get("/admin/orders/order/add/").context["form"]
    assert choices(form, "kind") == {"temporary_erpo", "final_erpo"}
    assert choices(form, "filed_by") == {"law_enforcement", "intimate_partner", "household_member"}
    assert choices(form, "proof_found") == {"clear_and_convincing"}
    assert form.fields["issued_at"].zone.key == "America/Los_Angeles"
    offered = form.fields["respondent_town"].widget.listed()
    assert offered[0] == town.name
    assert f"{here.name}, Connecticut" in offered

    Membership.objects.create(user=user, agency=make.agency(AgencyKind.COURT), role=Role.CLERK)
    groups = clerk.get("/admin/orders/order/add/").context["form"].fields["kind"].choices
    assert [name for name, _ in groups[1:]] == ["Connecticut", "Oregon"]
    sent = clerk.post("/admin/orders/order/add/", {"court": court.pk}).context["form"]
    assert choices(sent, "kind") == {"temporary_erpo", "final_erpo"}


def test_receipts_name_lawful_recipients_only() -> None:
    assert recipients_of(make.order(jurisdiction="us_fl", **ERPO)) == ["police"]
    assert recipients_of(make.order(jurisdiction="us_wa", **ERPO)) == ["police", "true_owner"]


def test_agencies_and_rules_of_another_state_are_refused() -> None:
    order = make.order(jurisdiction="us_vt", **ERPO)
    marshal, school = make.agency(AgencyKind.MARSHAL), make.agency(AgencyKind.SCHOOL)

    with pytest.raises(InvalidFact, match="acts for Connecticut"):
        add_agency(order, agency=marshal, by=None, now=make.NOW)
    add_agency(order, agency=school, by=None, now=make.NOW)
    with pytest.raises(InvalidFact, match="applies the rules of Vermont"):
        court_rules.decide(order.case.court, rule_id="CT-SUR-01", by=None, now=make.NOW, reason="A slip.")


def test_the_api_takes_places_of_the_courts_state(caller: MakeCaller) -> None:
    court = make.agency(AgencyKind.COURT, state=State.VERMONT)
    there, here = make.town(state=State.VERMONT), make.town()
    bare = there.name.removesuffix(", Vermont")
    sent = {
        "court": court.name,
        "kind": "final_erpo",
        "respondent_name": "Ash Birch",
        "issued_on": "2025-12-04",
    }
    clerk = caller(make.person(Role.CLERK, court))

    for number, (typed, town) in enumerate(
        [(bare, there), (there.name, there), (f"{here.name}, Connecticut", here)]
    ):
        answer = clerk.post("/orders", {**sent, "docket_number": f"V-{number}", "respondent_town": typed})
        assert answer.status_code == 201, answer.json()
        order = Order.objects.get(case__docket_number=f"V-{number}")
        assert (order.jurisdiction, order.case.respondent.town) == ("us_vt", town)
    refused = clerk.post("/orders", {**sent, "docket_number": "V-9", "respondent_town": here.name})
    assert refused.json()["errors"][0]["field"] == "respondent_town"
    wrong = {**sent, "docket_number": "V-9", "respondent_town": bare, "jurisdiction": "us_ct"}
    assert clerk.post("/orders", wrong).json()["errors"][0]["code"] == "court_of_another_state"
