"""A clerk of one court finds no case of another court at any door of the desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, Role
from orders.models import Order, SavedView
from orders.services.attachments.attaching import attach_file
from orders.services.desk.conditions import FILTERS, OVERDUE, VIEWS, CourtDesk, count
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.hearings import schedule_hearing
from tests import make

pytestmark = pytest.mark.django_db

NAME, DOCKET = "Wren Hollis", "NNH-FA-26-7700001-S"

#: The pages that list, count or export. `{order}` is replaced by the id of the other court's order.
DOORS = [
    "/",
    "/admin/orders/order/",
    "/admin/orders/order/?shown=all",
    "/admin/orders/order/?in_error=yes",
    *(f"/admin/orders/order/?shown=all&{name}={value}" for name in FILTERS for value in FILTERS[name][2]),
    "/admin/orders/order/export/csv/?shown=all",
    "/admin/orders/order/export/xlsx/?shown=all",
    *(f"/admin/orders/deadline/?{query}" for query in ("", "who=court", "due=late", "due=week")),
    "/hearings/",
    "/hearings/?show=list",
    "/hearings/?show=list&judge=Hon.+Ada+Oak",
    "/admin/orders/order/?shown=all&judge=Hon.+Ada+Oak",
    "/documents/days/",
    "/reports/",
    "/reports/?as=csv",
    "/reports/?as=pdf",
    *(
        f"/reports/{name}/{left}"
        for name in ("ordered", "filed", "outstanding")
        for left in ("", "?left=yes")
    ),
]


@pytest.fixture
def now() -> datetime:
    """The present."""
    return timezone.now()


@pytest.fixture
def theirs(now: datetime) -> Order:
    """An order of another court to which nearly every condition applies."""
    order = make.served_order(
        now=now,
        ago=timedelta(hours=30),
        issued_at=now - timedelta(days=2),
        respondent_name=NAME,
        docket_number=DOCKET,
    )
    day = (now + timedelta(days=2)).date()
    schedule_hearing(
        order,
        purpose="compliance",
        scheduled_on=day,
        judge="Hon. Ada Oak",
        by=None,
        now=now,
        confirm="Set so.",
    )
    return order


@pytest.fixture
def outsider() -> Client:
    """A clerk of a court without a case."""
    client = Client()
    client.force_login(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    return client


@pytest.mark.cut(2)
@pytest.mark.parametrize("door", DOORS)
def test_no_door_shows_a_case_of_another_court(door: str, theirs: Order, outsider: Client) -> None:
    answer = outsider.get(door)

    assert answer.status_code == 200
    page = answer.getvalue() if answer.streaming else answer.content
    assert NAME.encode() not in page
    assert DOCKET.encode() not in page
    assert str(theirs.public_id).encode() not in page


def test_no_document_file_or_act_of_it_is_there(
    theirs: Order, outsider: Client, settings: Any, tmp_path: Path
) -> None:
    """Each address of the other court's order, its papers and its files answers as if it did not exist."""
    settings.ATTACHMENTS_DIR = tmp_path
    now = timezone.now()
    given: dict[str, Any] = {"by": None, "now": now}
    hearing = theirs.hearings.get()
    police = theirs.order_agencies.get(capacity="respondent_police").agency
    firearm = list_firearm(theirs, source="police", serial="S-1", **given)
    receipt = record_receipt(
        theirs, kind="police", agency=police, received_at=now, firearms=[firearm], **given
    )
    file = attach_file(theirs, kind="signed_order", file=b"%PDF-1.7 " + NAME.encode(), **given)
    page = f"/admin/orders/order/{theirs.public_id}/"
    papers = f"/documents/orders/{theirs.public_id}/"
    doors = [
        page,
        *(f"{page}{act}/" for act in ("modify", "condition", "withdraw-modification", "hearing")),
        papers,
        *(
            f"{papers}{kind}/"
            for kind in ("case-summary", "surrender-notice", "police-notice", "service-packet")
        ),
        f"/documents/hearings/{hearing.public_id}/",
        f"/documents/hearings/{hearing.public_id}/bench/",
        f"/documents/receipts/{receipt.public_id}/",
        f"/files/{file.public_id}/",
        f"/files/{file.public_id}/content/",
        f"/cases/{theirs.public_id}/",
        f"/cases/{theirs.public_id}/receipt/{receipt.public_id}/",
    ]
    own = Client()
    own.force_login(make.person(Role.CLERK, theirs.case.court))
    for door in (page, f"{page}modify/", papers, f"{papers}case-summary/", f"/files/{file.public_id}/"):
        assert own.get(door).status_code == 200, door

    for door in doors:
        answer = outsider.get(door, follow=True)
        shown = answer.content.decode(errors="replace")
        assert answer.status_code == 404 or "/admin/" in str(answer.redirect_chain), door
        assert NAME not in shown
        assert DOCKET not in shown
    sent = outsider.post(f"{page}modify/", {"added": ["CT-TRM-CONTACT"]}, follow=True)
    assert NAME not in sent.content.decode()
    assert not theirs.modifications.exists()
    court = theirs.case.court_id
    day = outsider.get(f"/documents/days/?court={court}&day={hearing.scheduled_on}&paper=docket")
    assert "Select a valid choice" in day.content.decode()
    assert "Hon. Ada Oak" not in outsider.get("/hearings/").content.decode()


def test_no_search_of_a_list_finds_it(theirs: Order, outsider: Client) -> None:
    for typed in (NAME, DOCKET, "hollis"):
        outsider.post("/admin/orders/order/", {"q": typed})
        page = outsider.get("/admin/orders/order/?shown=all").content.decode()
        assert "No order fits." in page
        assert str(theirs.public_id) not in page


def test_no_view_counts_it(theirs: Order, now: datetime) -> None:
    stranger = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    own = make.person(Role.CLERK, theirs.case.court)

    found = {one.title: count(CourtDesk(person=own, now=now), one) for one in VIEWS}

    assert found["Live and just ended"] == found[OVERDUE.title] == found["Hearing this week"] == 1
    assert not any(count(CourtDesk(person=stranger, now=now), one) for one in VIEWS)


def test_no_one_deletes_or_sees_the_view_of_another_person(theirs: Order, outsider: Client) -> None:
    view = SavedView.objects.create(person=make.person(Role.CLERK, theirs.case.court), name="Mine alone")

    outsider.post(f"/admin/orders/order/views/{view.public_id}/delete/")

    assert SavedView.objects.filter(pk=view.pk).exists()
    assert "Mine alone" not in outsider.get("/admin/orders/order/").content.decode()
