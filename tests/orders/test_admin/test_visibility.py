"""Who sees which orders in the court's lists. Others get the answer for an order that does not exist."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Agency, AgencyKind, Membership, Role
from orders.forms.acts import ACTS
from orders.models import HistoryEntry
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, signed_in

pytestmark = pytest.mark.django_db

LISTS = [
    "/admin/orders/order/",
    "/admin/orders/deadline/",
    "/admin/orders/followup/",
    "/admin/orders/courtclosing/",
    "/admin/orders/courtrule/",
    "/admin/notifications/alert/",
]


@pytest.mark.parametrize("address", LISTS)
def test_a_clerk_opens_every_list(address: str, desk: Client, enter: Enter) -> None:
    enter()

    assert desk.get(address).status_code == 200


@pytest.mark.parametrize("address", LISTS)
def test_a_judge_opens_every_list(address: str, court: Agency, enter: Enter) -> None:
    enter()

    assert signed_in(make.person(Role.JUDGE, court)).get(address).status_code == 200


@pytest.mark.parametrize("address", [*LISTS, "/admin/orders/order/add/"])
def test_an_administrator_sees_no_case(address: str) -> None:
    assert signed_in(make.person(Role.ADMINISTRATOR)).get(address).status_code == 403


@pytest.mark.parametrize("address", LISTS)
def test_police_have_no_admin(address: str) -> None:
    liaison = signed_in(make.person(Role.LIAISON, make.agency()))

    assert liaison.get(address, follow=True).status_code == 404


def test_a_clerk_of_another_court_gets_404(enter: Enter, now: datetime) -> None:
    order = enter(served_at=now - timedelta(days=1))
    stranger = signed_in(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    absent = reverse("admin:orders_order_change", args=[uuid4()])

    for address in [page_of(order), f"{page_of(order)}vacate/"]:
        theirs, nobodys = stranger.get(address), stranger.get(absent)
        assert (theirs.status_code, theirs.content) == (404, nobodys.content)
    assert stranger.post(f"{page_of(order)}vacate/", {"reason": "x"}).status_code == 404
    for address in LISTS[:3]:
        assert order.case.docket_number not in stranger.get(address).content.decode()


def test_a_database_key_is_not_an_address(desk: Client, enter: Enter) -> None:
    order = enter()

    assert desk.get(f"/admin/orders/order/{order.pk}/change/").status_code == 404
    assert desk.get(f"/admin/orders/order/{order.pk}/").status_code == 404


def test_an_administrator_gets_the_same_answer_with_and_without_an_order(enter: Enter) -> None:
    administrator = signed_in(make.person(Role.ADMINISTRATOR))

    assert administrator.get(page_of(enter())).status_code == 404
    assert administrator.get(reverse("admin:orders_order_change", args=[uuid4()])).status_code == 404


def test_a_judge_reads_and_changes_nothing(court: Agency, enter: Enter) -> None:
    order = enter()
    judge = signed_in(make.person(Role.JUDGE, court))
    before = HistoryEntry.objects.count()

    page = judge.get(page_of(order))

    assert page.status_code == 200
    assert f"{page_of(order)}serve/" not in page.content.decode()
    for name in ACTS:
        assert judge.get(f"{page_of(order)}{name}/").status_code == 403
        assert judge.post(f"{page_of(order)}{name}/", {"reason": "x"}).status_code == 403
    assert judge.get("/admin/orders/order/add/").status_code == 403
    assert judge.get("/admin/orders/courtclosing/add/").status_code == 403
    assert judge.get("/admin/orders/courtrule/add/").status_code == 403
    assert HistoryEntry.objects.count() == before


def test_a_judge_who_is_clerk_of_another_court_acts_there_only(court: Agency, enter: Enter) -> None:
    elsewhere = make.agency(AgencyKind.COURT)
    person = make.person(Role.JUDGE, court)
    Membership.objects.create(user=person, agency=elsewhere, role=Role.CLERK)
    browser = signed_in(person)

    assert browser.get(f"{page_of(enter())}vacate/").status_code == 403
    assert browser.get(f"{page_of(enter(court=elsewhere))}vacate/").status_code == 200


def test_a_clerk_who_is_also_police_sees_only_the_courts_orders_here(enter: Enter) -> None:
    police = make.agency()
    person = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    Membership.objects.create(user=person, agency=police, role=Role.LIAISON)
    order = enter(respondent_town=make.town(police), protected_person="Robin Elm")

    assert signed_in(person).get(page_of(order)).status_code == 404


def test_nothing_can_be_deleted_and_there_are_no_other_pages(desk: Client, enter: Enter) -> None:
    order = enter()

    for address in ["delete", "history", "change", "no-such-act"]:
        assert desk.get(f"{page_of(order)}{address}/").status_code == 404
    assert desk.post("/admin/orders/order/", {"action": "delete_selected"}).status_code in (200, 302)
    order.refresh_from_db()


def test_no_screen_uses_the_wrong_words(desk: Client, enter: Enter) -> None:
    order = enter(protected_person="Robin Elm")
    addresses = [
        *LISTS,
        "/admin/orders/order/add/",
        page_of(order),
        *(f"{page_of(order)}{one}/" for one in ACTS),
    ]

    for address in addresses:
        # The name of a publication.
        page = desk.get(address).content.decode().lower().replace("victimconnect", "")
        for word in ("defendant", "abuser", "victim"):
            assert word not in page, address
        assert ".m.." not in page, address
